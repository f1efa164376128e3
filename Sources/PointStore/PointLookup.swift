import GRDB

/// Finds points of one stream by their times, quickly if these grow.
struct PointLookup {
    private let database: Database
    private let stream: Int32
    private let parts: StoreSchema.Parts
    /// The packed points among which the last one was.
    private var packed: PackedPoints?

    init(_ database: Database, stream: Int32, parts: StoreSchema.Parts) {
        self.database = database
        self.stream = stream
        self.parts = parts
    }

    /// The sequence number of the point at this time, 0 for one that came late; nil if there is none.
    mutating func sequence(at time: Int64) throws -> Int64? {
        if let packed, let sequence = Self.sequence(at: time, in: packed) { return sequence }
        if parts.contains(.packed) {
            var found: PackedPoints?
            try PackedQueries.forEach(database, of: stream, channels: 1, times: time...time) {
                if Self.sequence(at: time, in: $0) != nil { found = $0 }
                return found == nil
            }
            if let found {
                packed = found
                return Self.sequence(at: time, in: found)
            }
        }
        let statement = try database.cachedStatement(
            sql: "SELECT sequence FROM \(parts.rowTable) WHERE stream_id = ?1 AND time = ?2 AND channel = 0")
        statement.bind(stream, at: 1)
        statement.bind(time, at: 2)
        var sequence: Int64?
        try statement.forEachRow {
            sequence = $0.int64(0)
            return false
        }
        return sequence
    }

    private static func sequence(at time: Int64, in packed: PackedPoints) -> Int64? {
        let index = packed.firstIndex(notBefore: time)
        return index < packed.count && packed.time(at: index) == time ? packed.firstSequence + Int64(index) : nil
    }
}
