import Foundation
import Kernels
import RecurrentModel
import Testing

/// One network as PyTorch computed it; see `fixtures/pytorch/generate.py`.
private struct Reference: Decodable, CustomTestStringConvertible, Sendable {
    var cell: String
    var inputs, hidden, layers, values: Int
    var bidirectional: Bool
    var attention: Int
    var scale, head, loss: String
    /// Rows are in the order of the batch and `lengths` is empty, or they lie sequence after sequence.
    var batchSizes, lengths: [Int]
    var parameters: [String: [Double]]
    var gradients: [String: [Double]]
    var x, target, h0, c0, y, hn, cn, training, trained: [Double]
    var lossValue: Double

    var testDescription: String {
        "\(cell) \(inputs)→\(layers)×\(hidden)→\(values) \(loss)\(bidirectional ? ", both ways" : "")"
            + "\(attention > 0 ? ", attention \(attention) (\(scale))" : ""), head \(head), "
            + (lengths.isEmpty ? "batches \(batchSizes)" : "lengths \(lengths)")
    }

    static let all: [Reference] = {
        let file = URL(filePath: #filePath).deletingLastPathComponent().appending(
            path: "../../fixtures/pytorch/reference.json")
        do {
            return try JSONDecoder().decode([Reference].self, from: Data(contentsOf: file))
        } catch {
            fatalError("\(file.path()): \(error)")
        }
    }()
}

/// How far our numbers may lie from PyTorch's.
private struct Tolerance {
    /// Outputs, states and the loss, absolute.
    var forward: Double
    /// Of each gradient, relative to the largest of its matrix.
    var gradient: Double
    /// The loss of each of 200 steps of training, and the outputs after them.
    var training: Double
}

@Suite struct PyTorchTests {
    @Test(arguments: Reference.all) fileprivate func agreesInDouble(_ reference: Reference) {
        Comparison<Double>(reference).check(Tolerance(forward: 1e-9, gradient: 1e-8, training: 1e-6))
    }

    @Test(arguments: Reference.all) fileprivate func agreesInFloat(_ reference: Reference) {
        Comparison<Float>(reference).check(Tolerance(forward: 1e-5, gradient: 1e-5, training: 1e-4))
    }
}

private struct Comparison<S: KernelScalar> {
    let reference: Reference
    let network: Network<S>
    let workspace: Workspace<S>
    let order: PackedOrder
    let head: HeadRows
    let loss: LossKind
    let x: [S]
    let target: [S]
    let initial: [S]

    init(_ reference: Reference) {
        self.reference = reference
        loss = LossKind(rawValue: reference.loss)!
        head = HeadRows(rawValue: reference.head)!
        network = Network(
            NetworkShape(
                cell: CellKind(rawValue: reference.cell)!, inputs: reference.inputs, hidden: reference.hidden,
                layers: reference.layers, outputs: reference.values * loss.outputsPerTarget,
                isBidirectional: reference.bidirectional, attention: reference.attention,
                attentionScale: AttentionScale(rawValue: reference.scale)!))
        workspace = Workspace(for: network)
        let sizes = reference.batchSizes
        let lengths =
            reference.lengths.isEmpty ? (0..<sizes[0]).map { b in sizes.count { $0 > b } } : reference.lengths
        order = PackedOrder(lengths: lengths)
        x = Self.pack(reference.x, order, width: reference.inputs, isPacked: reference.lengths.isEmpty)
        if head == .last {
            target = order.sort(reference.target.map { S($0) }, blocks: [reference.values])
        } else {
            target = Self.pack(reference.target, order, width: reference.values, isPacked: reference.lengths.isEmpty)
        }
        let memories = [S](repeating: 0, count: (network.stateBlocks.last ?? 0) * lengths.count)
        let layers = Self.states(reference, h: reference.h0, c: reference.c0)
        initial = order.sort(
            layers + (reference.attention > 0 ? memories : []), blocks: network.stateBlocks)
    }

