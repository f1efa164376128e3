import AnomalyDetection
import Kernels
import RecurrentModel
import Testing

/// What a saved state says without its settings, and what becomes of a detector that gets other weights.
@Suite struct SavedStateTests {
    private static func settings(_ change: (inout DetectorSettings) -> Void) -> DetectorSettings {
        var settings = DetectorSettings()
        change(&settings)
        return settings
    }

    static let all = [
        settings { _ in },
        settings {
            $0.model.cell = .lstm
            $0.model.hidden = 5
            $0.model.layers = 2
            $0.model.k1 = 3
            $0.model.k2 = 7
            $0.model.loss = .gaussian
            $0.model.target = .value
            $0.model.optimiser = .rmsprop
            $0.score.rest = 7
        },
        settings {
            $0.model.cell = .rnn
            $0.model.attention = 4
            $0.model.attentionScale = .unscaled
            $0.model.loss = .mse
            $0.model.optimiser = .sgd
            $0.model.learning = false
        },
    ]

    private func probe(_ settings: DetectorSettings, points: Int = 700) -> Probe {
        var probe = Probe(settings, channels: 2)
        var random = SeededGenerator(seed: 4)
        for t in 0..<points { _ = probe.take(wave(t, &random), t % 9 == 0 ? .nan : 3 - wave(t + 20, &random)) }
        return probe
    }

    @Test(arguments: all) func aStateTellsWhatItIs(_ settings: DetectorSettings) throws {
        let original = probe(settings).detector
        let state = original.savedState()
        let seen = try Detector(lookingInto: state, workbench: Workbench())
        #expect(seen.settings.model.shape(channels: 2) == settings.model.shape(channels: 2))
        #expect(seen.settings.model.target == settings.model.target && seen.settings.model.loss == settings.model.loss)
        #expect(seen.settings.model.optimiser == settings.model.optimiser)
        #expect(seen.sequence == 700 && seen.channels == 2)
        #expect(seen.parameters == original.parameters && seen.health == original.health)
        #expect(seen.learnedPoints == (settings.model.learning ? 699 : 0))
        #expect(seen.training == original.training)
        // Nothing is lost by looking.
        #expect(seen.savedState() == state)
    }

    @Test func aStateOfBeforeTheFirstPoint() throws {
        let fresh = Probe(channels: 2).detector
        let state = fresh.savedState()
        #expect(try Detector(lookingInto: state, workbench: Workbench()).savedState() == state)
    }

    @Test func otherFormatsAreRefused() throws {
        var state = probe(Self.all[0], points: 50).detector.savedState()
        #expect(state[..<2] == [8, 0])
        state[0] = 2
        #expect(throws: StateError.invalid(field: "format", found: "2", expected: "8")) {
            try Probe(channels: 2).detector.restore(state)
        }
        state[0] = 9
        #expect(throws: StateError.newerVersion(found: 9, known: 8)) {
            try Probe(channels: 2).detector.restore(state)
        }
    }

    /// A state says which arithmetic made it: on another kind of processor it goes on, but not bit for bit.
    @Test func theArithmeticIsNoted() throws {
        var state = probe(Self.all[0], points: 50).detector.savedState()
        #expect(state[7] == KernelVariant.current.arithmetic.rawValue)
        #expect(try Probe(channels: 2).detector.restore(state))
        state[7] = 1 - state[7]
        #expect(try !Probe(channels: 2).detector.restore(state))
        state[7] = 2
        #expect(throws: StateError.invalid(field: "arithmetic", found: "2", expected: "0 or 1")) {
            try Probe(channels: 2).detector.restore(state)
        }
    }

    /// Whatever the bytes are: a detector or an error.
    @Test func damagedStatesAreRefused() throws {
        let state = probe(Self.all[1], points: 50).detector.savedState()
        let readable = state.indices.filter { length in
            (try? Detector(lookingInto: Array(state[..<length]), workbench: Workbench())) != nil
        }
        #expect(readable.isEmpty)
        for place in 0..<36 {
            for change: UInt8 in [1, 2, 4, 8, 16, 32, 64, 128, 255] {
                var changed = state
                changed[place] ^= change
                _ = try? Detector(lookingInto: changed, workbench: Workbench())
            }
        }
    }

    @Test(arguments: all) func otherWeightsFromHereOn(_ settings: DetectorSettings) throws {
        var probe = probe(settings)
        let weights = Probe(settings, channels: 2, name: "other").detector.parameters
        #expect(weights != probe.detector.parameters)
        probe.detector.replaceParameters(weights)
        #expect(probe.detector.parameters == weights)
        #expect(probe.detector.training == (0, 0, 0, 0) && probe.detector.health.judgement == .unknown)

        // As a checkpoint taken now would go on.
        var copy = Probe(settings, channels: 2)
        copy.time = probe.time
        try copy.detector.restore(probe.detector.savedState())
        for t in 0..<300 { #expect(copy.take(Double(t % 13), 2) == probe.take(Double(t % 13), 2)) }
        #expect(copy.detector.savedState() == probe.detector.savedState())
        #expect((probe.detector.parameters != weights) == settings.model.learning)
    }
}
