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

    /// A job at six in the morning by the clocks of people, who put them forward in the middle of the series.
    @Test func aChangeOfClocksIsNoAnomalyWhereTheZoneIsKnown() {
        let change: Int64 = 10 * 86_400_000_000
        let zone = LocalTime(name: "Test/Summer", starts: [0, change], offsets: [3_600_000_000, 7_200_000_000])
        func atTheJob(_ zone: LocalTime) -> Int {
            var settings = DetectorSettings()
            settings.model.timeZone = zone
            let found = Self.flagged(days: 14, settings: settings) { t, random in
                let local = t + (t >= 10 * 288 ? 24 : 12)
                return Self.daily(local, interval: 300, &random) + (local % 288 == 72 ? 15 : 0)
            }
            return found.count { $0.t >= 10 * 288 && (($0.t + 24) % 288 == 72 || ($0.t + 12) % 288 == 72) }
        }
        #expect(atTheJob(zone) == 0)
        #expect(atTheJob(.utc) > 0)
    }

    @Test func aWeekendIsNoAnomalyAfterTwoWeeks() {
        let found = Self.flagged(days: 35, interval: 900) { t, random in
            let swing = t / 96 % 7 >= 5 ? 0.2 : 1.0
            return 10 * swing * (1 + Double.sin(2 * .pi * Double(t % 96) / 96)) + 0.3 * random.normal()
        }
        #expect(found.count { $0.t >= 14 * 96 } <= 3, "flagged: \(found.map(\.t))")
    }

    /// A counter that starts anew at zero now and then: the first time is news.
    @Test func aCounterThatIsResetIsSoonNoNews() {
        let found = Self.flagged(days: 20) { t, random in Double(t % 500) * 10 + random.uniform() }
        #expect(found.count { $0.t >= 2000 } <= 3, "flagged: \(found.map(\.t))")
    }

    /// Mostly zero, now and then one: errors of a healthy service.
    @Test func sparseSeriesAreQuietAndABurstIsFound() {
        let quiet = Self.flagged(days: 20) { _, random in random.uniform() < 0.02 ? 1 : 0 }
        #expect(quiet.count { $0.t >= 500 } <= 8, "flagged: \(quiet.map(\.t))")
        let burst = Self.flagged(days: 20) { t, random in
            (5000..<5010).contains(t) ? 40 : random.uniform() < 0.02 ? 1 : 0
        }
        #expect(burst.contains { (5000..<5010).contains($0.t) }, "flagged: \(burst.map(\.t))")
    }

    /// What is anomalous is not learned at once, and after `hold` points it is the new normal.
    @Test func anIncidentIsNotLearnedButAChangeIs() {
        func error(after points: Int, hold: Int) -> Double {
            var settings = DetectorSettings()
            settings.model.hold = hold
            settings.model.target = .value
            var probe = Probe(settings)
            var random = SeededGenerator(seed: 8)
            var sum = 0.0
            for t in 0..<2000 + points + 20 {
                let isOff = (2000..<2000 + points).contains(t)
                _ = probe.take(random.normal() + (isOff ? 30 : 0))
                if t >= 2000 + points { sum += abs(probe.verdicts[0].residual) }
            }
            return sum / 20
        }
        // After a short incident the old normal is still known better if nothing was learned from it.
        #expect(error(after: 25, hold: 30) < error(after: 25, hold: 0))
        var probe = Probe()
        var random = SeededGenerator(seed: 8)
        var late = 0
        for t in 0..<4000 {
            let verdict = probe.take([random.normal() + (t >= 2000 ? 30 : 0)], at: Int64(t) * 300_000_000)
            if t >= 2000 + 2 * 288, verdict.flags.contains(.anomaly) { late += 1 }
        }
        #expect(late <= 2)
    }

    @Test func oneOutlierDoesNotSquashTheRest() {
        func error(_ scaling: InputScaling) -> Double {
            var settings = DetectorSettings()
            settings.model.scaling = scaling
            // Held back, the outlier would not reach the scaling at all.
            settings.model.hold = 0
            var probe = Probe(settings)
            var random = SeededGenerator(seed: 6)
            var sum = 0.0
            for t in 0..<4000 {
                _ = probe.take(wave(t, &random) + (t == 1500 ? 1000 : 0))
                if t >= 2000 { sum += abs(probe.verdicts[0].residual) }
            }
            return sum / 2000
        }
        #expect(error(.robust) < 0.7 * error(.minmax))
    }

    /// A power of two changes no bit of any mantissa.
    @Test(arguments: [-40, 35]) func powersOfTwoChangeNoBit(_ exponent: Int) {
        let factor = Double(sign: .plus, exponent: exponent, significand: 1)
        var plain = Probe()
        var scaled = Probe()
        var random = SeededGenerator(seed: 10)
        for t in 0..<3000 {
            let value = Self.daily(t, interval: 300, &random) + (t % 700 == 650 ? 12 : 0)
            let a = plain.take([value], at: Int64(t) * 300_000_000)
            let b = scaled.take([value * factor], at: Int64(t) * 300_000_000)
            #expect(a == b)
            #expect(plain.verdicts[0].prediction * factor == scaled.verdicts[0].prediction || t == 0)
        }
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
