import Foundation
import Kernels
import RecurrentModel
import Testing

@Suite struct GradientHealthTests {
    /// An RNN of one unit per layer with recurrent weight w and no input: each step back multiplies by w · (1 − h²).
    private func health(recurrentWeight w: Float, steps: Int = 32) -> GradientHealth {
        let network = Network<Float>(NetworkShape(cell: .rnn, inputs: 1, hidden: 1, outputs: 1))
        var p = [Float](repeating: 0, count: network.layout.count)
        p[network.layout["weight_hh_l0"]!.offset] = w
        p[network.layout["head.weight"]!.offset] = 1
        var learner = OnlineLearner(network, training: TrainingSettings(k1: steps, k2: steps, rate: 0), parameters: p)
        let workspace = Workspace(for: network)
        #expect(learner.health.judgement == .unknown)
        for _ in 0..<steps {
            _ = learner.step([0], workspace: workspace)
            learner.observe([1], workspace: workspace)
        }
        return learner.health
    }

    @Test func gainIsThatOfTheRecurrence() {
        // h = 0 all the time, so the gain is wⁿ, however much each row's own loss adds to the gradient.
        for w: Float in [0.5, 0.9, 1, 1.1] {
            let health = health(recurrentWeight: w)
            #expect(abs(health.layers[0].gain / pow(Double(w), 32) - 1) < 1e-4)
            #expect(health.steps == 32 && health.judgement == .healthy)
        }
        #expect(health(recurrentWeight: 0.4).judgement == .vanishing)
        #expect(health(recurrentWeight: 0).judgement == .vanishing)
        #expect(health(recurrentWeight: 1.3).judgement == .exploding)
        #expect(health(recurrentWeight: 1.3, steps: 8).judgement == .healthy)
        // Beyond what the numbers can hold on the way.
        #expect(health(recurrentWeight: 0.2, steps: 1000).judgement == .vanishing)
        #expect(health(recurrentWeight: 3, steps: 1000).judgement == .exploding)
    }

    /// With a loss in the last row only, the gain is ‖∂loss/∂state‖ at the start to that at the end: measured here by
    /// finite differences of the initial state.
    @Test(arguments: CellKind.allCases) func gainIsTheRatioOfTheGradientsOfTheStates(_ cell: CellKind) {
        let network = Network<Double>(NetworkShape(cell: cell, inputs: 2, hidden: 7, outputs: 1))
        let workspace = Workspace(for: network)
        var random = SeededGenerator(seed: 5)
        let p = network.initialParameters(.orthogonal, using: &random).map { $0 * 1.2 }
        let packed = PackedShape(steps: 12)
        let x = (0..<24).map { _ in random.normal() }
        var initial = (0..<network.stateWidth).map { _ in random.normal() * 0.3 }
        func loss() -> Double {
            network.forward(packed, parameters: p, x: x, initial: initial, workspace: workspace, head: .last)
            return LossKind.mse.evaluate(
                count: 1, outputs: workspace.outputs, targets: [0.7], gradient: workspace.dOutputs)
        }
        _ = loss()
        var gradient = [Double](repeating: 0, count: p.count)
        var gain = 0.0
        network.backward(
            packed, parameters: p, x: x, initial: initial, workspace: workspace, gradient: &gradient, head: .last,
            gains: &gain)
        let head = network.layout["head.weight"]!
        let last = abs(workspace.dOutputs[0]) * sqrt(head.range.reduce(0.0) { $0 + p[$1] * p[$1] })
        var first = 0.0
        for i in initial.indices {
            let kept = initial[i]
            initial[i] = kept + 1e-6
            let above = loss()
            initial[i] = kept - 1e-6
            let below = loss()
            initial[i] = kept
            first += pow((above - below) / 2e-6, 2)
        }
        #expect(abs(gain - sqrt(first) / last) <= 1e-6 * gain + 1e-12)
    }

    @Test func normsAreThoseOfTheGradientBeforeClipping() {
        let network = Network<Float>(NetworkShape(cell: .lstm, inputs: 2, hidden: 5, layers: 2, outputs: 1))
        var random = SeededGenerator(seed: 3)
        var learner = OnlineLearner(
            network, training: TrainingSettings(k1: 4, k2: 4, rate: 0.01, clip: 1e-3),
            parameters: network.initialParameters(.xavier, using: &random))
        let workspace = Workspace(for: network)
        for t in 0..<4 {
            _ = learner.step([1, Float(t)], workspace: workspace)
            learner.observe([3], workspace: workspace)
        }
        // What is left to the whole norm is the head's share.
        let layers = learner.health.layers.reduce(0.0) {
            $0 + $1.inputNorm * $1.inputNorm + $1.recurrentNorm * $1.recurrentNorm
        }
        #expect(learner.health.layers.count == 2 && layers > 0)
        let scale = learner.gradientNorm / 1e-3
        let head = network.layout["head.weight"]!.offset..<network.layout.count
        let own = head.reduce(0.0) { $0 + pow(Double(workspace.gradient[$1]) * scale, 2) }
        #expect(abs((layers + own).squareRoot() / learner.gradientNorm - 1) < 1e-3)
    }

    @Test func aWindowWithoutTargetsSaysNothing() {
        let network = Network<Float>(NetworkShape(cell: .gru, inputs: 1, hidden: 5, outputs: 1))
        var random = SeededGenerator(seed: 3)
        var learner = OnlineLearner(
            network, training: TrainingSettings(k1: 4, k2: 4, rate: 0.01),
            parameters: network.initialParameters(.xavier, using: &random))
        let workspace = Workspace(for: network)
        for _ in 0..<4 {
            _ = learner.step([1], workspace: workspace)
            learner.observe([.nan], workspace: workspace)
        }
        #expect(learner.updates == 1 && learner.health.judgement == .unknown)
    }
}
