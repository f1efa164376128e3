/// Memory for what a member of a group has of its own: first the state of the network, then what `Desk` puts away. Whoever
/// has it must deallocate it.
struct MemberRecord {
    /// More bytes to spare than this are given back.
    private static let spare = 64

    private(set) var memory: UnsafeMutableRawPointer?
    private(set) var capacity: UInt32 = 0

    /// Makes room for so many bytes.
    ///
    /// - Parameter kept: bytes at the beginning that stay as they are.
    mutating func fit(_ bytes: Int, keeping kept: Int) -> UnsafeMutableRawPointer {
        if let memory, bytes <= Int(capacity), bytes + Self.spare > Int(capacity) { return memory }
        // What the allocator gives anyway: a multiple of 16, of which it has 8 for itself.
        let wanted = (bytes + 7) / 16 * 16 + 8
        let new = UnsafeMutableRawPointer.allocate(byteCount: wanted, alignment: 16)
        if let memory {
            new.copyMemory(from: memory, byteCount: min(kept, Int(capacity)))
            memory.deallocate()
        }
        (memory, capacity) = (new, UInt32(wanted))
        return new
    }

    func copy() -> MemberRecord {
        guard let memory else { return self }
        var other = MemberRecord()
        other.fit(Int(capacity), keeping: 0).copyMemory(from: memory, byteCount: Int(capacity))
        return other
    }

    func deallocate() { memory?.deallocate() }
}
