import GRDB

/// Looking for points that wait. Each runs inside a read of the caller's.
enum PendingQueries {
    /// Those of a stream, in the order of time.
    static func points(_ database: Database, of stream: Int32) throws -> [PendingPoint] {
        let statement = try database.cachedStatement(
            sql: "SELECT time, channel, value FROM pending WHERE stream_id = ?1 ORDER BY time, channel")
        statement.bind(stream, at: 1)
        var points: [PendingPoint] = []
        try statement.forEachRow { row in
            if row.int64(1) == 0 { points.append(PendingPoint(time: row.int64(0), values: [])) }
            if !points.isEmpty { points[points.count - 1].values.append(row.double(2)) }
            return true
        }
        return points
    }

    /// How many points of each stream wait; streams without any are absent.
    static func counts(_ database: Database) throws -> [Int32: Int64] {
        let statement = try database.cachedStatement(
            sql: "SELECT stream_id, count(*) FROM pending WHERE channel = 0 GROUP BY stream_id")
        var counts: [Int32: Int64] = [:]
        try statement.forEachRow {
            counts[$0.int32(0)] = $0.int64(1)
            return true
        }
        return counts
    }
}
