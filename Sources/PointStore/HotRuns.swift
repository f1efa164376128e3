import CPoints
import GRDB

/// Points of the table `hot`, one channel of a stream after the other.
enum HotRuns {
    /// Calls `body` with points of one channel whose numbers follow each other, in the order of streams, channels and time.
    ///
    /// - Parameters:
    ///   - ids: the numbers of the rows that are looked at.
    ///   - streams: the ids of the streams that are.
    /// - Throws: `DatabaseError`; with `SQLITE_CORRUPT` if points are damaged.
    static func forEach(
        _ database: Database, ids: ClosedRange<Int64> = .min ... .max, streams: ClosedRange<Int32> = .min ... .max,
        _ body: (_ points: [anomalyd_point], _ first: Int64, _ stream: Int32, _ channel: Int32) throws -> Void
    ) throws {
        // Along the index.
        let rows = try database.cachedStatement(
            sql: """
                SELECT \(PackedQueries.Tier.hot.columns), stream_id, channel FROM hot
                WHERE stream_id BETWEEN ?1 AND ?2 AND +id BETWEEN ?3 AND ?4 ORDER BY stream_id, channel, first_time
                """)
        rows.bind(streams.lowerBound, at: 1)
        rows.bind(streams.upperBound, at: 2)
        rows.bind(ids.lowerBound, at: 3)
        rows.bind(ids.upperBound, at: 4)
        var run: [anomalyd_point] = []
        var (stream, channel, first): (Int32, Int32, Int64) = (0, 0, 0)
        try rows.forEachRow { row in
            let points = try PackedQueries.points(in: row, .hot, of: row.int32(5))
            if row.int32(5) != stream || row.int32(6) != channel || row.int64(1) != first + Int64(run.count) {
                if !run.isEmpty { try body(run, first, stream, channel) }
                run.removeAll(keepingCapacity: true)
                (stream, channel, first) = (row.int32(5), row.int32(6), row.int64(1))
            }
            run.append(contentsOf: points)
            return true
        }
        if !run.isEmpty { try body(run, first, stream, channel) }
    }
}
