import Foundation
import Kernels
import RecurrentModel
import Testing

/// A network to check, random in everything that is not said.
struct GradientCase: CustomTestStringConvertible, Sendable {
    var cell: CellKind
    var loss: LossKind
    var seed: UInt64
    var isBidirectional = false
    var attention = 0
    var scale = AttentionScale.inverseRoot
    var head = HeadRows.all

    var testDescription: String {
        "\(cell) \(loss) \(isBidirectional ? "both ways " : "")attention \(attention) \(scale) head \(head) seed \(seed)"
    }

    static let plain = CellKind.allCases.flatMap { cell in
        LossKind.allCases.flatMap { loss in
            (1...4).map { GradientCase(cell: cell, loss: loss, seed: UInt64($0)) }
        }
    }

    /// Every cell with every combination of what can be added to it, over many random shapes.
    static let extended = (0..<144).map { i in
        GradientCase(
            cell: CellKind.allCases[i % 3], loss: LossKind.allCases[i / 3 % 3], seed: UInt64(100 + i),
            isBidirectional: i / 9 % 2 == 1, attention: [0, 1, 2, 5][i / 18 % 4],
            scale: i % 5 == 0 ? .unscaled : .inverseRoot, head: i / 72 % 2 == 1 ? .last : .all)
    }
}

/// Analytic against finite-difference gradients in double precision, over random shapes.
@Suite struct GradientTests {
    @Test(arguments: GradientCase.plain + GradientCase.extended)
    func agreesWithFiniteDifferences(_ test: GradientCase) {
        var random = SeededGenerator(seed: test.seed)
        func pick(_ range: ClosedRange<Int>) -> Int { Int.random(in: range, using: &random) }
        let loss = test.loss
        let values = pick(1...3)
        let shape = NetworkShape(
            cell: test.cell, inputs: pick(1...4), hidden: pick(1...19), layers: pick(1...3),
            outputs: values * loss.outputsPerTarget, isBidirectional: test.isBidirectional, attention: test.attention,
            attentionScale: test.scale)
        let network = Network<Double>(shape)
        let workspace = Workspace(for: network)
        // Unequal lengths: batch sizes that fall.
        var sizes = (0..<pick(1...9)).map { _ in pick(1...4) }
        sizes.sort(by: >)
        let packed = PackedShape(batchSizes: sizes)
        func numbers(_ count: Int, _ size: Double) -> [Double] { (0..<count).map { _ in random.normal() * size } }
        var parameters = numbers(network.layout.count, 0.4)
        let x = numbers(packed.rows * shape.inputs, 1)
        var initial = numbers(packed.batch * network.stateWidth, 0.5)
        if test.attention > 0 {
            // The last number of each memory counts the states in it.
            let memory = network.stateBlocks.last!
            for b in 0..<packed.batch {
                let end = initial.count - (packed.batch - 1 - b) * memory
                initial[end - 1] = Double(pick(0...(test.attention - 1)))
            }
        }
        let rows = test.head == .all ? packed.rows : packed.batch
        var target = numbers(rows * values, 1.5)
        // A missing one teaches nothing.
        if target.count > 1 { target[target.count / 2] = .nan }

        func value() -> Double {
            network.forward(
                packed, parameters: parameters, x: x, initial: initial, workspace: workspace, head: test.head)
            return loss.evaluate(
                rows: rows, channels: values, outputs: workspace.outputs, targets: target,
                gradient: workspace.dOutputs)
        }
        _ = value()
        var gradient = [Double](repeating: 0, count: parameters.count)
        network.backward(
            packed, parameters: parameters, x: x, initial: initial, workspace: workspace, gradient: &gradient,
            head: test.head)

        let step = 1e-5
        for view in network.layout.views {
            for _ in 0..<min(view.count, 12) {
                let i = pick(view.offset...(view.offset + view.count - 1))
                let kept = parameters[i]
                parameters[i] = kept + step
                let above = value()
                parameters[i] = kept - step
                let below = value()
                parameters[i] = kept
                let difference = (above - below) / (2 * step)
                #expect(
                    abs(gradient[i] - difference) <= 1e-5 * abs(difference) + 1e-8,
                    "\(view.name)[\(i - view.offset)]: \(gradient[i]), expected \(difference)")
            }
        }
    }

    /// Worked out by hand, with a missing target, and beyond the smallest variance.
    @Test func gaussianLossIsThatOfTheFormula() {
        let outputs: [Double] = [1, -2, 0.5, -0.3, 0.2, 3, -1, 0]  // two rows of two means, two log-variances
        let targets: [Double] = [0.4, -2.5, .nan, 1]
        var gradient = [Double](repeating: .nan, count: 8)
        let value = LossKind.gaussian.evaluate(
            rows: 2, channels: 2, outputs: outputs, targets: targets, gradient: &gradient)
        let expected = [(0.6, 0.5), (0.5, -0.3), (2, 0)].reduce(0.0) { $0 + ($1.1 + $1.0 * $1.0 * exp(-$1.1)) / 2 } / 3
        #expect(abs(value - expected) < 1e-15)
        #expect(abs(gradient[0] - 0.6 * exp(-0.5) / 3) < 1e-15)
        #expect(abs(gradient[3] - (1 - 0.25 * exp(0.3)) / 6) < 1e-15)
        #expect(gradient[4] == 0 && gradient[6] == 0, "of the missing one")

        // Sure beyond the floor and right: no reward. Sure and wrong: the way back is open.
        var slopes = [Double](repeating: .nan, count: 4)
        let sure = LossKind.gaussian.evaluate(
            rows: 2, channels: 1, outputs: [1, -40, 2, -40], targets: [1, 1], gradient: &slopes)
        #expect(abs(sure - (LossKind.smallestLogVariance + 1e6 / 2) / 2) < 1e-6)
        #expect(slopes[1] == 0 && slopes[3] < -1e5 && slopes.allSatisfy(\.isFinite))
    }

    @Test func clippingByNormKeepsTheDirection() {
        var g: [Float] = [3, -4, 0, 0, 0, 0, 0, 0, 12]
        #expect(abs(ClipKind.norm.apply(threshold: 1, count: 9, gradient: &g) - 13) < 1e-6)
        #expect(abs(g[0] - 3.0 / 13) < 1e-6 && abs(g[1] + 4.0 / 13) < 1e-6 && abs(g[8] - 12.0 / 13) < 1e-6)
        #expect(abs(ClipKind.norm.apply(threshold: 5, count: 9, gradient: &g) - 1) < 1e-5)
        #expect(abs(g[8] - 12.0 / 13) < 1e-6, "below the threshold nothing changes")
    }

    @Test func clippingByValueCutsEachComponent() {
        var g: [Float] = [3, -4, 0.25]
        _ = ClipKind.value.apply(threshold: 0.5, count: 3, gradient: &g)
        #expect(g == [0.5, -0.5, 0.25])
        _ = ClipKind.value.apply(threshold: 0, count: 3, gradient: &g)
        #expect(g == [0.5, -0.5, 0.25])
    }
}
