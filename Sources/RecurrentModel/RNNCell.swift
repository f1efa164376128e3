package import Kernels

/// Elman's cell: h' = tanh(W_ih·x + b_ih + W_hh·h + b_hh), as `torch.nn.RNN` with tanh.
package struct RNNCell<Scalar: KernelScalar>: RecurrentCell {
    package let hidden: Int
    package var loops: (forward: CellLoop, backward: CellLoop) { (.rnnForward, .rnnBackward) }
    package var gates: Int { 1 }
    package var stateWidth: Int { hidden }
    package var keepsRecurrentApart: Bool { false }

    @specialized(where Scalar == Float)
    package func forward(
        batch: Int, x: UnsafeMutablePointer<Scalar>, r: UnsafeMutablePointer<Scalar>,
        previous: UnsafePointer<Scalar>, state: UnsafeMutablePointer<Scalar>
    ) {
        let n = hidden * batch
        for i in stride(from: 0, to: n, by: 8) {
            setLanes(state, i, of: n, Scalar.tanh(lanes(x, i, of: n)))
        }
    }

    @specialized(where Scalar == Float)
    package func backward(
        batch: Int, x: UnsafeMutablePointer<Scalar>, r: UnsafeMutablePointer<Scalar>,
        previous: UnsafePointer<Scalar>, state: UnsafePointer<Scalar>, d: UnsafeMutablePointer<Scalar>
    ) {
        let n = hidden * batch
        for i in stride(from: 0, to: n, by: 8) {
            let h = lanes(state, i, of: n)
            setLanes(x, i, of: n, lanes(d, i, of: n) * (1 - h * h))
            setLanes(d, i, of: n, .zero)
        }
    }
}
