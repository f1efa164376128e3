import AnomalyDetection
import RealModule
import RecurrentModel
import Testing

/// What users of such detectors complain of, each as a generated series.
@Suite struct BehaviourTests {
    /// A day of points every `interval` seconds: a smooth swing between 0 and 20, and noise of 0.3.
    private static func daily(_ t: Int, interval: Int, _ random: inout SeededGenerator) -> Double {
        10 + 10 * Double.sin(2 * .pi * Double(t * interval % 86_400) / 86_400) + 0.3 * random.normal()
    }

    /// Runs `days` days of `value(t)` and returns the points that were flagged.
    private static func flagged(
        days: Int, interval: Int = 300, settings: DetectorSettings = .init(),
        _ value: (Int, inout SeededGenerator) -> Double
    ) -> [(t: Int, verdict: PointVerdict)] {
        var probe = Probe(settings)
        var random = SeededGenerator(seed: 1)
        var found: [(Int, PointVerdict)] = []
        for t in 0..<(days * 86_400 / interval) {
            let verdict = probe.take([value(t, &random)], at: Int64(t) * Int64(interval) * 1_000_000)
            if verdict.flags.contains(.anomaly) { found.append((t, verdict)) }
        }
        return found
    }

    @Test func aJobAtSixEveryDayIsQuietAfterSomeDays() {
        let found = Self.flagged(days: 14) { t, random in
            Self.daily(t, interval: 300, &random) + (t % 288 == 72 ? 15 : 0)
        }
        let late = found.filter { $0.t >= 5 * 288 }
        #expect(late.allSatisfy { $0.t % 288 != 72 }, "flagged at the job: \(late.map(\.t))")
        #expect(late.count <= 4)
    }

    @Test func aDayThatDoesNotHappenIsFound() {
        // Within the range of every day, and smooth: only the season tells.
        let found = Self.flagged(days: 14) { t, random in
            t / 288 == 10 && (80..<200).contains(t % 288)
                ? 10 + 0.3 * random.normal()
                : Self.daily(t, interval: 300, &random)
        }
        let hits = found.filter { (10 * 288 + 80..<10 * 288 + 220).contains($0.t) }
        #expect(!hits.isEmpty, "flagged: \(found.map(\.t))")
        #expect(hits.contains { $0.verdict.flags.contains(.offSeason) })
        #expect(found.count - hits.count <= 5, "flagged: \(found.map(\.t))")
    }

    /// A day of a point a minute does not fit into the memory value by value.
    @Test func daysOfFastStreamsAreKnownToo() {
        let found = Self.flagged(days: 6, interval: 60) { t, random in
            t / 1440 == 5 && (500..<600).contains(t % 1440)
                ? 3 + 0.3 * random.normal()
                : Self.daily(t, interval: 60, &random)
        }
        let hits = found.filter { (5 * 1440 + 500..<5 * 1440 + 620).contains($0.t) }
        #expect(!hits.isEmpty, "flagged: \(found.map(\.t))")
    }

    @Test func aValueOutsideAllThatWasIsNamedSo() {
        let found = Self.flagged(days: 5) { t, random in
            Self.daily(t, interval: 300, &random) + (t == 1200 ? 60 : 0)
        }
        let hit = found.first { $0.t == 1200 }
        #expect(hit?.verdict.flags.contains(.outOfRange) == true && hit?.verdict.score ?? 0 > 0.5)
    }

    /// One alert for the shift, and the new level is normal within the points that the range and the season take.
    @Test func aLevelShiftAlertsOnceAndBecomesNormal() {
        let found = Self.flagged(days: 20) { t, random in
            Self.daily(t, interval: 300, &random) + (t >= 8 * 288 ? 40 : 0)
        }
        let hits = found.filter { (8 * 288..<8 * 288 + 12).contains($0.t) }
        #expect(!hits.isEmpty && hits.count <= 3, "flagged: \(found.map(\.t))")
        // The day that follows, on the whole: each hour is new in its turn.
        #expect(found.count { (8 * 288 + 12..<9 * 288).contains($0.t) } <= 3, "flagged: \(found.map(\.t))")
        #expect(found.count { $0.t >= 9 * 288 } <= 6, "flagged: \(found.map(\.t))")
    }

    @Test func anOutlierThatIsForgottenRaisesNothing() {
        var settings = DetectorSettings()
        settings.score.window = 200
        let found = Self.flagged(days: 10, settings: settings) { t, random in
            t == 1000 ? 500 : Self.daily(t, interval: 300, &random)
        }
        #expect(found.contains { $0.t == 1000 })
        #expect(found.count { (1001..<1000 + 450).contains($0.t) } <= 2, "flagged: \(found.map(\.t))")
    }

    @Test func constantsAndNearlyConstantsAreQuiet() {
        let constant = Self.flagged(days: 5) { _, _ in 42 }
        #expect(constant.isEmpty)
        let nearly = Self.flagged(days: 10) { t, random in 42 + (random.uniform() < 0.3 ? 1 : 0) }
        #expect(nearly.count <= 4, "flagged: \(nearly.map(\.t))")
    }

    @Test(arguments: [1e-9, 1e9]) func noUnitMatters(_ factor: Double) {
        var plain = Probe()
        var scaled = Probe()
        var shifted = Probe()
        var random = SeededGenerator(seed: 9)
        var different = 0
        for t in 0..<3000 {
            let value = Self.daily(t, interval: 300, &random) + (t % 700 == 650 ? 12 : 0)
            let time = Int64(t) * 300_000_000
            let a = plain.take([value], at: time)
            let b = scaled.take([value * factor], at: time)
            let c = shifted.take([value + 1000], at: time)
            if a.flags != b.flags || abs(a.score - b.score) > 1e-3 { different += 1 }
            #expect(a.flags == b.flags)
            if a.flags != c.flags { different += 1 }
        }
        // A size that falls on the other side of a bucket's edge, by its last bits, moves its rank by one bucket.
        #expect(different <= 30, "\(different) of 3000 verdicts differ")
    }
}
