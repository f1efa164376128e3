import AnomalyDaemon
import Testing

@Suite struct WriterPausesTests {
    /// A clock that only sleeping and working move.
    private final class World {
        var now: Int64 = 0
        var slept: Int64 = 0
        var rows = 0
        /// Shards are late until then.
        var lateUntil: Int64 = 0

        func pauses() -> WriterPauses {
            WriterPauses(
                waitingRows: { self.rows }, isPointLate: { self.now < self.lateUntil }, clock: { self.now },
                sleep: {
                    self.now += $0
                    self.slept += $0
                })
        }
    }

    @Test func pausesUntilPointsAreNotLateAnyMore() {
        let world = World()
        let pauses = world.pauses()
        pauses.pauseIfLate()
        #expect(world.slept == 0)
        world.now = WriterPauses.work
        world.lateUntil = world.now + 250
        pauses.pauseIfLate()
        #expect(world.slept == 3 * WriterPauses.nap)
    }

    @Test func worksBetweenPausesThatEnd() {
        let world = World()
        world.lateUntil = .max
        let pauses = world.pauses()
        pauses.pauseIfLate()
        #expect(world.slept == WriterPauses.longest)
        for _ in 0..<9 {
            world.now += WriterPauses.work / 10
            pauses.pauseIfLate()
        }
        #expect(world.slept == WriterPauses.longest)
        world.now += WriterPauses.work / 10
        pauses.pauseIfLate()
        #expect(world.slept == 2 * WriterPauses.longest)
    }

    @Test func goesOnWhenItIsTheOneThatOthersWouldWaitFor() {
        let world = World()
        world.lateUntil = .max
        world.rows = WriterPauses.mostRows
        let pauses = world.pauses()
        pauses.pauseIfLate()
        #expect(world.slept == 0)
        world.now += WriterPauses.work
        world.rows -= 1
        pauses.pauseIfLate()
        #expect(world.slept == WriterPauses.longest)
    }
}
