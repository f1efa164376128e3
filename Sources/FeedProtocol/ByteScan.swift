/// Searches eight bytes at a time in an ordinary integer register. It needs no import and no CPU feature, and lines
/// are too short for wider registers to gain much.
enum ByteScan {
    private static let ones: UInt64 = 0x0101_0101_0101_0101
    private static let highBits: UInt64 = 0x8080_8080_8080_8080

    /// The first newline in `start..<end`.
    @inline(__always)
    static func newline(from start: UnsafeRawPointer, to end: UnsafeRawPointer) -> UnsafeRawPointer? {
        var position = start
        // Within long lines four words share one branch.
        while end - position >= 32 {
            let found =
                newlines(in: word(position)) | newlines(in: word(position + 8))
                | newlines(in: word(position + 16)) | newlines(in: word(position + 24))
            if found != 0 { break }
            position += 32
        }
        while end - position >= 8 {
            let found = newlines(in: word(position))
            if found != 0 { return position + found.trailingZeroBitCount / 8 }
            position += 8
        }
        while position < end {
            if position.load(as: UInt8.self) == UInt8(ascii: "\n") { return position }
            position += 1
        }
        return nil
    }

    /// Where the first byte up to 0x20 (space, tab and the other ASCII control characters but DEL) lies, or `end`; and
    /// whether DEL or a byte outside ASCII lies before it.
    @inline(__always)
    static func nameEnd(
        from start: UnsafeRawPointer, to end: UnsafeRawPointer
    ) -> (position: UnsafeRawPointer, isPlainASCII: Bool) {
        var position = start
        var seen: UInt64 = 0
        while end - position >= 8 {
            let bytes = word(position)
            // The lowest flag is exact: a borrow moves only upwards, out of a byte that has a flag itself.
            let found = (bytes &- ones &* 0x21) & ~bytes & highBits
            // Adding 1 lifts DEL above 0x7F; what 0xFF carries upwards matters no more, for 0xFF is flagged itself.
            let suspicious = bytes | (bytes &+ ones)
            if found != 0 {
                let count = found.trailingZeroBitCount / 8
                let before = (1 as UInt64) << UInt64(count &* 8) &- 1
                seen |= suspicious & before
                return (position + count, seen & highBits == 0)
            }
            seen |= suspicious
            position += 8
        }
        while position < end {
            let byte = position.load(as: UInt8.self)
            if byte <= 0x20 { break }
            seen |= UInt64(byte | (byte &+ 1))
            position += 1
        }
        return (position, seen & highBits == 0)
    }

    /// False where a byte is none of those that stand in a NAME for themselves, whatever part of it they are in: a control
    /// character, a space, one outside ASCII, or one of `%`, `;` and `=`. May be false without one, too.
    @inline(__always)
    static func isOrdinary(from start: UnsafeRawPointer, to end: UnsafeRawPointer) -> Bool {
        var position = start
        while end - position >= 8 {
            let bytes = word(position)
            let found =
                (bytes &- ones &* 0x21) & ~bytes | bytes | (bytes &+ ones) | zeros(bytes ^ (ones &* 0x25))
                | zeros(bytes ^ (ones &* 0x3B)) | zeros(bytes ^ (ones &* 0x3D))
            if found & highBits != 0 { return false }
            position += 8
        }
        while position < end {
            switch position.load(as: UInt8.self) {
            case 0...0x20, 0x25, 0x3B, 0x3D, 0x7F...0xFF: return false
            default: position += 1
            }
        }
        return true
    }

    /// Whether all bytes are ASCII.
    @inline(__always)
    static func isASCII(from start: UnsafeRawPointer, to end: UnsafeRawPointer) -> Bool {
        var position = start
        var seen: UInt64 = 0
        while end - position >= 8 {
            seen |= word(position)
            position += 8
        }
        while position < end {
            seen |= UInt64(position.load(as: UInt8.self))
            position += 1
        }
        return seen & highBits == 0
    }

    /// Eight bytes, the first one lowest.
    @inline(__always)
    private static func word(_ position: UnsafeRawPointer) -> UInt64 {
        UInt64(littleEndian: position.loadUnaligned(as: UInt64.self))
    }

    /// The high bit of each byte that is a newline; above the lowest one there may be false ones.
    @inline(__always)
    private static func newlines(in word: UInt64) -> UInt64 {
        zeros(word ^ (ones &* UInt64(UInt8(ascii: "\n")))) & highBits
    }

    /// The high bit of each byte that is zero; above the lowest one there may be false ones, and the other bits mean
    /// nothing.
    @inline(__always)
    private static func zeros(_ word: UInt64) -> UInt64 { (word &- ones) & ~word }
}
