import Foundation
import Kernels
import RecurrentModel
import Testing

private func learner(
    _ cell: CellKind = .gru, hidden: Int = 8, k1: Int, k2: Int, phase: Int = 0, rate: Double = 0.01,
    optimiser: OptimiserKind = .adam, loss: LossKind = .mse, attention: Int = 0
) -> OnlineLearner<Float> {
    let network = Network<Float>(
        NetworkShape(
            cell: cell, inputs: 1, hidden: hidden, layers: 1, outputs: loss.outputsPerTarget, attention: attention))
    var random = SeededGenerator(seed: 7)
    var training = TrainingSettings(k1: k1, k2: k2, rate: rate, optimiser: optimiser, loss: loss)
    training.phase = phase
    return OnlineLearner(
        network, training: training,
        parameters: network.initialParameters(.xavier, using: &random))
}

extension OnlineLearner<Float> {
    fileprivate mutating func take(_ x: Float, _ y: Float, _ workspace: Workspace<Float>) -> Float {
        let output = step([x], workspace: workspace)[0]
        observe([y], workspace: workspace)
        return output
    }
}

@Suite struct OnlineLearnerTests {
    /// k1 that divides k2, that doesn't, that equals it, and windows of one.
    static let windows = [(1, 1), (1, 5), (2, 8), (3, 8), (5, 7), (8, 8)]

    /// Each update must see exactly the last k2 steps, from the state that was current before the first of them.
    @Test(arguments: windows, [0, 1, 4, 20])
    func updatesAreThoseOfTheDefinition(_ window: (Int, Int), _ attention: Int) {
        let (k1, k2) = window
        let loss = attention == 4 ? LossKind.gaussian : .mse
        let phase = attention % k1
        var ours = learner(k1: k1, k2: k2, phase: phase, loss: loss, attention: attention)
        let network = ours.network
        let workspace = Workspace(for: network)
        let reference = Workspace(for: network)
        var parameters = ours.parameters
        var optimiser = Optimiser<Float>(.adam, parameters: parameters.count)
        var states = [ours.state]
        var inputs: [Float] = []
        var targets: [Float] = []
        var random = SeededGenerator(seed: 3)
        for t in 1...60 {
            let x = Float(random.normal())
            let y = t % 7 == 0 ? Float.nan : Float(random.normal())
            _ = ours.take(x, y, workspace)

            inputs.append(x)
            targets.append(y)
            let one = PackedShape(steps: 1)
            network.forward(one, parameters: parameters, x: [x], initial: states[t - 1], workspace: reference)
            var state = states[t - 1]
            network.copyFinalStates(one, workspace: reference, to: &state)
            states.append(state)
            if (t + phase) % k1 == 0 {
                let start = max(0, t - k2)
                let packed = PackedShape(steps: t - start)
                let window = Array(inputs[start..<t])
                network.forward(
                    packed, parameters: parameters, x: window, initial: states[start], workspace: reference)
                _ = loss.evaluate(
                    count: t - start, outputs: reference.outputs, targets: Array(targets[start..<t]),
                    gradient: reference.dOutputs)
                var g = [Float](repeating: 0, count: parameters.count)
                network.backward(
                    packed, parameters: parameters, x: window, initial: states[start], workspace: reference,
                    gradient: &g)
                _ = ClipKind.norm.apply(threshold: 1, count: g.count, gradient: &g)
                optimiser.step(rate: 0.01, count: g.count, gradient: g, parameters: &parameters)
            }
            #expect(ours.parameters == parameters, "after step \(t)")
            #expect(ours.state == state, "after step \(t)")
        }
        #expect(ours.updates == Int64((60 + phase) / k1))
    }

