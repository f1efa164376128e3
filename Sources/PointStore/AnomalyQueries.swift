import AnomalyDetection
import GRDB

/// Reading anomalies back.
enum AnomalyQueries {
    /// The anomalies that match, newest start first.
    ///
    /// They are read along the index of their starts, and streams are picked out here: anomalies are few beside points.
    static func anomalies(_ database: Database, _ query: AnomalyQuery) throws -> [StoredAnomaly] {
        let limit = max(0, query.limit ?? .max)
        var conditions: [String] = []
        if query.until != nil { conditions.append("start_time < ?1") }
        if query.since != nil { conditions.append("end_time >= ?2") }
        if query.minimumScore != nil { conditions.append("peak_score >= ?3") }
        if query.openOnly { conditions.append("open") }
        let filter = conditions.isEmpty ? "" : "WHERE " + conditions.joined(separator: " AND ")
        // ?1 to ?3 are parameters even where the filter does not use them.
        let statement = try database.cachedStatement(
            sql: """
                SELECT id, stream_id, start_sequence, start_time, end_time, peak_time, peak_score, peak_channel,
                    peak_value, peak_prediction, points, open, coalesce(?1, ?2, ?3)
                FROM anomaly \(filter) ORDER BY start_time DESC, id DESC
                """)
        statement.bind(query.until ?? 0, at: 1)
        statement.bind(query.since ?? 0, at: 2)
        statement.bind(query.minimumScore ?? 0, at: 3)
        var result: [StoredAnomaly] = []
        if limit == 0 { return result }
        try statement.forEachRow { row in
            let stream = row.int32(1)
            if query.streams?.contains(stream) ?? true {
                result.append(StoredAnomaly(id: row.int64(0), stream: stream, anomaly: anomaly(row)))
            }
            return result.count < limit
        }
        return result
    }

    private static func anomaly(_ row: Statement) -> Anomaly {
        Anomaly(
            startSequence: row.int64(2), start: row.int64(3), end: row.int64(4), peak: row.int64(5),
            peakScore: row.double(6), peakChannel: Int(row.int64(7)), peakValue: row.double(8),
            peakPrediction: row.double(9), points: row.int64(10), isOpen: row.int64(11) != 0)
    }
}
