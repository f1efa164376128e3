package import Kernels

/// Gated recurrent unit (Cho et al. 2014) as `torch.nn.GRU` computes it, gates in the order r, z, n:
///
///     r  = σ(W_ir·x + b_ir + W_hr·h + b_hr)
///     z  = σ(W_iz·x + b_iz + W_hz·h + b_hz)
///     n  = tanh(W_in·x + b_in + r ∘ (W_hn·h + b_hn))
///     h' = (1 − z) ∘ n + z ∘ h
package struct GRUCell<Scalar: KernelScalar>: RecurrentCell {
    package let hidden: Int
    package var loops: (forward: CellLoop, backward: CellLoop) { (.gruForward, .gruBackward) }
    package var gates: Int { 3 }
    package var stateWidth: Int { hidden }
    package var keepsRecurrentApart: Bool { true }

    @specialized(where Scalar == Float)
    package func forward(
        batch: Int, x: UnsafeMutablePointer<Scalar>, r: UnsafeMutablePointer<Scalar>,
        previous: UnsafePointer<Scalar>, state: UnsafeMutablePointer<Scalar>
    ) {
        let n = hidden
        for j in 0..<batch {
            let xr = x + j * 3 * n
            let xz = xr + n
            let xn = xz + n
            let hr = r + j * 3 * n
            let hz = hr + n
            let hn = hz + n
            for i in stride(from: 0, to: n, by: 8) {
                let reset = Scalar.sigmoid(lanes(xr, i, of: n) + lanes(hr, i, of: n))
                let update = Scalar.sigmoid(lanes(xz, i, of: n) + lanes(hz, i, of: n))
                let new = Scalar.tanh(lanes(xn, i, of: n) + reset * lanes(hn, i, of: n))
                setLanes(xr, i, of: n, reset)
                setLanes(xz, i, of: n, update)
                setLanes(xn, i, of: n, new)
                setLanes(state + j * n, i, of: n, new + update * (lanes(previous + j * n, i, of: n) - new))
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
            let xr = x + j * 3 * n
            let xz = xr + n
            let xn = xz + n
            let hr = r + j * 3 * n
            let hz = hr + n
            let hn = hz + n
            for i in stride(from: 0, to: n, by: 8) {
                let reset = lanes(xr, i, of: n)
                let update = lanes(xz, i, of: n)
                let new = lanes(xn, i, of: n)
                let dState = lanes(d + j * n, i, of: n)
                let dNew = dState * (1 - update) * (1 - new * new)
                let dUpdate = dState * (lanes(previous + j * n, i, of: n) - new) * update * (1 - update)
                let dReset = dNew * lanes(hn, i, of: n) * reset * (1 - reset)
                setLanes(xr, i, of: n, dReset)
                setLanes(xz, i, of: n, dUpdate)
                setLanes(xn, i, of: n, dNew)
                setLanes(hr, i, of: n, dReset)
                setLanes(hz, i, of: n, dUpdate)
                setLanes(hn, i, of: n, dNew * reset)
                setLanes(d + j * n, i, of: n, dState * update)
            }
        }
    }
}
