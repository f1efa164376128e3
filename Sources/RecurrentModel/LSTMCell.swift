package import Kernels

/// Long short-term memory (Hochreiter & Schmidhuber 1997; forget gate: Gers et al. 2000) as `torch.nn.LSTM`
/// computes it, gates in the order i, f, g, o. The state of a row is h followed by c.
///
///     i, f, o = σ(W_i·x + b_i + W_h·h + b_h)      g = tanh(…)
///     c' = f ∘ c + i ∘ g                           h' = o ∘ tanh(c')
package struct LSTMCell<Scalar: KernelScalar>: RecurrentCell {
    package let hidden: Int
    package var loops: (forward: CellLoop, backward: CellLoop) { (.lstmForward, .lstmBackward) }
    package var gates: Int { 4 }
    package var stateWidth: Int { 2 * hidden }
    package var keepsRecurrentApart: Bool { false }

    @specialized(where Scalar == Float)
    package func forward(
        batch: Int, x: UnsafeMutablePointer<Scalar>, r: UnsafeMutablePointer<Scalar>,
        previous: UnsafePointer<Scalar>, state: UnsafeMutablePointer<Scalar>
    ) {
        let n = hidden
        for j in 0..<batch {
            let xi = x + j * 4 * n
            let xf = xi + n
            let xg = xf + n
            let xo = xg + n
            let h = state + j * 2 * n
            for i in stride(from: 0, to: n, by: 8) {
                let input = Scalar.sigmoid(lanes(xi, i, of: n))
                let forget = Scalar.sigmoid(lanes(xf, i, of: n))
                let candidate = Scalar.tanh(lanes(xg, i, of: n))
                let output = Scalar.sigmoid(lanes(xo, i, of: n))
                let c = forget * lanes(previous + j * 2 * n + n, i, of: n) + input * candidate
                setLanes(xi, i, of: n, input)
                setLanes(xf, i, of: n, forget)
                setLanes(xg, i, of: n, candidate)
                setLanes(xo, i, of: n, output)
                setLanes(h + n, i, of: n, c)
                setLanes(h, i, of: n, output * Scalar.tanh(c))
            }
        }
    }

    @specialized(where Scalar == Float)
    package func backward(
        batch: Int, x: UnsafeMutablePointer<Scalar>, r: UnsafeMutablePointer<Scalar>,
        previous: UnsafePointer<Scalar>, state: UnsafePointer<Scalar>, d: UnsafeMutablePointer<Scalar>
    ) {
        let n = hidden
        for j in 0..<batch {
            let xi = x + j * 4 * n
            let xf = xi + n
            let xg = xf + n
            let xo = xg + n
            let dh = d + j * 2 * n
            let dc = dh + n
            for i in stride(from: 0, to: n, by: 8) {
                let input = lanes(xi, i, of: n)
                let forget = lanes(xf, i, of: n)
                let candidate = lanes(xg, i, of: n)
                let output = lanes(xo, i, of: n)
                let t = Scalar.tanh(lanes(state + j * 2 * n + n, i, of: n))
                let dOut = lanes(dh, i, of: n)
                let dCell = lanes(dc, i, of: n) + dOut * output * (1 - t * t)
                setLanes(xi, i, of: n, dCell * candidate * input * (1 - input))
                let c = lanes(previous + j * 2 * n + n, i, of: n)
                setLanes(xf, i, of: n, dCell * c * forget * (1 - forget))
                setLanes(xg, i, of: n, dCell * input * (1 - candidate * candidate))
                setLanes(xo, i, of: n, dOut * t * output * (1 - output))
                setLanes(dh, i, of: n, .zero)
                setLanes(dc, i, of: n, dCell * forget)
            }
        }
    }
}
