import AnomalyDetection
import RecurrentModel
import Testing

/// What people say changes what a stream is told of, and nothing else.
@Suite struct FeedbackTests {
    /// Noise, with a spike of that size at each of those points.
    private static func run(
        _ probe: inout Probe, points: Range<Int>, spikes: [Int: Double], noise seed: UInt64 = 5
    ) -> [Int: PointVerdict] {
        var found: [Int: PointVerdict] = [:]
        for t in points {
            var random = SeededGenerator(seed: seed &+ UInt64(t))
            let verdict = probe.take([random.normal() + (spikes[t] ?? 0)], at: Int64(t) * 60_000_000)
            if spikes[t] != nil { found[t] = verdict }
        }
        return found
    }

    /// The shape of a lone spike.
    private static func spike(_ size: Float) -> [Float] {
        Array(repeating: 0, count: Feedback.shapePoints - 1) + [size]
    }

    private static func label(
        _ anomaly: Anomaly, isTrue: Bool, shape: [Float] = []
    ) throws -> Feedback.Act {
        .label(
            Feedback.Label(
                anomaly: anomaly.startSequence, kind: try #require(anomaly.evidence.kind), score: anomaly.peakScore,
                isTrue: isTrue, channel: anomaly.peakChannel, shape: shape))
    }

    @Test func aFalsePositiveOfThatShapeIsNotToldOfAgain() throws {
        var plain = Probe()
        let first = Self.run(&plain, points: 0..<1010, spikes: [1000: 14])
        #expect(first[1000]?.flags.contains(.anomaly) == true)
        let anomaly = try #require(plain.detector.anomaly)
        let state = plain.detector.savedState()

        func later(_ spikes: [Int: Double], _ acts: Feedback.Act...) throws -> [Int: PointVerdict] {
            var probe = Probe()
            try probe.detector.restore(state)
            acts.forEach(probe.detector.take)
            return Self.run(&probe, points: 1010..<2210, spikes: spikes)
        }
        let untold = try later([1800: 20])[1800]
        #expect(untold?.flags.contains(.anomaly) == true)
        let isFalse = try Self.label(anomaly, isTrue: false, shape: Self.spike(16))
        let told = try #require(try later([1800: 20], isFalse)[1800])
        #expect(!told.flags.contains(.anomaly) && told.score > 0.1 && told.score < 0.33)
        // Downwards, or much larger, it is another surprise.
        #expect(try later([1800: -30], isFalse)[1800]?.flags.contains(.anomaly) == true)
        #expect(try later([1800: 40], isFalse)[1800]?.flags.contains(.anomaly) == true)
        // Taken back.
        let isTrue = try Self.label(anomaly, isTrue: true, shape: Self.spike(16))
        #expect(try later([1800: 20], isFalse, isTrue)[1800]?.flags.contains(.anomaly) == true)
    }

    /// Without a shape, the kind must be rarer: by a decade, or as rare as what was labelled.
    @Test func theThresholdOfItsKindRises() throws {
        var feedback = Feedback()
        func tolerance(_ kind: AnomalyKind, threshold: Double = 3.3) -> Double {
            feedback.tolerance(of: kind, channel: 0, threshold: threshold)
        }
        func take(_ number: Int64, _ kind: AnomalyKind, _ score: Double, isTrue: Bool = false) {
            feedback.take(
                .label(Feedback.Label(anomaly: number, kind: kind, score: score, isTrue: isTrue)), channels: 1)
        }
        #expect(tolerance(.spike) == 0)
        take(1, .spike, 0.36)
        #expect(abs(tolerance(.spike) - 0.35) < 1e-9 && tolerance(.drift) == 0)
        take(2, .spike, 1)
        #expect(abs(tolerance(.spike) - 1.35) < 1e-9)
        take(2, .spike, 1)
        #expect(abs(tolerance(.spike) - 1.35) < 1e-9, "saying it twice is saying it once")
        for number in 3...40 { take(Int64(number), .spike, 1) }
        #expect(tolerance(.spike) == 3 && feedback.labels.count == Feedback.mostLabels)
        for number in 1...40 { take(Int64(number), .spike, 1, isTrue: true) }
        #expect(tolerance(.spike) == 0)
    }

    @Test func aFrozenModelStaysAsItIs() throws {
        var probe = Probe()
        _ = Self.run(&probe, points: 0..<500, spikes: [:])
        probe.detector.take(.freeze)
        let parameters = probe.detector.parameters
        let updates = probe.detector.training.updates
        _ = Self.run(&probe, points: 500..<900, spikes: [:])
        #expect(probe.detector.parameters == parameters && probe.detector.training.updates == updates)
        #expect(probe.detector.feedback.isFrozen)
        // Over a restart, too.
        var copy = Probe()
        try copy.detector.restore(probe.detector.savedState())
        _ = Self.run(&copy, points: 900..<1000, spikes: [:])
        #expect(copy.detector.parameters == parameters)
        copy.detector.take(.thaw)
        _ = Self.run(&copy, points: 1000..<1100, spikes: [:])
        #expect(copy.detector.parameters != parameters)
    }

    /// What was said is part of the state.
    @Test func itIsPartOfTheState() throws {
        var probe = Probe()
        _ = Self.run(&probe, points: 0..<600, spikes: [550: 20])
        #expect(probe.detector.savedState()[..<3] == [8, 0, 0])
        let anomaly = try #require(probe.detector.anomaly)
        probe.detector.take(try Self.label(anomaly, isTrue: false, shape: Self.spike(20)))
        let state = probe.detector.savedState()
        #expect(state[..<3] == [8, 0, 1])
        var copy = Probe()
        try copy.detector.restore(state)
        #expect(copy.detector.feedback == probe.detector.feedback && copy.detector.savedState() == state)
        let found = Self.run(&probe, points: 600..<900, spikes: [800: 18])
        #expect(Self.run(&copy, points: 600..<900, spikes: [800: 18]) == found)
        #expect(copy.detector.savedState() == probe.detector.savedState())
        for length in stride(from: 0, to: state.count, by: 97) {
            #expect(throws: (any Error).self) { try Probe().detector.restore(Array(state[..<length])) }
        }
    }
}
