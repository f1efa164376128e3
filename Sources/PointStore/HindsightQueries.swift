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

    /// The hindsight of a stream's points in `times`, by their time.
    static func hindsight(
        _ database: Database, of stream: Int32, in times: ClosedRange<Int64>
    ) throws -> [Int64: StoredHindsight] {
        let statement = try database.cachedStatement(
            sql: """
                SELECT time, score, anomaly, prediction FROM hindsight WHERE stream_id = ?1 AND time BETWEEN ?2 AND ?3
                ORDER BY time, channel
                """)
        statement.bind(stream, at: 1)
        statement.bind(times.lowerBound, at: 2)
        statement.bind(times.upperBound, at: 3)
        var found: [Int64: StoredHindsight] = [:]
        try statement.forEachRow { row in
            let none = StoredHindsight(score: row.double(1), isAnomaly: row.int64(2) != 0, predictions: [])
            found[row.int64(0), default: none].predictions.append(row.double(3))
            return true
        }
        return found
    }
}
