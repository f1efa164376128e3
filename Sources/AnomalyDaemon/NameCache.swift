package import FeedProtocol

/// Stream names that one feed has met: an open-addressed table from raw bytes to directory entries, so that a point
/// costs one hash and one comparison, no String, no allocation and no lock. Belongs to one thread.
///
/// It has a limit, as each connection has one: when that is reached it forgets all and begins anew.
package struct NameCache {
    private struct Slot {
        var hash: UInt64 = 0
        var start: Int32 = 0
        var length: Int32 = -1
        var entry = StreamDirectory.Entry(id: 0, channels: 0, shard: 0, place: 0)
    }

    /// Names that are kept at most, and bytes of them: 8 MiB with the table.
    package static let mostNames = 65_536
    package static let mostBytes = 4 << 20
    private static let fewestSlots = 64

    private var slots = [Slot](repeating: Slot(), count: Self.fewestSlots)
    private var names: [UInt8] = []
    private var used = 0

    /// Multiplicative hash over eight bytes at a time, mixed at the end. Stable across processes.
    package static func hash(_ bytes: UnsafeRawBufferPointer) -> UInt64 {
        var hash: UInt64 = 0x9e37_79b9_7f4a_7c15 ^ UInt64(bytes.count)
        var i = 0
        while i + 8 <= bytes.count {
            hash = (hash ^ bytes.loadUnaligned(fromByteOffset: i, as: UInt64.self)) &* 0xff51_afd7_ed55_8ccd
            hash ^= hash >> 32
            i += 8
        }
        while i < bytes.count {
            hash = (hash ^ UInt64(bytes[i])) &* 0x100_0000_01b3
            i += 1
        }
        hash ^= hash >> 29
        hash = hash &* 0xc4ce_b9fe_1a85_ec53
        return hash ^ (hash >> 32)
    }

    package init() {}

    /// The entry of a name; asks `resolve` the first time.
    package mutating func entry(
        of name: UnsafeRawBufferPointer,
        orResolve resolve: () throws(FeedLineError) -> StreamDirectory.Entry
    ) throws(FeedLineError) -> StreamDirectory.Entry {
        let hash = Self.hash(name)
        var index = Int(truncatingIfNeeded: hash) & (slots.count - 1)
        while slots[index].length >= 0 {
            let slot = slots[index]
            if slot.hash == hash, Int(slot.length) == name.count, isEqual(name, at: Int(slot.start)) {
                return slot.entry
            }
            index = (index + 1) & (slots.count - 1)
        }
        let entry = try resolve()
        if used == Self.mostNames || names.count + name.count > Self.mostBytes {
            self = NameCache()
            index = Int(truncatingIfNeeded: hash) & (slots.count - 1)
        }
        slots[index] = Slot(hash: hash, start: Int32(names.count), length: Int32(name.count), entry: entry)
        names.append(contentsOf: name)
        used += 1
        if used * 2 > slots.count { grow() }
        return entry
    }

    private func isEqual(_ name: UnsafeRawBufferPointer, at start: Int) -> Bool {
        names.withUnsafeBytes { stored in
            for i in 0..<name.count where stored[start + i] != name[i] { return false }
            return true
        }
    }

    private mutating func grow() {
        let old = slots
        slots = Array(repeating: Slot(), count: old.count * 2)
        for slot in old where slot.length >= 0 {
            var index = Int(truncatingIfNeeded: slot.hash) & (slots.count - 1)
            while slots[index].length >= 0 { index = (index + 1) & (slots.count - 1) }
            slots[index] = slot
        }
    }
}
