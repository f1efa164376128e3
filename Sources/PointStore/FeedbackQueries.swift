import AnomalyDetection
import GRDB

/// Looking for feedback. Each runs inside a read of the caller's.
enum FeedbackQueries {
    /// What was said of a stream behind its point `sequence` or a later one, in that order. Actions and kinds that only a
    /// later version knows are passed over.
    static func feedback(_ database: Database, of stream: Int32, from sequence: Int64) throws -> [FeedbackRecord] {
        let statement = try database.cachedStatement(
            sql: select + " WHERE stream_id = ?1 AND sequence >= ?2 ORDER BY sequence, id")
        statement.bind(stream, at: 1)
        statement.bind(sequence, at: 2)
        return try records(statement)
    }

    /// All that was said of anomalies, in the order of time.
    static func feedbackOfAnomalies(_ database: Database) throws -> [FeedbackRecord] {
        try records(try database.cachedStatement(sql: select + " WHERE anomaly_id IS NOT NULL ORDER BY id"))
    }

    private static let select = """
        SELECT stream_id, sequence, silent, time, action, anomaly_id, start_sequence, kind, score, channel, shape, message,
            uid
        FROM feedback
        """

    private static func records(_ statement: Statement) throws -> [FeedbackRecord] {
        var records: [FeedbackRecord] = []
        try statement.forEachRow { row in
            if let record = record(row) { records.append(record) }
            return true
        }
        return records
    }

    private static func record(_ row: Statement) -> FeedbackRecord? {
        guard let action = FeedbackRecord.Action(rawValue: row.string(4)) else { return nil }
        var label: Feedback.Label?
        if !row.isNull(7) {
            guard let kind = AnomalyKind(rawValue: row.string(7)) else { return nil }
            label = Feedback.Label(
                anomaly: row.int64(6), kind: kind, score: row.double(8), isTrue: action == .truePositive,
                channel: Int(row.int64(9)), shape: Anomaly.attribution(ofText: row.string(10)))
        }
        return FeedbackRecord(
            stream: row.int32(0), sequence: row.int64(1), isSilent: row.int64(2) != 0, time: row.int64(3),
            action: action,
            anomaly: row.isNull(5) ? nil : row.int64(5), label: label, message: row.string(11),
            user: row.isNull(12) ? nil : UInt32(truncatingIfNeeded: row.int64(12)))
    }
}
