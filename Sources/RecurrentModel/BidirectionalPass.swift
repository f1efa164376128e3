import Kernels

/// The walk through the layers of a bidirectional network (Schuster & Paliwal 1997).
///
/// Layer k has two `RecurrentLayer`s, forward and reverse, at 2·k and 2·k + 1. The reverse one runs the same code over
/// reversed rows: each sequence is turned round within its own length, so that it starts at its own end, as PyTorch's
/// packed sequences do. Turning round keeps the batch sizes and is its own inverse.
extension Network {
    /// As the recurrent part of `forward`.
    @specialized(where Scalar == Float)
    func forwardBothWays(
        _ packed: PackedShape, parameters: UnsafePointer<Scalar>, x: UnsafePointer<Scalar>,
        initial: UnsafePointer<Scalar>, workspace: Workspace<Scalar>
    ) {
        guard let tape = workspace.bidirectional else { return }
        workspace.findReversedRows(packed)
        let reversed = workspace.reversedRows
        let h = shape.hidden
        var input = x
        var stride = shape.inputs
        var state = initial
        for k in 0..<shape.layers {
            let forth = layers[2 * k]
            let back = layers[2 * k + 1]
            let turned = tape.turned[k]
            for (row, source) in reversed.enumerated() {
                (turned + row * forth.inputs).update(from: input + source * stride, count: forth.inputs)
            }
            forth.forward(
                packed, parameters: parameters, x: input, xStride: stride, initial: state,
                tape: workspace.tapes[2 * k])
            state += forth.stateWidth * packed.batch
            back.forward(
                packed, parameters: parameters, x: turned, xStride: back.inputs, initial: state,
                tape: workspace.tapes[2 * k + 1])
            state += back.stateWidth * packed.batch
            let joined = tape.joined[k]
            let s = forth.stateWidth
            for (row, source) in reversed.enumerated() {
                (joined + row * 2 * h).update(from: workspace.tapes[2 * k].states + row * s, count: h)
                (joined + row * 2 * h + h).update(from: workspace.tapes[2 * k + 1].states + source * s, count: h)
            }
            input = UnsafePointer(joined)
            stride = 2 * h
        }
    }

    /// As the recurrent part of `backward`, from `workspace.dHidden` (2·H, N).
    @specialized(where Scalar == Float)
    func backwardBothWays(
        _ packed: PackedShape, parameters: UnsafePointer<Scalar>, x: UnsafePointer<Scalar>,
        initial: UnsafePointer<Scalar>, workspace: Workspace<Scalar>, gradient: UnsafeMutablePointer<Scalar>,
        gains: UnsafeMutablePointer<Double>?
    ) {
        guard let tape = workspace.bidirectional else { return }
        let reversed = workspace.reversedRows
        let h = shape.hidden
        let s = layers[0].stateWidth * packed.batch
        for k in stride(from: shape.layers - 1, through: 0, by: -1) {
            for (row, source) in reversed.enumerated() {
                (tape.dForth + row * h).update(from: workspace.dHidden + row * 2 * h, count: h)
                (tape.dBack + source * h).update(from: workspace.dHidden + row * 2 * h + h, count: h)
            }
            let forth = layers[2 * k]
            let back = layers[2 * k + 1]
            forth.backward(
                packed, parameters: parameters, x: k == 0 ? x : UnsafePointer(tape.joined[k - 1]),
                xStride: forth.inputs, initial: initial + 2 * k * s, tape: workspace.tapes[2 * k], dOut: tape.dForth,
                d: workspace.dState, gradient: gradient, dX: k == 0 ? nil : workspace.dBelow,
                transposed: workspace.transposed, gain: gains.map { $0 + 2 * k })
            back.backward(
                packed, parameters: parameters, x: tape.turned[k], xStride: back.inputs,
                initial: initial + (2 * k + 1) * s, tape: workspace.tapes[2 * k + 1], dOut: tape.dBack,
                d: workspace.dState, gradient: gradient, dX: k == 0 ? nil : tape.dTurned,
                transposed: workspace.transposed, gain: gains.map { $0 + 2 * k + 1 })
            if k > 0 {
                for (row, source) in reversed.enumerated() {
                    Scalar.add(tape.dTurned + source * 2 * h, to: workspace.dBelow + row * 2 * h, count: 2 * h)
                }
            }
            workspace.swapGradients()
        }
    }
}

/// What the two directions of each layer exchange, for N rows.
struct BidirectionalTape<Scalar> {
    /// Of each layer: its input with every sequence turned round, (I, N), and its output, forward | backward, (2·H, N).
    var turned: [UnsafeMutablePointer<Scalar>]
    var joined: [UnsafeMutablePointer<Scalar>]
    /// (H, N): ∂loss/∂output of each direction, and (2·H, N): ∂loss/∂turned.
    var dForth: UnsafeMutablePointer<Scalar>
    var dBack: UnsafeMutablePointer<Scalar>
    var dTurned: UnsafeMutablePointer<Scalar>
}
