import AnomalyDaemon
import Testing

/// Microseconds, as everything here.
private let second: Int64 = 1_000_000
private let hour = 3600 * second

@Suite final class SilenceWatchTests {
    private let run = RunStart(steady: 0, lastStored: 1000 * hour)
    private var watch = SilenceWatch()

    /// Time of day at a steady time.
    private func wall(_ steady: Int64) -> Int64 { 1000 * hour + steady }

    private func isSilent(_ now: Int64, newest: Int64, patience: Int64? = 30 * second) -> Bool {
        guard watch.isDue(now) else { return false }
        return watch.isSilent(patience: patience, newest: newest, run: run, now: now, wall: wall(now))
    }

    @Test func aLiveStreamIsMissed() {
        for tens in 0...10 as ClosedRange<Int64> { watch.arrived(tens * 10 * second) }
        #expect(!isSilent(129 * second, newest: wall(100 * second)))
        #expect(isSilent(130 * second, newest: wall(100 * second)))
    }

    @Test func thereIsNothingToMissInAStreamWithoutARhythm() {
        watch.arrived(0)
        #expect(!isSilent(1000 * hour, newest: wall(0), patience: nil))
    }

    /// What is fed in fast, or from long ago, or from the future, is not waited for.
    @Test(arguments: [-1000 * hour, -hour, hour]) func recordedSeriesAreNotMissed(age: Int64) {
        watch.arrived(0)
        #expect(!isSilent(60 * second, newest: wall(age)))
        #expect(!isSilent(20 * hour, newest: wall(age)))
    }

    /// Points ten seconds apart, sent together every ten minutes.
    @Test func sendersMayCollect() {
        for round in 0..<3 as Range<Int64> {
            let time = round * 600 * second
            watch.arrived(time)
            #expect(!isSilent(time + 599 * second, newest: wall(time)) || round == 0)
        }
        #expect(isSilent(2401 * second, newest: wall(1200 * second)))
    }

    @Test func aMomentIsNoSilence() {
        watch.arrived(0)
        #expect(!isSilent(SilenceWatch.shortest - 1, newest: wall(0), patience: 1000))
        #expect(isSilent(SilenceWatch.shortest + second, newest: wall(0), patience: 1000))
    }

    /// Of an earlier run: live, if its newest point was about as old as what that run stored last.
    @Test func whatDoesNotComeBackIsMissed() {
        #expect(!isSilent(SilenceWatch.grace + 29 * second, newest: 1000 * hour - second))
        #expect(isSilent(SilenceWatch.grace + 30 * second, newest: 1000 * hour - second))
        #expect(!isSilent(SilenceWatch.grace + 32 * second, newest: 900 * hour))
        let first = RunStart(steady: 0, lastStored: nil)
        let isMissed = watch.isSilent(patience: second, newest: 1000 * hour, run: first, now: hour, wall: wall(hour))
        #expect(!isMissed)
    }

    @Test func noTimeIsTooLarge() {
        watch.arrived(0)
        #expect(!isSilent(1, newest: .min))
        #expect(!isSilent(2 * second, newest: .max, patience: .max))
        #expect(!isSilent(20 * second, newest: .max, patience: second))
    }
}
