import CMalloc

/// What the C library's allocator has given out, to Swift as well: unlike resident memory, it says at once when
/// something is kept that should not be, and does not grow as free memory is cut into pieces.
enum AllocatedMemory {
    /// Bytes in use now, in all arenas and in mappings of their own. Takes each arena's lock for a moment.
    static var bytes: Int64 {
        let info = mallinfo2()
        return Int64(clamping: info.uordblks) + Int64(clamping: info.hblkhd)
    }

    /// Bytes that it has from the kernel and keeps for later, in pieces between those in use. Takes the locks, too.
    static var freeBytes: Int64 { Int64(clamping: mallinfo2().fordblks) }
}
