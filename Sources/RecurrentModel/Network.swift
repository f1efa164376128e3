public import Kernels

/// The dimensions of a network.
public struct NetworkShape: Sendable, Hashable {
    public var cell: CellKind
    /// I, H, L and O.
    public var inputs: Int
    public var hidden: Int
    public var layers: Int
    public var outputs: Int

    public init(cell: CellKind, inputs: Int, hidden: Int, layers: Int = 1, outputs: Int) {
        self.cell = cell
        self.inputs = inputs
        self.hidden = hidden
        self.layers = layers
        self.outputs = outputs
    }
}

/// Stacked recurrent layers and a linear head. It holds dimensions only: parameters, states and scratch memory are the
/// caller's, so one `Network` serves any number of streams, on any thread.
public final class Network<Scalar: KernelScalar>: Sendable {
    public let shape: NetworkShape
    /// The views of the flat parameter buffer, in PyTorch's names and order, the head last.
    public let layout: ParameterLayout
    let layers: [RecurrentLayer<Scalar>]
    let headWeight: ParameterView
    let headBias: ParameterView

    /// - Precondition: every dimension is positive.
    public init(_ shape: NetworkShape) {
        precondition(
            min(shape.inputs, shape.hidden, shape.layers, shape.outputs) > 0, "a network needs positive dimensions")
        var layout = ParameterLayout()
        self.shape = shape
        layers = (0..<shape.layers).map { index in
            RecurrentLayer(
                shape.cell, index: index, inputs: index == 0 ? shape.inputs : shape.hidden, hidden: shape.hidden,
                layout: &layout)
        }
        headWeight = layout.add("head.weight", rows: shape.outputs, columns: shape.hidden)
        headBias = layout.add("head.bias", rows: shape.outputs, columns: 1)
        self.layout = layout
    }

    /// Scalars of hidden state that one sequence carries through all layers: Σ S.
    public var stateWidth: Int { layers.reduce(0) { $0 + $1.stateWidth } }

    /// Runs N rows and leaves the outputs (O, N) in `workspace.outputs`.
    ///
    /// - Parameters:
    ///   - parameters: `layout.count` scalars.
    ///   - x: (I, N).
    ///   - initial: the states before the first step, layer after layer, each (S, B).
    @specialized(where Scalar == Float)
    public func forward(
        _ packed: PackedShape, parameters: UnsafePointer<Scalar>, x: UnsafePointer<Scalar>,
        initial: UnsafePointer<Scalar>, workspace: Workspace<Scalar>
    ) {
        workspace.reserve(rows: packed.rows, batch: packed.batch)
        var input = x
        var stride = shape.inputs
        var state = initial
        for (layer, tape) in zip(layers, workspace.tapes) {
            layer.forward(packed, parameters: parameters, x: input, xStride: stride, initial: state, tape: tape)
            input = UnsafePointer(tape.states)
            stride = layer.stateWidth
            state += layer.stateWidth * packed.batch
        }
        let o = shape.outputs
        for row in 0..<packed.rows {
            (workspace.outputs + row * o).update(from: parameters + headBias.offset, count: o)
        }
        Scalar.multiplyAdd(
            rows: o, columns: shape.hidden, batch: packed.rows, parameters + headWeight.offset, input, xStride: stride,
            workspace.outputs, yStride: o)
    }

    /// Back-propagation through time after `forward` with the same arguments: reads ∂loss/∂outputs (O, N) from
    /// `workspace.dOutputs` and adds ∂loss/∂parameters to `gradient` (`layout.count` scalars).
    @specialized(where Scalar == Float)
    public func backward(
        _ packed: PackedShape, parameters: UnsafePointer<Scalar>, x: UnsafePointer<Scalar>,
        initial: UnsafePointer<Scalar>, workspace: Workspace<Scalar>, gradient: UnsafeMutablePointer<Scalar>
    ) {
        let o = shape.outputs
        let h = shape.hidden
        let rows = packed.rows
        let top = layers[layers.count - 1]
        Scalar.outerAdd(
            rows: o, columns: h, terms: rows, workspace.dOutputs, aStride: o, workspace.tapes[layers.count - 1].states,
            bStride: top.stateWidth, gradient + headWeight.offset)
        Scalar.sumColumns(rows: o, terms: rows, workspace.dOutputs, aStride: o, gradient + headBias.offset)
        Scalar.transpose(rows: o, columns: h, parameters + headWeight.offset, workspace.transposed)
        workspace.dHidden.update(repeating: 0, count: rows * h)
        Scalar.multiplyAdd(
            rows: h, columns: o, batch: rows, workspace.transposed, workspace.dOutputs, xStride: o, workspace.dHidden,
            yStride: h)

        var state = initial + stateWidth * packed.batch
        for index in stride(from: layers.count - 1, through: 0, by: -1) {
            let layer = layers[index]
            state -= layer.stateWidth * packed.batch
            let below = index == 0 ? x : UnsafePointer(workspace.tapes[index - 1].states)
            layer.backward(
                packed, parameters: parameters, x: below,
                xStride: index == 0 ? shape.inputs : layers[index - 1].stateWidth, initial: state,
                tape: workspace.tapes[index], dOut: workspace.dHidden, d: workspace.dState, gradient: gradient,
                dX: index == 0 ? nil : workspace.dBelow, transposed: workspace.transposed)
            workspace.swapGradients()
        }
    }

    /// The states after the last row of each sequence, as `initial` of a later `forward` wants them.
    public func copyFinalStates(
        _ packed: PackedShape, workspace: Workspace<Scalar>, to states: UnsafeMutablePointer<Scalar>
    ) {
        var target = states
        for (layer, tape) in zip(layers, workspace.tapes) {
            let s = layer.stateWidth
            var row = 0
            for (t, batch) in packed.batchSizes.enumerated() {
                let next = t + 1 < packed.steps ? packed.batchSizes[t + 1] : 0
                (target + next * s).update(from: tape.states + (row + next) * s, count: (batch - next) * s)
                row += batch
            }
            target += s * packed.batch
        }
    }
}
