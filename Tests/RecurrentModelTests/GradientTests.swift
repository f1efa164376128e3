import Kernels
import RecurrentModel
import Testing

/// Analytic against finite-difference gradients in double precision, over random shapes.
@Suite struct GradientTests {
    static let cases = CellKind.allCases.flatMap { cell in
        LossKind.allCases.flatMap { loss in (1...4).map { (cell, loss, UInt64($0)) } }
    }

    @Test(arguments: cases) func agreesWithFiniteDifferences(_ cell: CellKind, _ loss: LossKind, _ seed: UInt64) {
        var random = SeededGenerator(seed: seed)
        func pick(_ range: ClosedRange<Int>) -> Int { Int.random(in: range, using: &random) }
        let shape = NetworkShape(
            cell: cell, inputs: pick(1...4), hidden: pick(1...19), layers: pick(1...3), outputs: pick(1...3))
        let network = Network<Double>(shape)
        let workspace = Workspace(for: network)
        // Unequal lengths: batch sizes that fall.
        var sizes = (0..<pick(1...9)).map { _ in pick(1...4) }
        sizes.sort(by: >)
        let packed = PackedShape(batchSizes: sizes)
        func numbers(_ count: Int, _ size: Double) -> [Double] { (0..<count).map { _ in random.normal() * size } }
        var parameters = numbers(network.layout.count, 0.4)
        let x = numbers(packed.rows * shape.inputs, 1)
        let initial = numbers(packed.batch * network.stateWidth, 0.5)
        var target = numbers(packed.rows * shape.outputs, 1.5)
        target[target.count / 2] = .nan  // a missing one teaches nothing

        func value() -> Double {
            network.forward(packed, parameters: parameters, x: x, initial: initial, workspace: workspace)
            return loss.evaluate(
                count: target.count, outputs: workspace.outputs, targets: target, gradient: workspace.dOutputs)
        }
        _ = value()
        var gradient = [Double](repeating: 0, count: parameters.count)
        network.backward(
            packed, parameters: parameters, x: x, initial: initial, workspace: workspace, gradient: &gradient)

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
                    abs(gradient[i] - difference) <= 1e-3 * abs(difference) + 1e-8,
                    "\(cell) \(loss) \(view.name)[\(i - view.offset)]: \(gradient[i]), expected \(difference)")
            }
        }
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
