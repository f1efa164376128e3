package import Kernels

/// What differs between RNN, LSTM and GRU: the arithmetic between the matrix products. The products themselves, the
/// walk through time and the gradients of the weights are the same for all and live in `RecurrentLayer`.
///
/// Each function handles the `batch` rows of one time step. Adding a cell means adding one conforming type and one
/// line in `makeCell`.
package protocol RecurrentCell<Scalar>: Sendable {
    associatedtype Scalar: KernelScalar

    /// H, units of the layer.
    var hidden: Int { get }
    /// G: blocks of H rows in each weight matrix, in PyTorch's order.
    var gates: Int { get }
    /// S: numbers that a row carries to the next step. The first H of them are the output h.
    var stateWidth: Int { get }
    /// True if the recurrent product must stay apart from the input product (GRU multiplies it by the reset gate
    /// first); false if `x` already holds the sum of both.
    var keepsRecurrentApart: Bool { get }

    /// The forms of `forward` and `backward` that were made for a processor, tried first.
    var loops: (forward: CellLoop, backward: CellLoop) { get }

    /// In: `x` (G·H, batch) = W_ih·x + b_ih (+ W_hh·h + b_hh unless kept apart in `r`), `previous` (S, batch).
    /// Out: `state` (S, batch), and in `x` what `backward` needs to know, usually the activated gates.
    func forward(
        batch: Int, x: UnsafeMutablePointer<Scalar>, r: UnsafeMutablePointer<Scalar>,
        previous: UnsafePointer<Scalar>, state: UnsafeMutablePointer<Scalar>)

    /// In: `x` and `r` as `forward` left them, `previous`, `state`, and `d` (S, batch) = ∂loss/∂state.
    /// Out: `x` = ∂loss/∂(input product), `r` = ∂loss/∂(recurrent product) if kept apart, and `d` = that part of
    /// ∂loss/∂previous that does not pass through the recurrent product.
    func backward(
        batch: Int, x: UnsafeMutablePointer<Scalar>, r: UnsafeMutablePointer<Scalar>,
        previous: UnsafePointer<Scalar>, state: UnsafePointer<Scalar>, d: UnsafeMutablePointer<Scalar>)
}

/// The register of cells.
func makeCell<S: KernelScalar>(_ kind: CellKind, hidden: Int, of: S.Type = S.self) -> any RecurrentCell<S> {
    switch kind {
    case .rnn: RNNCell<S>(hidden: hidden)
    case .lstm: LSTMCell<S>(hidden: hidden)
    case .gru: GRUCell<S>(hidden: hidden)
    }
}
