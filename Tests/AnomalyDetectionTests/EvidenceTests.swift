import AnomalyDetection
import RealModule
import RecurrentModel
import Testing

/// Kinds of evidence that no single value gives: each is found where it is, named so, and not found where it is not.
@Suite struct EvidenceTests {
    /// Runs `count` points of `value(t)`, a minute apart unless `time` says otherwise, and returns what was flagged.
    static func flagged(
        _ count: Int, settings: DetectorSettings = .init(), seed: UInt64 = 1,
        time: (Int) -> Int64 = { Int64($0) * 60_000_000 },
        _ value: (Int, inout SeededGenerator) -> Double
    ) -> [(t: Int, kind: AnomalyKind?)] {
        var probe = Probe(settings)
        var random = SeededGenerator(seed: seed)
        var found: [(Int, AnomalyKind?)] = []
        for t in 0..<count {
            let verdict = probe.take([value(t, &random)], at: time(t))
            if verdict.flags.contains(.anomaly) { found.append((t, verdict.flags.kind)) }
        }
        return found
    }

    @Test func aSensorThatIsStuckIsAFlatLine() {
        let found = Self.flagged(4000) { t, random in t > 3000 ? 0.5 : random.normal() }
        let hit = found.first { $0.t >= 3001 }
        #expect(hit?.kind == .flatLine && hit?.t ?? 0 <= 3012, "flagged: \(found)")
        #expect(found.count { $0.kind == .flatLine } == 1, "flagged: \(found)")
        var settings = DetectorSettings()
        settings.score.flatLine = false
        let without = Self.flagged(4000, settings: settings) { t, random in t > 3000 ? 0.5 : random.normal() }
        #expect(!without.contains { $0.kind == .flatLine })
    }

    @Test func whatRestsNowAndThenMayRest() {
        // Runs of thirty equal values every hundred points.
        let found = Self.flagged(4000) { t, random in t % 100 < 30 ? 0 : random.normal() }
        #expect(found.count { $0.kind == .flatLine } <= 1, "flagged: \(found)")
    }

    @Test func aGapIsNamedSo() {
        // Ten minutes of nothing in a point a minute; later an hour.
        let time = { (t: Int) in Int64(t + (t >= 1000 ? 10 : 0) + (t >= 2000 ? 60 : 0)) * 60_000_000 }
        let found = Self.flagged(3000, time: time) { _, random in random.normal() }
        #expect(found.filter { $0.kind == .gap }.map(\.t) == [1000, 2000], "flagged: \(found)")
    }

    @Test func irregularStreamsHaveNoGaps() {
        var random = SeededGenerator(seed: 5)
        var times: [Int64] = [0]
        for _ in 1..<3000 { times.append(times[times.count - 1] + 1 + Int64(-Double.log(1 - random.uniform()) * 6e7)) }
        let found = Self.flagged(3000, time: { times[$0] }) { _, random in random.normal() }
        #expect(!found.contains { $0.kind == .gap }, "flagged: \(found)")
    }

    @Test func noiseThatDiesAwayIsAChangeOfVariance() {
        let found = Self.flagged(4000) { t, random in random.normal() * (t > 3000 ? 0.05 : 1) }
        let hit = found.first { $0.t > 3000 }
        #expect(hit?.kind == .variance && hit?.t ?? 0 < 3150, "flagged: \(found)")
    }

    /// No single value is new, but large ones come more often.
    @Test func noiseThatGrowsIsAChangeOfVariance() {
        let named = (0..<6 as Range<UInt64>).count { seed in
            let found = Self.flagged(4000, seed: seed) { t, random in
                let size = random.uniform() < (t > 3000 ? 0.5 : 0.05) ? 3.0 : 1
                return (Bool.random(using: &random) ? size : -size) + 0.1 * random.normal()
            }
            return found.contains { $0.t > 3000 && $0.kind == .variance }
        }
        // Now and then the first few are all of one sign, and it looks like a shift.
        #expect(named >= 3)
    }

    @Test func aSlowDriftIsFound() {
        func drifts(seed: UInt64, _ settings: DetectorSettings = .init()) -> Bool {
            let found = Self.flagged(4500, settings: settings, seed: seed) { t, random in
                random.normal() + 0.005 * Double(max(0, t - 3000))
            }
            return found.contains { $0.t > 3000 && $0.t < 3600 && $0.kind == .drift }
        }
        // Where the noise puts another kind before it, that is told instead.
        #expect((0..<5).count { drifts(seed: $0) } >= 3)
        var settings = DetectorSettings()
        settings.score.drift = false
        #expect(!drifts(seed: 0, settings))
    }

    @Test func aRandomWalkDoesNotDrift() {
        var level = 0.0
        let found = Self.flagged(6000) { _, random in
            level += random.normal()
            return level
        }
        #expect(found.count { $0.kind == .drift } <= 1, "flagged: \(found)")
    }

    /// One channel of eight is stuck, or jumps: it is named, and has the largest share.
    @Test func theChannelIsNamed() throws {
        for isStuck in [true, false] {
            var probe = Probe(channels: 8)
            var random = SeededGenerator(seed: 2)
            var anomaly: Anomaly?
            for t in 0..<3100 {
                var values = (0..<8).map { Double($0 + 1) * random.normal() }
                if t >= 3000 { values[5] = isStuck ? 0.25 : values[5] + 200 }
                let verdict = probe.take(values, at: Int64(t) * 60_000_000)
                if t >= 3000, verdict.change == .opened { anomaly = anomaly ?? probe.detector.anomaly }
            }
            let found = try #require(anomaly)
            #expect(found.peakChannel == 5 && found.attribution.count == 8)
            #expect(abs(found.attribution.reduce(0, +) - 1) < 1e-5 && found.attribution[5] > 0.5)
            #expect((found.evidence.kind == .flatLine) == isStuck)
        }
    }

    @Test func whatIsSmallerThanTheLeastDeviationIsNoEvidence() {
        func series(_ t: Int, _ random: inout SeededGenerator) -> Double {
            100 + 0.001 * random.normal() + (t == 2000 ? 0.4 : 0) + (t == 2500 ? 3 : 0)
        }
        #expect(Self.flagged(3000, series).contains { $0.t == 2000 })
        var settings = DetectorSettings()
        settings.score.minDeviation = 1
        #expect(Self.flagged(3000, settings: settings, series).map(\.t) == [2500])
        settings.score.minDeviation = 0
        settings.score.minRelativeDeviation = 0.01
        #expect(Self.flagged(3000, settings: settings, series).map(\.t) == [2500])
    }
}