    func check(_ tolerance: Tolerance) {
        var parameters: [S] = fill(reference.parameters)
        #expect(abs(run(parameters) - reference.lossValue) <= tolerance.forward)
        expectOutputs(reference.y, within: tolerance.forward)
        var final = initial
        network.copyFinalStates(order.shape, workspace: workspace, to: &final)
        let expectedStates: [S] = Self.states(reference, h: reference.hn, c: reference.cn)
        for (ours, expected) in zip(order.unsort(final, blocks: network.stateBlocks), expectedStates) {
            #expect(abs(Double(ours) - Double(expected)) <= tolerance.forward, "final state")
        }

        var g = [S](repeating: 0, count: network.layout.count)
        backward(parameters, &g)
        let expected: [Double] = fill(reference.gradients)
        for view in network.layout.views {
            let scale = view.range.map { abs(expected[$0]) }.max()!
            for i in view.range {
                #expect(
                    abs(Double(g[i]) - expected[i]) <= tolerance.gradient * max(scale, 1e-2),
                    "\(view.name)[\(i - view.offset)]: \(g[i]), expected \(expected[i])")
            }
        }

        var optimiser = Optimiser<S>(.adam, parameters: parameters.count)
        for (step, expected) in reference.training.enumerated() {
            let value = run(parameters)
            #expect(
                abs(value - expected) <= tolerance.training * max(1, abs(expected)),
                "loss of step \(step): \(value), expected \(expected)")
            for i in g.indices { g[i] = 0 }
            backward(parameters, &g)
            _ = ClipKind.norm.apply(threshold: 0.5, count: g.count, gradient: &g)
            optimiser.step(rate: 0.001, count: g.count, gradient: g, parameters: &parameters)
        }
        _ = run(parameters)
        expectOutputs(reference.trained, within: tolerance.training)
    }

    private func run(_ parameters: [S]) -> Double {
        network.forward(
            order.shape, parameters: parameters, x: x, initial: initial, workspace: workspace, head: head)
        let value = loss.evaluate(
            rows: target.count / reference.values, channels: reference.values, outputs: workspace.outputs,
            targets: target, gradient: workspace.dOutputs)
        return Double(value)
    }

    private func backward(_ parameters: [S], _ gradient: inout [S]) {
        network.backward(
            order.shape, parameters: parameters, x: x, initial: initial, workspace: workspace, gradient: &gradient,
            head: head)
    }

    private func expectOutputs(_ expected: [Double], within tolerance: Double) {
        let width = network.shape.outputs
        var ours = Array(UnsafeBufferPointer(start: workspace.outputs, count: expected.count))
        if head == .last {
            ours = order.unsort(ours, blocks: [width])
        } else if !reference.lengths.isEmpty {
            ours = order.unpack(workspace.outputs, width: width).flatMap { $0 }
        }
        for (i, expected) in expected.enumerated() {
            #expect(abs(Double(ours[i]) - expected) <= tolerance, "output \(i): \(ours[i]), expected \(expected)")
        }
    }

    /// PyTorch's row-major matrices by name → our column-major flat buffer.
    private func fill<R: KernelScalar>(_ named: [String: [Double]]) -> [R] {
        var flat = [R](repeating: 0, count: network.layout.count)
        #expect(Set(named.keys) == Set(network.layout.views.map(\.name)))
        for view in network.layout.views {
            for i in 0..<view.rows {
                for j in 0..<view.columns {
                    flat[view.offset + i + j * view.rows] = R(named[view.name]![i * view.columns + j])
                }
            }
        }
        return flat
    }

    /// Rows as the file lists them → rows of the batch.
    private static func pack(_ rows: [Double], _ order: PackedOrder, width: Int, isPacked: Bool) -> [S] {
        let rows = rows.map { S($0) }
        if isPacked { return rows }
        var start = 0
        let sequences = order.lengths.map { length in
            defer { start += length * width }
            return Array(rows[start..<(start + length * width)])
        }
        return order.pack(sequences, width: width)
    }

    /// (layers · directions, batch, hidden) of h and c → our blocks of (S, B), where LSTM's S is h followed by c.
    private static func states(_ reference: Reference, h: [Double], c: [Double]) -> [S] {
        var result: [S] = []
        let n = reference.hidden
        for row in 0..<(h.count / n) {
            result += h[(row * n)..<((row + 1) * n)].map { S($0) }
            if !c.isEmpty { result += c[(row * n)..<((row + 1) * n)].map { S($0) } }
        }
        return result
    }
}
