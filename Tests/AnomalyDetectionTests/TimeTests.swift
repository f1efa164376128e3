import AnomalyDetection
import RecurrentModel
import Testing

/// Times that are far apart, early, late or too regular: the model goes on.
@Suite struct TimeTests {
    private static let second: Int64 = 1_000_000
    private static let year: Int64 = 31_556_952 * second
    /// What the feed accepts: the years 1 to 9999.
    private static let (first, last): (Int64, Int64) = (-62_135_596_800_000_000, 253_402_300_799_999_999)

    /// Takes points at these times, values of a wave; all verdicts must be numbers.
    private func take(_ times: some Sequence<Int64>, _ probe: inout Probe, _ random: inout SeededGenerator) -> Int {
        var flagged = 0
        for (t, time) in times.enumerated() {
            let verdict = probe.take([wave(t, &random)], at: time)
            #expect(verdict.time == time && (0...1).contains(verdict.score))
            #expect(abs(probe.verdicts[0].residual) < 10 || probe.verdicts[0].residual.isNaN)
            if verdict.flags.contains(.anomaly) { flagged += 1 }
        }
        return flagged
    }

    /// A stream may sleep for years: what it knew it still knows.
    @Test(arguments: [1, 30, 2000] as [Int64]) func yearsOfGap(years: Int64) {
        var probe = Probe()
        var random = SeededGenerator(seed: 3)
        let minute = 60 * Self.second
        _ = take((0..<3000).map { $0 * minute }, &probe, &random)
        // Fifty points make a wave, which goes on where it left off.
        let flagged = take((0..<3000).map { years * Self.year + $0 * minute }, &probe, &random)
        #expect(flagged <= 6, "\(flagged) of 3000 points flagged after the gap")
    }

    @Test func theEndsOfTime() {
        var probe = Probe()
        var random = SeededGenerator(seed: 3)
        let times = [
            [Self.first, Self.first + 1], (-300..<300).map { $0 * Self.year / 300 }, [Self.last - 1, Self.last],
        ].joined()
        _ = take(times, &probe, &random)
        #expect(probe.detector.newestTime == Self.last)
        // Saved and restored as any other.
        let other = Probe()
        #expect(throws: Never.self) { try other.detector.restore(probe.detector.savedState()) }
        #expect(other.detector.newestTime == Self.last)
    }

    /// Points without a time, while the clock stands in the past: a microsecond apart. Then the clock is right again.
    @Test func aMicrosecondApart() {
        var probe = Probe()
        var random = SeededGenerator(seed: 3)
        _ = take((0..<1000).map { $0 * Self.second }, &probe, &random)
        _ = take((0..<1000).map { 999 * Self.second + 1 + $0 }, &probe, &random)
        let flagged = take((1001..<3000).map { $0 * Self.second }, &probe, &random)
        #expect(flagged <= 4, "\(flagged) of 2000 points flagged")
    }

    /// The wall clock of a time zone does not come into it: an hour that is missing or comes twice there is an ordinary
    /// hour here. Days of UTC have 24 of them.
    @Test func daysAreThoseOfUTC() {
        var probe = Probe()
        var random = SeededGenerator(seed: 3)
        // 2026-03-22 00:00 UTC, a week before the clocks of Europe go forward, and on to the week after.
        let start: Int64 = 1_774_137_600
        var flagged: [Int64] = []
        for step in 0..<Int64(14 * 96) {
            let value = (step % 96 < 32 ? 0 : 10) + 0.3 * random.normal()
            let verdict = probe.take([value], at: (start + step * 900) * Self.second)
            if verdict.flags.contains(.anomaly) { flagged.append(step) }
        }
        // The clocks change on the eighth day at 01:00 UTC.
        #expect(flagged.filter { (7 * 96..<9 * 96).contains($0) } == [])
    }
}
