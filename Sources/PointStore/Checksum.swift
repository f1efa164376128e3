/// FNV-1a, 64 bits: http://www.isthe.com/chongo/tech/comp/fnv/
///
/// It guards checkpoints against rot and strayed pages, not against malice. Each of its steps is a bijection of the
/// 64-bit state, so any single changed byte is found for certain, and larger damage is missed once in 2⁶⁴. Chosen over
/// CRC-32C because it is ten lines in any language and needs no table.
struct Checksum {
    private(set) var value: UInt64 = 0xcbf2_9ce4_8422_2325

    private mutating func add(_ byte: UInt8) {
        value = (value ^ UInt64(byte)) &* 0x100_0000_01b3
    }

    /// The eight bytes of `number`, lowest first.
    mutating func add(_ number: Int64) {
        for shift in stride(from: 0, to: 64, by: 8) { add(UInt8(truncatingIfNeeded: number >> Int64(shift))) }
    }

    mutating func add(_ bytes: UnsafeRawBufferPointer) {
        for byte in bytes { add(byte) }
    }

    /// Of a checkpoint: stream, sequence and format are covered too, so that a state that strayed into another
    /// stream's row is found.
    static func of(stream: Int32, sequence: Int64, format: Int32, state: UnsafeRawBufferPointer) -> UInt64 {
        var checksum = Checksum()
        checksum.add(Int64(stream))
        checksum.add(sequence)
        checksum.add(Int64(format))
        checksum.add(state)
        return checksum.value
    }
}
