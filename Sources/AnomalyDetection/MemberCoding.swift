/// How what is known of a group's member is kept between two of its points: without gaps, and what is smoothed or ranked
/// in half the bits. One function of each type says what it has, for both directions: `exchange`.
///
/// What was put away and taken out again is put away as the same bytes, so that a stream whose state was saved and
/// restored goes on bit for bit.
protocol MemberCoding {
    /// Whether the fields get what was kept; else they are kept.
    static var isTakingOut: Bool { get }
    mutating func exchange<T: BitwiseCopyable>(_ value: inout T)
}

extension MemberCoding {
    /// In the upper half of its bits: 20 of the mantissa, and as large or small as before.
    @inline(__always)
    mutating func exchange(short value: inout Double) {
        var bits = Self.isTakingOut ? 0 : ShortDouble.bits(of: value)
        exchange(&bits)
        if Self.isTakingOut { value = ShortDouble.value(of: bits) }
    }

    /// A count that may stay where 32 bits end.
    @inline(__always)
    mutating func exchange(count value: inout Int64) {
        var bits = Self.isTakingOut ? 0 : UInt32(clamping: value)
        exchange(&bits)
        if Self.isTakingOut { value = Int64(bits) }
    }

    @inline(__always)
    mutating func exchange(count value: inout Double) {
        var bits = Self.isTakingOut ? 0 : UInt32(max(0, min(Double(UInt32.max), value)))
        exchange(&bits)
        if Self.isTakingOut { value = Double(bits) }
    }

    /// A count that goes on by as many as `period` at once when 32 bits end.
    @inline(__always)
    mutating func exchange(count value: inout Int64, period: Int64) {
        var kept = value
        if !Self.isTakingOut, kept > Int64(UInt32.max) {
            kept -= (kept - Int64(UInt32.max) + period - 1) / period * period
        }
        exchange(count: &kept)
        if Self.isTakingOut { value = kept }
    }
}

/// A number without the lower half of its bits.
package enum ShortDouble {
    private static let nan: UInt32 = 0x7ff8_0000

    @inline(__always)
    package static func bits(of value: Double) -> UInt32 {
        let exact = value.bitPattern
        let rounded = exact &+ 0x8000_0000
        if value.isFinite, rounded & 0x7ff0_0000_0000_0000 != 0x7ff0_0000_0000_0000 {
            return UInt32(truncatingIfNeeded: rounded >> 32)
        }
        // The largest ones are not to become infinite.
        return value.isNaN ? nan : UInt32(truncatingIfNeeded: exact >> 32)
    }

    @inline(__always)
    package static func value(of bits: UInt32) -> Double { Double(bitPattern: UInt64(bits) << 32) }
}

/// Puts away.
struct MemberWriter: MemberCoding {
    static var isTakingOut: Bool { false }
    private(set) var place: UnsafeMutableRawPointer

    init(_ place: UnsafeMutableRawPointer) { self.place = place }

    @inline(__always)
    mutating func exchange<T: BitwiseCopyable>(_ value: inout T) {
        place.storeBytes(of: value, as: T.self)
        place += MemoryLayout<T>.size
    }

    mutating func put(_ value: some BitwiseCopyable) {
        var value = value
        exchange(&value)
    }

    mutating func skip(_ bytes: Int) { place += bytes }
}

/// Takes out.
struct MemberReader: MemberCoding {
    static var isTakingOut: Bool { true }
    private(set) var place: UnsafeRawPointer

    init(_ place: UnsafeRawPointer) { self.place = place }

    @inline(__always)
    mutating func exchange<T: BitwiseCopyable>(_ value: inout T) {
        value = place.loadUnaligned(as: T.self)
        place += MemoryLayout<T>.size
    }

    mutating func take<T: BitwiseCopyable>() -> T {
        defer { place += MemoryLayout<T>.size }
        return place.loadUnaligned(as: T.self)
    }

    mutating func skip(_ bytes: Int) { place += bytes }
}

/// Only counts the bytes.
struct MemberSize: MemberCoding {
    static var isTakingOut: Bool { false }
    private(set) var bytes = 0

    @inline(__always)
    mutating func exchange<T: BitwiseCopyable>(_: inout T) { bytes += MemoryLayout<T>.size }
}
