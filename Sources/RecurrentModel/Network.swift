public import Kernels

/// Stacked recurrent layers, one way or both, attention if wanted, and a linear head. It holds dimensions only:
/// parameters, states and scratch memory are the caller's, so one `Network` serves any number of streams, on any thread.
public final class Network<Scalar: KernelScalar>: Sendable {
    public let shape: NetworkShape
    /// The views of the flat parameter buffer, in PyTorch's names and order, the head last.
    public let layout: ParameterLayout
    /// From the bottom up; in a bidirectional network the forward and the reverse one of each layer.
    let layers: [RecurrentLayer<Scalar>]
    let attention: Attention<Scalar>?
    let headWeight: ParameterView
    let headBias: ParameterView
    /// Scalars of state that one sequence carries on: Σ S, and attention's memory.
    public let stateWidth: Int
    /// Σ S.
    let layersWidth: Int
    /// From row to row of the top layer's output.
    let topStride: Int

    /// - Precondition: every dimension is positive, and `attention` not negative.
    public init(_ shape: NetworkShape) {
        precondition(
            min(shape.inputs, shape.hidden, shape.layers, shape.outputs) > 0, "a network needs positive dimensions")
        precondition(shape.attention >= 0, "attention looks back on 0 states or more")
        var layout = ParameterLayout()
        self.shape = shape
        layers = (0..<shape.layers).flatMap { index in
            (0..<shape.directions).map { direction in
                RecurrentLayer(
                    shape.cell, index: index, inputs: index == 0 ? shape.inputs : shape.width, hidden: shape.hidden,
                    suffix: direction == 0 ? "" : "_reverse", layout: &layout)
            }
        }
        attention = Attention(shape, layout: &layout)
        headWeight = layout.add("head.weight", rows: shape.outputs, columns: shape.headInputs)
        headBias = layout.add("head.bias", rows: shape.outputs, columns: 1)
        self.layout = layout
        layersWidth = layers.reduce(0) { $0 + $1.stateWidth }
        stateWidth = layersWidth + (attention?.memoryWidth ?? 0)
        topStride = shape.isBidirectional ? shape.width : layers[0].stateWidth
    }

    /// Widths of the blocks of a state: S of each layer (of each direction), then attention's memory. The states of B
    /// sequences are one (width, B) matrix after the other. All zeros is the state before a sequence.
    public var stateBlocks: [Int] { layers.map(\.stateWidth) + (attention.map { [$0.memoryWidth] } ?? []) }

    /// Runs N rows and leaves the outputs (O, N) in `workspace.outputs`; (O, B) if the head answers for the last row
    /// of each sequence only.
    ///
    /// - Parameters:
    ///   - parameters: `layout.count` scalars.
    ///   - x: (I, N).
    ///   - initial: the states before the first step, block after block (`stateBlocks`), each (width, B). In a
    ///     bidirectional network, what the reverse layers start from at the sequences' ends.
    @specialized(where Scalar == Float)
    public func forward(
        _ packed: PackedShape, parameters: UnsafePointer<Scalar>, x: UnsafePointer<Scalar>,
        initial: UnsafePointer<Scalar>, workspace: Workspace<Scalar>, head: HeadRows = .all
    ) {
        workspace.reserve(rows: packed.rows, batch: packed.batch)
        if shape.isBidirectional {
            forwardBothWays(packed, parameters: parameters, x: x, initial: initial, workspace: workspace)
        } else {
            var input = x
            var stride = shape.inputs
            var state = initial
            for (index, layer) in layers.enumerated() {
                let tape = workspace.tapes[index]
                layer.forward(packed, parameters: parameters, x: input, xStride: stride, initial: state, tape: tape)
                input = UnsafePointer(tape.states)
                stride = layer.stateWidth
                state += layer.stateWidth * packed.batch
            }
        }
        forwardHead(
            packed, head, parameters: parameters, memory: initial + layersWidth * packed.batch, workspace: workspace)
    }

    /// Back-propagation through time after `forward` with the same arguments: reads ∂loss/∂outputs, as many as the
    /// outputs, from `workspace.dOutputs` and adds ∂loss/∂parameters to `gradient` (`layout.count` scalars). The
    /// initial states are constants.
    ///
    /// - Parameter gains: receives one number for each of `stateBlocks` that is a layer's; see `GradientGain`.
    @specialized(where Scalar == Float)
    public func backward(
        _ packed: PackedShape, parameters: UnsafePointer<Scalar>, x: UnsafePointer<Scalar>,
        initial: UnsafePointer<Scalar>, workspace: Workspace<Scalar>, gradient: UnsafeMutablePointer<Scalar>,
        head: HeadRows = .all, gains: UnsafeMutablePointer<Double>? = nil
    ) {
        var state = initial + layersWidth * packed.batch
        backwardHead(
            packed, head, parameters: parameters, memory: state, workspace: workspace, gradient: gradient)
        if shape.isBidirectional {
            backwardBothWays(
                packed, parameters: parameters, x: x, initial: initial, workspace: workspace, gradient: gradient,
                gains: gains)
            return
        }
        for index in stride(from: layers.count - 1, through: 0, by: -1) {
            let layer = layers[index]
            state -= layer.stateWidth * packed.batch
            let below = index == 0 ? x : UnsafePointer(workspace.tapes[index - 1].states)
            layer.backward(
                packed, parameters: parameters, x: below,
                xStride: index == 0 ? shape.inputs : layers[index - 1].stateWidth, initial: state,
                tape: workspace.tapes[index], dOut: workspace.dHidden, d: workspace.dState, gradient: gradient,
                dX: index == 0 ? nil : workspace.dBelow, transposed: workspace.transposed,
                gain: gains.map { $0 + index })
            workspace.swapGradients()
        }
    }

    /// The states after the last row of each sequence (of the reverse layers: after its first), as `initial` of a
    /// later `forward` wants them.
    ///
    /// - Parameter states: with attention it must hold the states that `forward` started from, because what a short
    ///   sequence had before stays in its memory.
    public func copyFinalStates(
        _ packed: PackedShape, workspace: Workspace<Scalar>, to states: UnsafeMutablePointer<Scalar>
    ) {
        var target = states
        for (index, layer) in layers.enumerated() {
            let tape = workspace.tapes[index]
            let s = layer.stateWidth
            var row = 0
            for (t, batch) in packed.batchSizes.enumerated() {
                let next = t + 1 < packed.steps ? packed.batchSizes[t + 1] : 0
                (target + next * s).update(from: tape.states + (row + next) * s, count: (batch - next) * s)
                row += batch
            }
            target += s * packed.batch
        }
        // The count first: unwrapping copies the names of the views.
        guard shape.attention > 0, let attention else { return }
        let top = topRows(workspace)
        for (t, batch) in packed.batchSizes.enumerated() {
            for sequence in (t + 1 < packed.steps ? packed.batchSizes[t + 1] : 0)..<batch {
                attention.advance(
                    target + sequence * attention.memoryWidth, sequence: sequence, length: t + 1, top: top,
                    stride: topStride, firstRows: workspace.firstRows)
            }
        }
    }
}
