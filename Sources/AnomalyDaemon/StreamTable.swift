import PointStore

/// Streams by name and by id, in few bytes each, as there may be very many that sleep: 32 for the entry, 5 to 11 for its
/// place in the table, and those of its name.
///
/// Names are compared by their bytes; `String` would take canonically equivalent spellings for equal.
struct StreamTable {
    private struct Row {
        var id: Int32
        var channels: Int32
        var nameStart: UInt32
        var place: Int32
        var created: Int64
        var nameLength: UInt16
        var shard: UInt16
    }

    private static let fewestSlots = 64

    /// By ascending id.
    private var rows: [Row] = []
    /// All names, one behind the other.
    private var names: [UInt8] = []
    /// By hash of the name: numbers of rows, -1 where there is none. At most three quarters are used.
    private var slots = [Int32](repeating: -1, count: Self.fewestSlots)

    var count: Int { rows.count }
    /// 0 if there is no stream.
    var largestID: Int32 { rows.last?.id ?? 0 }

    func entry(of name: UnsafeRawBufferPointer) -> StreamDirectory.Entry? {
        let row = slots[slot(of: name)]
        return row < 0 ? nil : entry(rows[Int(row)])
    }

    func entry(of id: Int32) -> StreamDirectory.Entry? { row(of: id).map(entry) }

    func record(of id: Int32) -> StreamRecord? {
        row(of: id).map { row in
            let start = Int(row.nameStart)
            return StreamRecord(
                id: row.id, name: String(decoding: names[start..<start + Int(row.nameLength)], as: UTF8.self),
                channels: Int(row.channels), created: row.created)
        }
    }

    /// Adds a stream whose name is not here, and whose id is larger than all that are.
    mutating func append(_ name: UnsafeRawBufferPointer, _ entry: StreamDirectory.Entry, created: Int64) {
        precondition(entry.id > largestID, "streams come in the order of their ids")
        if (rows.count + 1) * 4 > slots.count * 3 { grow() }
        slots[slot(of: name)] = Int32(rows.count)
        rows.appendSlowly(
            Row(
                id: entry.id, channels: entry.channels, nameStart: UInt32(names.count), place: entry.place,
                created: created, nameLength: UInt16(clamping: name.count), shard: UInt16(entry.shard)))
        names.makeRoom(for: name.count)
        names.append(contentsOf: name)
    }

    private func entry(_ row: Row) -> StreamDirectory.Entry {
        StreamDirectory.Entry(id: row.id, channels: row.channels, shard: Int32(row.shard), place: row.place)
    }

    private func row(of id: Int32) -> Row? {
        var (low, high) = (0, rows.count)
        while low < high {
            let middle = low + (high - low) / 2
            if rows[middle].id < id { low = middle + 1 } else { high = middle }
        }
        return low < rows.count && rows[low].id == id ? rows[low] : nil
    }

    /// The slot that has the name, or the one that it would get.
    private func slot(of name: UnsafeRawBufferPointer) -> Int {
        var slot = Int(truncatingIfNeeded: NameCache.hash(name)) & (slots.count - 1)
        names.withUnsafeBytes { names in
            while slots[slot] >= 0, !isEqual(rows[Int(slots[slot])], name, in: names) {
                slot = (slot + 1) & (slots.count - 1)
            }
        }
        return slot
    }

    private func isEqual(_ row: Row, _ name: UnsafeRawBufferPointer, in names: UnsafeRawBufferPointer) -> Bool {
        let start = Int(row.nameStart)
        return Int(row.nameLength) == name.count
            && names[start..<start + Int(row.nameLength)].elementsEqual(name)
    }

    private mutating func grow() {
        slots = Array(repeating: -1, count: slots.count * 2)
        names.withUnsafeBytes { names in
            for (number, row) in rows.enumerated() {
                let start = Int(row.nameStart)
                let name = UnsafeRawBufferPointer(rebasing: names[start..<start + Int(row.nameLength)])
                // All names differ, so that none needs comparing.
                var slot = Int(truncatingIfNeeded: NameCache.hash(name)) & (slots.count - 1)
                while slots[slot] >= 0 { slot = (slot + 1) & (slots.count - 1) }
                slots[slot] = Int32(number)
            }
        }
    }
}
