import Foundation
import Kernels
import RecurrentModel
import Testing

@Suite struct AttentionTests {
    private static func network(
        _ cell: CellKind = .gru, attention: Int, scale: AttentionScale = .inverseRoot, layers: Int = 2
    ) -> Network<Float> {
        Network(
            NetworkShape(
                cell: cell, inputs: 2, hidden: 9, layers: layers, outputs: 3, attention: attention,
                attentionScale: scale))
    }

    /// The formula, word by word, on the states that the recurrent layers give.
    @Test(arguments: [1, 3, 20], AttentionScale.allCases)
    func outputsAreThoseOfTheDefinition(_ span: Int, _ scale: AttentionScale) {
        let d = 6
        let steps = 8
        let shape = NetworkShape(
            cell: .rnn, inputs: 1, hidden: d, outputs: 2, attention: span, attentionScale: scale)
        let network = Network<Double>(shape)
        let workspace = Workspace(for: network)
        var random = SeededGenerator(seed: 1)
        let p = (0..<network.layout.count).map { _ in random.normal() * 0.5 }
        let x = (0..<steps).map { _ in random.normal() }
        let zeros = [Double](repeating: 0, count: network.stateWidth)
        network.forward(PackedShape(steps: steps), parameters: p, x: x, initial: zeros, workspace: workspace)

        func element(_ name: String, _ i: Int, _ j: Int) -> Double {
            let view = network.layout[name]!
            return p[view.offset + i + j * view.rows]
        }
        func product(_ name: String, _ v: [Double]) -> [Double] {
            (0..<d).map { i in (0..<d).reduce(0.0) { $0 + element(name, i, $1) * v[$1] } }
        }
        var h: [[Double]] = []
        for t in 0..<steps {
            h.append(
                (0..<d).map { i in
                    var sum = element("bias_ih_l0", i, 0) + element("bias_hh_l0", i, 0)
                    sum += element("weight_ih_l0", i, 0) * x[t]
                    if t > 0 { for j in 0..<d { sum += element("weight_hh_l0", i, j) * h[t - 1][j] } }
                    return tanh(sum)
                })
            let past = h.suffix(span)
            let q = product("attention.query.weight", h[t])
            let scores = past.map { state in
                zip(q, product("attention.key.weight", state)).reduce(0.0) { $0 + $1.0 * $1.1 }
                    * (scale == .unscaled ? 1 : 1 / Double(d).squareRoot())
            }
            let sum = scores.reduce(0.0) { $0 + exp($1) }
            var context = [Double](repeating: 0, count: d)
            for (score, state) in zip(scores, past) {
                for (i, v) in product("attention.value.weight", state).enumerated() {
                    context[i] += exp(score) / sum * v
                }
            }
            for o in 0..<2 {
                let both = h[t] + context
                let expected = (0..<(2 * d)).reduce(element("head.bias", o, 0)) {
                    $0 + element("head.weight", o, $1) * both[$1]
                }
                #expect(abs(workspace.outputs[t * 2 + o] - expected) < 1e-12, "step \(t)")
            }
        }
    }

    /// Step by step, in two pieces or at once; alone or in a batch: the same bits.
    @Test(arguments: CellKind.allCases, [1, 2, 4, 7, 30])
    func piecesAndBatchesGiveTheSameBits(_ cell: CellKind, _ span: Int) {
        let network = Self.network(cell, attention: span)
        let workspace = Workspace(for: network)
        var random = SeededGenerator(seed: 2)
        let p = network.initialParameters(.xavier, using: &random)
        let lengths = [11, 4, 17, 4, 1]
        let sequences = lengths.map { n in (0..<(n * 2)).map { _ in Float(random.normal()) } }
        let order = PackedOrder(lengths: lengths)
        var states = [Float](repeating: 0, count: lengths.count * network.stateWidth)
        network.forward(
            order.shape, parameters: p, x: order.pack(sequences, width: 2), initial: states, workspace: workspace)
        let together = order.unpack(workspace.outputs, width: 3)
        network.copyFinalStates(order.shape, workspace: workspace, to: &states)
        let final = order.unsort(states, blocks: network.stateBlocks)

        for (b, x) in sequences.enumerated() {
            var state = [Float](repeating: 0, count: network.stateWidth)
            var outputs: [Float] = []
            for t in 0..<lengths[b] {
                let one = PackedShape(steps: 1)
                network.forward(
                    one, parameters: p, x: Array(x[(2 * t)..<(2 * t + 2)]), initial: state, workspace: workspace)
                outputs += UnsafeBufferPointer(start: workspace.outputs, count: 3)
                network.copyFinalStates(one, workspace: workspace, to: &state)
            }
            #expect(outputs.map(\.bitPattern) == together[b].map(\.bitPattern), "sequence \(b)")
            var start = 0
            var own: [Float] = []
            for width in network.stateBlocks {
                own += final[(start + b * width)..<(start + (b + 1) * width)]
                start += width * lengths.count
            }
            #expect(own.map(\.bitPattern) == state.map(\.bitPattern), "state of sequence \(b)")
        }
    }

    /// Each value must be repeated six steps after it came. Eight units must learn to be a shift register for that; with
    /// attention the head can look back instead.
    @Test func onlineLearnerLooksBack() {
        func meanError(attention: Int) -> Double {
            let network = Network<Float>(
                NetworkShape(cell: .gru, inputs: 2, hidden: 8, outputs: 1, attention: attention))
            var random = SeededGenerator(seed: 4)
            var learner = OnlineLearner(
                network, training: TrainingSettings(k1: 8, k2: 16, rate: 0.003),
                parameters: network.initialParameters(.xavier, using: &random))
            let workspace = Workspace(for: network)
            var past: [Float] = Array(repeating: 0, count: 6)
            var sum = 0.0
            for t in 0..<30_000 {
                let x = Float(random.uniform() * 2 - 1)
                past.append(x)
                let wanted = past.removeFirst()
                let phase = Float(t % 6) / 3 - 1
                let output = learner.step([x, phase], workspace: workspace)[0]
                if t >= 25_000 { sum += Double(abs(output - wanted)) }
                learner.observe([wanted], workspace: workspace)
            }
            return sum / 5000
        }
        let without = meanError(attention: 0)
        let with = meanError(attention: 8)
        #expect(with < without / 2, "\(with) with, \(without) without")
    }

    @Test func damagedMemoryIsNotTrusted() {
        let network = Self.network(attention: 5)
        let workspace = Workspace(for: network)
        var random = SeededGenerator(seed: 2)
        let p = network.initialParameters(.xavier, using: &random)
        for count in [Float.nan, -1, 1e30, .infinity, -.infinity, 0.5, 5] {
            var state = [Float](repeating: 0.1, count: network.stateWidth)
            state[network.stateWidth - 1] = count
            network.forward(PackedShape(steps: 1), parameters: p, x: [1, 2], initial: state, workspace: workspace)
            #expect(workspace.outputs[0].isFinite)
            network.copyFinalStates(PackedShape(steps: 1), workspace: workspace, to: &state)
            #expect((1...4).contains(state[network.stateWidth - 1]))
        }
    }

    @Test func withoutAttentionNothingIsAdded() {
        let network = Self.network(attention: 0)
        #expect(!network.layout.views.contains { $0.name.hasPrefix("attention") })
        #expect(network.stateWidth == 18)
        #expect(
            Self.network(attention: 4).layout.views.map(\.name).suffix(5) == [
                "attention.query.weight", "attention.key.weight", "attention.value.weight", "head.weight", "head.bias",
            ])
    }
}