    @Test(arguments: CellKind.allCases, [0, 5]) func savedStateGoesOnBitForBit(
        _ cell: CellKind, _ attention: Int
    ) throws {
        for cut in [0, 1, 5, 8, 13, 29] {
            var whole = learner(cell, k1: 3, k2: 8, attention: attention)
            let workspace = Workspace(for: whole.network)
            func x(_ t: Int) -> Float { Float((t * 7919) % 101) / 50 - 1 }
            for t in 0..<cut { _ = whole.take(x(t), x(t + 1), workspace) }
            var writer = StateWriter()
            whole.encode(into: &writer)
            var restored = learner(cell, k1: 3, k2: 8, attention: attention)
            var reader = StateReader(writer.bytes)
            try restored.decode(from: &reader)
            #expect(reader.isAtEnd)
            #expect(restored.health == whole.health)
            for t in cut..<60 {
                #expect(
                    whole.take(x(t), x(t + 1), workspace).bitPattern
                        == restored.take(x(t), x(t + 1), workspace).bitPattern)
            }
            #expect(whole.parameters == restored.parameters)
        }
    }

    @Test func damagedStateIsRefusedNotTrusted() throws {
        var whole = learner(k1: 3, k2: 8)
        let workspace = Workspace(for: whole.network)
        for t in 0..<20 { _ = whole.take(Float(t % 5), Float(t % 3), workspace) }
        var writer = StateWriter()
        whole.encode(into: &writer)
        for length in 0..<writer.bytes.count where length % 97 == 0 {
            var reader = StateReader(Array(writer.bytes.prefix(length)))
            var other = learner(k1: 3, k2: 8)
            #expect(throws: StateError.self) { try other.decode(from: &reader) }
        }
        var wider = learner(hidden: 9, k1: 3, k2: 8)
        var reader = StateReader(writer.bytes)
        #expect(throws: StateError.self) { try wider.decode(from: &reader) }
    }

    /// The window of a learner with another k1 or k2 does not fit: it would be full before the next update, or begin
    /// where no state is known. Whatever is taken can go on.
    @Test func theWindowOfAnotherLearnerIsRefused() throws {
        for (k1, k2) in Self.windows {
            for (otherK1, otherK2) in Self.windows where (otherK1, otherK2) != (k1, k2) {
                var refused = 0
                for steps in 0..<24 {
                    var whole = learner(k1: k1, k2: k2)
                    let workspace = Workspace(for: whole.network)
                    for t in 0..<steps { _ = whole.take(Float(t % 5), Float(t % 3), workspace) }
                    var writer = StateWriter()
                    whole.encode(into: &writer)
                    var reader = StateReader(writer.bytes)
                    var other = learner(k1: otherK1, k2: otherK2)
                    do {
                        try other.decode(from: &reader)
                        for t in 0..<24 { _ = other.take(Float(t % 5), Float(t % 3), workspace) }
                    } catch is StateError {
                        refused += 1
                    }
                }
                #expect(refused > 8, "k1 \(k1) → \(otherK1), k2 \(k2) → \(otherK2)")
            }
        }
    }

    @Test func countsThatCouldOverflowAreRefused() throws {
        for (number, isCount) in [(-1, false), (0, true), (1 << 62, true), (1 << 62 + 1, false), (.max, false)] {
            var writer = StateWriter()
            writer.write(Int64(number))
            var reader = StateReader(writer.bytes)
            #expect((try? reader.readCount("count")) == (isCount ? Int64(number) : nil))
        }
    }

    /// A cue (±1), then a gap of zeros of random length, a marker (0.5), and the cue once more. Gaps of ten and more
    /// reach beyond the k2 = 8 steps of a window, so only a state that is never reset can carry the cue across.
    @Test func stateThatIsNeverResetRemembersBeyondK2() {
        func meanErrorOfLongGaps(resetsState: Bool) -> Double {
            var learner = learner(hidden: 16, k1: 4, k2: 8, rate: 0.003)
            let workspace = Workspace(for: learner.network)
            var random = SeededGenerator(seed: 11)
            var previous: Float = 0
            var errors: [Double] = []
            let blocks = 12_000
            for block in 0..<blocks {
                let cue: Float = Bool.random(using: &random) ? 1 : -1
                let gap = Int.random(in: 0...16, using: &random)
                for (i, value) in ([cue] + Array(repeating: 0, count: gap) + [0.5, cue]).enumerated() {
                    if resetsState && learner.observations % 8 == 0 {
                        learner.state = Array(repeating: 0, count: learner.state.count)
                    }
                    let prediction = learner.take(previous, value, workspace)
                    if block > blocks * 3 / 4 && gap >= 10 && i == gap + 2 {
                        errors.append(Double(abs(prediction - value)))
                    }
                    previous = value
                }
            }
            return errors.reduce(0, +) / Double(errors.count)
        }
        let kept = meanErrorOfLongGaps(resetsState: false)
        let reset = meanErrorOfLongGaps(resetsState: true)
        #expect(kept < 0.3, "mean error with the state kept")
        #expect(reset > 0.8, "mean error with the state reset, which can only guess")
    }

    /// Noise of size 0.1 or 0.5, as the input says: the network must learn both means and how sure it can be.
    @Test func gaussianLossLearnsHowSureItCanBe() {
        var learner = learner(hidden: 16, k1: 8, k2: 16, rate: 0.003, loss: .gaussian)
        let workspace = Workspace(for: learner.network)
        var random = SeededGenerator(seed: 21)
        var spreads: [Bool: [Double]] = [:]
        var errors: [Double] = []
        for t in 0..<40_000 {
            let isLoud = Bool.random(using: &random)
            let mean: Float = isLoud ? -0.4 : 0.7
            let output = learner.step([isLoud ? 1 : -1], workspace: workspace)
            if t >= 35_000 {
                errors.append(Double(abs(output[0] - mean)))
                spreads[isLoud, default: []].append(exp(Double(output[1]) / 2))
            }
            learner.observe([mean + Float(random.normal() * (isLoud ? 0.5 : 0.1))], workspace: workspace)
        }
        func average(_ x: [Double]) -> Double { x.reduce(0, +) / Double(x.count) }
        #expect(average(errors) < 0.06)
        #expect(abs(average(spreads[true]!) - 0.5) < 0.1)
        #expect(abs(average(spreads[false]!) - 0.1) < 0.02)
    }

    @Test func parametersStayFiniteWhateverComesIn() {
        var random = SeededGenerator(seed: 5)
        let nasty: [Float] = [0, -0.0, 1, -1, 1e30, -1e30, 3e38, .leastNonzeroMagnitude, .nan]
        for (cell, loss, attention) in CellKind.allCases.flatMap({
            [($0, LossKind.mse, 0), ($0, .huber, 3), ($0, .gaussian, 0)]
        }) {
            var learner = learner(cell, k1: 2, k2: 6, rate: 0.1, loss: loss, attention: attention)
            let workspace = Workspace(for: learner.network)
            for _ in 0..<2000 {
                let x = nasty.dropLast().randomElement(using: &random)!
                _ = learner.take(x, nasty.randomElement(using: &random)!, workspace)
            }
            #expect(learner.parameters.allSatisfy { $0.isFinite })
            #expect(learner.state.allSatisfy { $0.isFinite })
        }
    }
}
