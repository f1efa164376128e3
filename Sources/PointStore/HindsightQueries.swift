import GRDB

/// Looking for hindsight. Each runs inside a read of the caller's.
enum HindsightQueries {
    /// Whether the stream has hindsight of a point in `times`. One look-up in the key.
    static func exists(_ database: Database, of stream: Int32, in times: ClosedRange<Int64>) throws -> Bool {
        let statement = try database.cachedStatement(
            sql: "SELECT 1 FROM hindsight WHERE stream_id = ?1 AND time BETWEEN ?2 AND ?3 LIMIT 1")
        statement.bind(stream, at: 1)
        statement.bind(times.lowerBound, at: 2)
        statement.bind(times.upperBound, at: 3)
        var exists = false
        try statement.forEachRow { _ in
            exists = true
            return false
        }
        return exists
    }
}
