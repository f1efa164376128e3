import GRDB

/// Looking for events. Each runs inside a read of the caller's.
enum EventQueries {
    /// Those of a stream behind its point `sequence` or a later one, in their order. Kinds that only a later version
    /// knows are passed over.
    static func events(_ database: Database, of stream: Int32, from sequence: Int64) throws -> [EventRecord] {
        let statement = try database.cachedStatement(
            sql: """
                SELECT sequence, kind, time FROM event WHERE stream_id = ?1 AND sequence >= ?2 ORDER BY sequence
                """)
        statement.bind(stream, at: 1)
        statement.bind(sequence, at: 2)
        var events: [EventRecord] = []
        try statement.forEachRow { row in
            if let kind = EventRecord.Kind(rawValue: row.string(1)) {
                events.append(EventRecord(stream: stream, sequence: row.int64(0), kind: kind, time: row.int64(2)))
            }
            return true
        }
        return events
    }
}
