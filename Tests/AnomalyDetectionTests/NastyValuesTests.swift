import AnomalyDetection
import RecurrentModel
import Testing

/// Values that the feed accepts and that arithmetic is not fond of: missing ones, the smallest and the largest numbers,
/// and both in turn. None may leave anything in a model that is not a finite number.
@Suite struct NastyValuesTests {
    struct Case: Sendable, CustomTestStringConvertible {
        var cell: CellKind
        var loss: LossKind
        var optimiser: OptimiserKind
        var testDescription: String { "\(cell) \(loss) \(optimiser)" }

        static let all = CellKind.allCases.flatMap { cell in
            LossKind.allCases.flatMap { loss in
                OptimiserKind.allCases.map { Case(cell: cell, loss: loss, optimiser: $0) }
            }
        }

        func settings(_ target: PredictionTarget) -> DetectorSettings {
            var settings = DetectorSettings()
            settings.model.cell = cell
            settings.model.loss = loss
            settings.model.optimiser = optimiser
            settings.model.target = target
            // Steps of SGD are as long as gradients, so that it needs clipping. The others must do without.
            settings.model.clip = optimiser == .sgd ? 1 : 0
            return settings
        }
    }

    private static let values: [Double] = [
        .nan, 0, 5e-324, -5e-324, 2.2250738585072014e-308, -1e-300, 1e-160, 1e-38, -1e-10, 0.1, 1, -1, 42, 1e10, -1e19,
        3.4e38, 1e39, -1e154, 1.4e154, 1e300, -1e308, 1.7e308, -1.7e308, .greatestFiniteMagnitude,
        -.greatestFiniteMagnitude,
    ]

    /// The next value: runs of one kind, the huge and the tiny in turn, or any.
    private static func value(_ step: Int, _ random: inout SeededGenerator) -> Double {
        switch step / 100 % 4 {
        case 0: values[Int(random.next() % UInt64(values.count))]
        case 1: step % 2 == 0 ? 1.7e308 : 5e-324
        case 2: step % 2 == 0 ? -1.7e308 : (step % 4 == 1 ? 1.7e308 : .nan)
        default: step % 50 == 0 ? values[Int(random.next() % UInt64(values.count))] : random.normal() * 1e-320
        }
    }

    @Test(arguments: Case.all, PredictionTarget.allCases)
    func everythingStaysFinite(_ its: Case, target: PredictionTarget) throws {
        let settings = its.settings(target)
        for channels in [1, 3] {
            var probe = Probe(settings, channels: channels, name: "nasty")
            var random = SeededGenerator(seed: UInt64(channels))
            for step in 0..<1200 {
                let verdict = probe.take(
                    (0..<channels).map { _ in Self.value(step, &random) }, at: Int64(step) * 1_000_000)
                #expect((0...1).contains(verdict.score), "score at step \(step)")
                for it in probe.verdicts {
                    let numbers = [it.prediction, it.lower, it.upper, it.residual]
                    #expect(numbers.allSatisfy { !$0.isInfinite }, "\(numbers) at step \(step)")
                }
                if verdict.sequence % 200 == 0 { try expectFinite(probe.detector) }
            }
            #expect(probe.detector.training.skipped == 0)
            #expect(probe.detector.parameters.contains { $0 != 0 })
        }
    }

    /// Weights, moments, hidden state and windows of the learner in a detector, by its saved state.
    private func expectFinite(_ detector: Detector) throws {
        // The learner's part begins with its parameters, which are like nothing else in the state.
        var writer = StateWriter()
        writer.write(detector.parameters)
        let state = detector.savedState()
        let start = try #require(
            (0...(state.count - writer.bytes.count)).last { state[$0...].starts(with: writer.bytes) })
        var reader = StateReader(Array(state[start...]))
        func finite(_ field: String, count: Int? = nil) throws {
            let numbers: [Float] = try reader.readArray(count: count, field: field)
            let isFinite = numbers.allSatisfy(\.isFinite)
            #expect(isFinite, "\(field) after \(detector.sequence) points")
        }
        try finite("parameters", count: detector.parameters.count)
        try finite("hidden state")
        #expect(try reader.read(Int64.self) == detector.sequence - 1)
        // The phase of its updates.
        _ = try reader.read(UInt16.self)
        for field in ["gradient norm", "loss"] {
            #expect(try reader.readDouble().isFinite, "\(field) after \(detector.sequence) points")
        }
        for _ in ["skipped updates", "steps"] { _ = try reader.read(Int64.self) }
        for _ in ["power 1", "power 2"] { #expect(try (0...1).contains(reader.readDouble())) }
        // The first ones, if there are any, are upper halves of Floats; the second ones have no sign, so that their exponent
        // lies a bit higher.
        let moments: [UInt16] = try reader.readArray(field: "moments")
        let hasFirst = [.adam, .adamw].contains(detector.settings.model.optimiser)
        let (firsts, seconds) = (moments.prefix(hasFirst ? moments.count / 2 : 0), moments.suffix(moments.count / 2))
        #expect(firsts.allSatisfy { $0 & 0x7f80 != 0x7f80 }, "first moments after \(detector.sequence) points")
        #expect(seconds.allSatisfy { $0 < 0xff00 }, "second moments after \(detector.sequence) points")
        try finite("window inputs")
        let windowTargets: [Float] = try reader.readArray(field: "window targets")
        #expect(windowTargets.allSatisfy { !$0.isInfinite })
        let _: [Int32] = try reader.readArray(field: "window starts")
        // Earlier windows are on grids, which have no infinite numbers.
        try finite("window states")
    }

    /// How far off predictions are after ordinary values, nasty ones, and 500 ordinary ones again, in units of their
    /// range.
    private func distance(_ its: Case, _ target: PredictionTarget, nasty: [Double]) -> Double {
        var probe = Probe(its.settings(target))
        var random = SeededGenerator(seed: 7)
        for t in 0..<300 { _ = probe.take(wave(t, &random)) }
        for value in nasty { _ = probe.take(value) }
        for t in 0..<500 { _ = probe.take(wave(t, &random)) }
        var worst = 0.0
        for t in 500..<600 {
            _ = probe.take(wave(t, &random))
            worst = max(worst, abs(probe.verdicts[0].residual) / 2)
        }
        return worst
    }

    @Test(arguments: Case.all, PredictionTarget.allCases)
    func predictionsAreSaneAgain(_ its: Case, target: PredictionTarget) {
        for nasty in [[1e3], [-1e6], [1e12], [1.7e308], [-1.7e308, 1.7e308, 5e-324]] {
            let distance = distance(its, target, nasty: nasty)
            #expect(distance < 0.3, "off by \(distance) of the range after \(nasty)")
        }
    }

    /// What a stream begins with is what its sizes are measured by. A digit's noise, or a first value of another kind,
    /// must not blind it.
    @Test(arguments: [
        [], [100, 100.00000000000001, 100], [0, 5e-324, 0], [0, 1e-20, 0], [0, 1e3, 0], [0, 1e6, 0], [0, 1e12, 0],
    ])
    func aSpikeIsFoundAfterABadStart(start: [Double]) {
        var probe = Probe()
        var random = SeededGenerator(seed: 1)
        for value in start { _ = probe.take(value) }
        for t in 0..<5500 { _ = probe.take((start.first ?? 0) + wave(t, &random)) }
        let verdict = probe.take((start.first ?? 0) + wave(5500, &random) + 1.5)
        #expect(verdict.flags.contains(.anomaly), "score \(verdict.score)")
    }
}
