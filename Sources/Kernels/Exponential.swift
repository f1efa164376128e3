// eˣ for the softmax of attention and the Gaussian loss: 2ᵏ · eʳ with |r| ≤ ½ ln 2. Polynomials of our own, as for
// tanh, keep results equal across machines.

extension Float {
    /// eˣ for eight numbers at once, as in Cephes' `expf` (Moshier): at most 2 units in the last place off. Below
    /// x = −87.3 and above x = 88.3 it gives the value there, about 10⁻³⁸ and 2 · 10³⁸; NaN stays.
    @inlinable
    @inline(__always)
    public static func exponential(_ x: SIMD8<Float>) -> SIMD8<Float> {
        let high = SIMD8<Float>(repeating: 88.3)
        let low = SIMD8<Float>(repeating: -87.3)
        let c = x.replacing(with: high, where: x .> high).replacing(with: low, where: x .< low)
        // Adding 1.5 · 2²³ leaves the nearest whole number in the last bits, without a call for each lane.
        let magic = SIMD8<Float>(repeating: 12_582_912)
        let shifted = c * 1.442_695_04 + magic
        let k = shifted - magic
        // ln 2 in two parts, of which the first has few digits, so that its product with k is exact.
        let r = c - k * 0.693_359_375 - k * -2.121_944_4e-4
        var p = SIMD8<Float>(repeating: 1.987_569_15e-4) * r + 1.398_199_95e-3
        p = p * r + 8.333_451_91e-3
        p = p * r + 4.166_579_59e-2
        p = p * r + 1.666_666_55e-1
        p = p * r + 5.000_000_12e-1
        let fraction = p * r * r + r + 1
        let whole = unsafeBitCast(shifted, to: SIMD8<Int32>.self) &- unsafeBitCast(magic, to: SIMD8<Int32>.self)
        let power = unsafeBitCast((whole &+ 127) &<< 23, to: SIMD8<Float>.self)
        return fraction * power
    }
}

extension Double {
    /// eˣ for eight numbers at once, precise to 10⁻¹⁵, for −700 < x < 700; beyond, the value there. NaN stays.
    @inlinable
    public static func exponential(_ x: SIMD8<Double>) -> SIMD8<Double> {
        var y = x
        for k in 0..<8 where !x[k].isNaN { y[k] = exponential(Swift.max(-700, Swift.min(700, x[k]))) }
        return y
    }
}
