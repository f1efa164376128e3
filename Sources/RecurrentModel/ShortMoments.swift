import Kernels

/// How an optimiser keeps its moments.
public enum MomentWidth: Sendable {
    /// As numbers of the network's own kind, so that the path is PyTorch's.
    case full
    /// In 16 bits each: for very many networks that learn. See `ShortMoments`.
    case short
}

/// Moments in 16 bits each, half the memory: the first as the upper half of a Float (sign, 8 bits of exponent, 7 of
/// mantissa), the second, which is never negative, as the 16 bits behind its sign (8 and 8). `MomentDither` says how they
/// are cut to that.
package enum ShortMoments {
    /// From this format on, a saved state has them.
    package static let format: UInt16 = 8

    static func first(_ bits: UInt16) -> Float { Float(bitPattern: UInt32(bits) << 16) }
    static func second(_ bits: UInt16) -> Float { Float(bitPattern: UInt32(bits) << 15) }

    /// The nearest ones to numbers that were kept in full.
    static func bits(first: Float) -> UInt16 { UInt16(clamping: (first.bitPattern &+ 0x8000) >> 16) }
    static func bits(second: Float) -> UInt16 { UInt16(clamping: (abs(second).bitPattern &+ 0x4000) >> 15) }
}

/// Where a step reads and writes moments, eight at once; those beyond the last are read as 0 and not written.
protocol MomentLanes<Scalar> {
    associatedtype Scalar: KernelScalar
    func first(_ i: Int) -> SIMD8<Scalar>
    func second(_ i: Int) -> SIMD8<Scalar>
    func setFirst(_ i: Int, _ values: SIMD8<Scalar>)
    func setSecond(_ i: Int, _ values: SIMD8<Scalar>)
}

struct FullLanes<Scalar: KernelScalar>: MomentLanes {
    let m: UnsafeMutablePointer<Scalar>
    let v: UnsafeMutablePointer<Scalar>
    let count: Int

    @inline(__always) func first(_ i: Int) -> SIMD8<Scalar> { lanes(m, i, of: count) }
    @inline(__always) func second(_ i: Int) -> SIMD8<Scalar> { lanes(v, i, of: count) }
    @inline(__always) func setFirst(_ i: Int, _ values: SIMD8<Scalar>) { setLanes(m, i, of: count, values) }
    @inline(__always) func setSecond(_ i: Int, _ values: SIMD8<Scalar>) { setLanes(v, i, of: count, values) }
}

struct ShortLanes<Scalar: KernelScalar>: MomentLanes {
    let m: UnsafeMutablePointer<UInt16>
    let v: UnsafeMutablePointer<UInt16>
    let count: Int
    let dither: MomentDither

    @inline(__always) func first(_ i: Int) -> SIMD8<Scalar> { numbers(load(m + i, i) &<< 16) }
    @inline(__always) func second(_ i: Int) -> SIMD8<Scalar> { numbers(load(v + i, i) &<< 15) }

    @inline(__always) func setFirst(_ i: Int, _ values: SIMD8<Scalar>) {
        store((bits(values) &+ (fraction(dither.first, i) &>> 16)) &>> 16, m + i, i)
    }

    @inline(__always) func setSecond(_ i: Int, _ values: SIMD8<Scalar>) {
        store((bits(values) &+ (fraction(dither.second, i) &>> 17)) &>> 15, v + i, i)
    }

    @inline(__always)
    private func fraction(_ first: UInt32, _ i: Int) -> SIMD8<UInt32> {
        let places = SIMD8<UInt32>(0, 1, 2, 3, 4, 5, 6, 7) &+ UInt32(truncatingIfNeeded: i)
        return places &* dither.stride &+ first
    }

    @inline(__always)
    private func numbers(_ bits: SIMD8<UInt32>) -> SIMD8<Scalar> {
        SIMD8<Scalar>(unsafeBitCast(bits, to: SIMD8<Float>.self))
    }

    @inline(__always)
    private func bits(_ values: SIMD8<Scalar>) -> SIMD8<UInt32> {
        unsafeBitCast(SIMD8<Float>(values), to: SIMD8<UInt32>.self)
    }

    @inline(__always)
    private func load(_ p: UnsafeMutablePointer<UInt16>, _ i: Int) -> SIMD8<UInt32> {
        var short = SIMD8<UInt16>.zero
        if i + 8 <= count {
            short = UnsafeRawPointer(p).loadUnaligned(as: SIMD8<UInt16>.self)
        } else {
            for k in 0..<(count - i) { short[k] = p[k] }
        }
        return SIMD8<UInt32>(truncatingIfNeeded: short)
    }

    @inline(__always)
    private func store(_ bits: SIMD8<UInt32>, _ p: UnsafeMutablePointer<UInt16>, _ i: Int) {
        let short = SIMD8<UInt16>(truncatingIfNeeded: bits)
        if i + 8 <= count {
            UnsafeMutableRawPointer(p).storeBytes(of: short, as: SIMD8<UInt16>.self)
        } else {
            for k in 0..<(count - i) { p[k] = short[k] }
        }
    }
}
