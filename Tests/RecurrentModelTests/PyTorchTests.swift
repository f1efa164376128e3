import Foundation
import Kernels
import RecurrentModel
import Testing

/// One network as PyTorch computed it; see `fixtures/pytorch/generate.py`.
private struct Reference: Decodable, CustomTestStringConvertible, Sendable {
    var cell: String
    var inputs, hidden, layers, outputs: Int
    var batchSizes: [Int]
    var loss: String
    var parameters: [String: [Double]]
    var gradients: [String: [Double]]
    var x, target, h0, c0, y, hn, cn, training: [Double]
    var lossValue: Double

    var testDescription: String { "\(cell) \(inputs)→\(layers)×\(hidden)→\(outputs), batches \(batchSizes)" }

    static let all: [Reference] = {
        let file = URL(filePath: #filePath).deletingLastPathComponent().appending(
            path: "../../fixtures/pytorch/reference.json")
        return try! JSONDecoder().decode([Reference].self, from: Data(contentsOf: file))
    }()
}

@Suite struct PyTorchTests {
    @Test(arguments: Reference.all) fileprivate func agreesInDouble(_ reference: Reference) {
        check(reference, Double.self, forward: 1e-9, gradient: 1e-8, training: 1e-7)
    }

    @Test(arguments: Reference.all) fileprivate func agreesInFloat(_ reference: Reference) {
        check(reference, Float.self, forward: 1e-5, gradient: 1e-5, training: 1e-4)
    }

    private func check<S: KernelScalar>(
        _ reference: Reference, _: S.Type, forward: Double, gradient: Double, training: Double
    ) {
        let network = Network<S>(
            NetworkShape(
                cell: CellKind(rawValue: reference.cell)!, inputs: reference.inputs, hidden: reference.hidden,
                layers: reference.layers, outputs: reference.outputs))
        let workspace = Workspace(for: network)
        let packed = PackedShape(batchSizes: reference.batchSizes)
        var parameters = fill(network, reference.parameters, as: S.self)
        let x = reference.x.map { S($0) }
        let target = reference.target.map { S($0) }
        let initial = states(reference, h: reference.h0, c: reference.c0).map { S($0) }
        let loss = LossKind(rawValue: reference.loss)!

        func run() -> Double {
            network.forward(packed, parameters: parameters, x: x, initial: initial, workspace: workspace)
            let value = loss.evaluate(
                count: target.count, outputs: workspace.outputs, targets: target, gradient: workspace.dOutputs)
            return Double(value)
        }

        #expect(abs(run() - reference.lossValue) <= forward)
        for (i, expected) in reference.y.enumerated() {
            #expect(abs(Double(workspace.outputs[i]) - expected) <= forward, "output \(i)")
        }
        var final = initial
        network.copyFinalStates(packed, workspace: workspace, to: &final)
        for (ours, expected) in zip(final, states(reference, h: reference.hn, c: reference.cn)) {
            #expect(abs(Double(ours) - expected) <= forward, "final state")
        }

        var g = [S](repeating: 0, count: network.layout.count)
        network.backward(packed, parameters: parameters, x: x, initial: initial, workspace: workspace, gradient: &g)
        let expected = fill(network, reference.gradients, as: Double.self)
        for view in network.layout.views {
            let scale = view.range.map { abs(expected[$0]) }.max()!
            for i in view.range {
                #expect(abs(Double(g[i]) - expected[i]) <= gradient * max(scale, 1e-2), "\(view.name)[\(i)]")
            }
        }

        var optimiser = Optimiser<S>(.adam, parameters: parameters.count)
        for (step, expected) in reference.training.enumerated() {
            let value = run()
            #expect(abs(value - expected) <= training * max(1, expected), "loss of step \(step)")
            for i in g.indices { g[i] = 0 }
            network.backward(packed, parameters: parameters, x: x, initial: initial, workspace: workspace, gradient: &g)
            _ = ClipKind.norm.apply(threshold: 0.5, count: g.count, gradient: &g)
            optimiser.step(rate: 0.01, count: g.count, gradient: g, parameters: &parameters)
        }
    }

    /// PyTorch's row-major matrices by name → our column-major flat buffer.
    private func fill<S: KernelScalar>(_ network: Network<S>, _ named: [String: [Double]]) -> [Double] {
        var flat = [Double](repeating: 0, count: network.layout.count)
        #expect(Set(named.keys) == Set(network.layout.views.map(\.name)))
        for view in network.layout.views {
            for i in 0..<view.rows {
                for j in 0..<view.columns {
                    flat[view.offset + i + j * view.rows] = named[view.name]![i * view.columns + j]
                }
            }
        }
        return flat
    }

    private func fill<S: KernelScalar, R: KernelScalar>(
        _ network: Network<S>, _ named: [String: [Double]], as: R.Type
    ) -> [R] {
        fill(network, named).map { R($0) }
    }

    /// (layers, batch, hidden) of h and c → our layers of (S, B), where LSTM's S is h followed by c.
    private func states(_ reference: Reference, h: [Double], c: [Double]) -> [Double] {
        var result: [Double] = []
        let n = reference.hidden
        for row in 0..<(reference.layers * reference.batchSizes[0]) {
            result += h[(row * n)..<((row + 1) * n)]
            if !c.isEmpty { result += c[(row * n)..<((row + 1) * n)] }
        }
        return result
    }
}
