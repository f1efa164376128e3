import AnomalyDaemon
import Testing

@Suite struct CheckpointScheduleTests {
    private static let interval: Int64 = 60_000_000

    private var schedules = (1...2000).map { CheckpointSchedule(stream: $0, interval: Self.interval, now: 0) }

    /// Looks at all schedules ten times a second, as shards do at least, and counts the checkpoints of each look.
    private mutating func checkpoints(from: Int64, to: Int64, hasNews: Bool) -> [Int] {
        stride(from: from + 100_000, through: to, by: 100_000).map { now in
            var count = 0
            for index in schedules.indices where schedules[index].isDue(now, hasNews: hasNews) {
                schedules[index].done(now)
                count += 1
            }
            return count
        }
    }

    /// All restored at once, and all with news all the time: a sixtieth of them each second, everyone in each interval.
    @Test mutating func streamsThatBeginTogetherTakeTurns() {
        for round in 0..<3 as Range<Int64> {
            let counts = checkpoints(from: round * Self.interval, to: (round + 1) * Self.interval, hasNews: true)
            #expect(counts.reduce(0, +) == 2000)
            #expect(counts.max()! <= 10, "3.3 on average")
        }
    }

    /// Nothing comes for some minutes, then a point for each.
    @Test mutating func streamsThatWakeTogetherTakeTurns() {
        let wake = 3 * Self.interval
        let asleep = checkpoints(from: 0, to: wake, hasNews: false)
        #expect(asleep.allSatisfy { $0 == 0 })
        let counts = checkpoints(from: wake, to: wake + Self.interval, hasNews: true)
        #expect(counts.reduce(0, +) == 2000)
        #expect(counts.max()! <= 10)
    }

    /// Who was kept from its turn, as by a disk that was full, has one as soon as it can, and the next ones as ever.
    @Test func aTurnThatWasMissedIsMadeUpFor() {
        var schedule = CheckpointSchedule(stream: 1, interval: 1000, now: 0)
        let turn = 7_919_033 % 1000 as Int64
        var due = [schedule.isDue(turn - 1, hasNews: true), schedule.isDue(turn + 2500, hasNews: true)]
        #expect(due == [false, true])
        schedule.done(turn + 2500)
        due = [schedule.isDue(turn + 2999, hasNews: true), schedule.isDue(turn + 3000, hasNews: true)]
        #expect(due == [false, true])
    }

    /// A checkpoint out of turn, as after an import, changes no turn.
    @Test func oneOutOfTurn() {
        var schedule = CheckpointSchedule(stream: 2, interval: 1000, now: 0)
        schedule.done(10)
        let isDue = schedule.isDue(2 * 7_919_033 % 1000, hasNews: true)
        #expect(isDue)
    }
}
