import AnomalyDetection
import GRDB

/// Reading anomalies back.
enum AnomalyQueries {
    /// The anomalies that match, newest start first.
    ///
    /// They are read along the index of their starts, and streams are picked out here: anomalies are few beside points.
    static func anomalies(
        _ database: Database, _ query: AnomalyQuery, parts: StoreSchema.Parts
    ) throws -> [StoredAnomaly] {
        let kinds = parts.contains(.events) ? "kind, attribution" : "NULL, NULL"
        let limit = max(0, query.limit ?? .max)
        let statement = try database.cachedStatement(
            sql: """
                SELECT id, stream_id, start_sequence, start_time, end_time, peak_time, peak_score, peak_channel,
                    peak_value, peak_prediction, points, open, \(kinds)
                FROM anomaly
                WHERE (?1 IS NULL OR start_time < ?1) AND (?2 IS NULL OR end_time >= ?2)
                    AND (?3 IS NULL OR peak_score >= ?3) AND (open OR NOT ?4)
                ORDER BY start_time DESC, id DESC
                """)
        statement.bind(query.until, at: 1)
        statement.bind(query.since, at: 2)
        statement.bind(query.minimumScore ?? .nan, at: 3)
        statement.bind(query.openOnly ? 1 as Int64 : 0, at: 4)
        var result: [StoredAnomaly] = []
        if limit == 0 { return result }
        try statement.forEachRow { row in
            let stream = row.int32(1)
            if query.streams?.contains(stream) ?? true {
                let kind = row.isNull(12) ? nil : AnomalyKind(rawValue: row.string(12))
                result.append(StoredAnomaly(id: row.int64(0), stream: stream, kind: kind, anomaly: anomaly(row)))
            }
            return result.count < limit
        }
        return result
    }

    /// The streams with an anomaly that is not over, along the index of these.
    static func streamsWithOpen(_ database: Database) throws -> Set<Int32> {
        var streams: Set<Int32> = []
        try database.makeStatement(sql: "SELECT stream_id FROM anomaly WHERE open").forEachRow {
            streams.insert($0.int32(0))
            return true
        }
        return streams
    }

    private static func anomaly(_ row: Statement) -> Anomaly {
        Anomaly(
            startSequence: row.int64(2), start: row.int64(3), end: row.int64(4), peak: row.int64(5),
            peakScore: row.double(6), peakChannel: Int(row.int64(7)), peakValue: row.double(8),
            peakPrediction: row.double(9),
            attribution: row.isNull(13) ? [] : Anomaly.attribution(ofText: row.string(13)), points: row.int64(10),
            isOpen: row.int64(11) != 0)
    }
}

extension Anomaly {
    /// The shares as JSON; nil for a stream of one channel.
    var attributionText: String? {
        attribution.count > 1 ? "[" + attribution.map { "\($0)" }.joined(separator: ",") + "]" : nil
    }

    /// The shares in such a text; none if it is not one.
    static func attribution(ofText text: String) -> [Float] {
        let shares = text.dropFirst().dropLast().split(separator: ",").map { Float($0) }
        return shares.contains(nil) ? [] : shares.compactMap(\.self)
    }
}
