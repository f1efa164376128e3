import Kernels

// Elementwise code walks vectors in steps of eight lanes. The last step may be short: then missing lanes are read as
// zero and not written.

@inline(__always)
func lanes<S: KernelScalar>(_ p: UnsafePointer<S>, _ i: Int, of n: Int) -> SIMD8<S> {
    if i + 8 <= n { return UnsafeRawPointer(p + i).loadUnaligned(as: SIMD8<S>.self) }
    var v = SIMD8<S>.zero
    for k in 0..<(n - i) { v[k] = p[i + k] }
    return v
}

@inline(__always)
func lanes<S: KernelScalar>(_ p: UnsafeMutablePointer<S>, _ i: Int, of n: Int) -> SIMD8<S> {
    lanes(UnsafePointer(p), i, of: n)
}

@inline(__always)
func setLanes<S: KernelScalar>(_ p: UnsafeMutablePointer<S>, _ i: Int, of n: Int, _ v: SIMD8<S>) {
    if i + 8 <= n {
        UnsafeMutableRawPointer(p + i).storeBytes(of: v, as: SIMD8<S>.self)
    } else {
        for k in 0..<(n - i) { p[i + k] = v[k] }
    }
}
