import AnomalyDetection
import GRDB

/// Looking for feedback. Each runs inside a read of the caller's.
enum FeedbackQueries {
    /// What was said of a stream behind its point `sequence` or a later one, in that order. Actions and kinds that only a
    /// later version knows are passed over.
    static func feedback(
        _ database: Database, of stream: Int32, from sequence: Int64, parts: StoreSchema.Parts
    ) throws -> [FeedbackRecord] {
        let statement = try database.cachedStatement(
            sql: select(parts) + " WHERE stream_id = ?1 AND sequence >= ?2 ORDER BY sequence, id")
        statement.bind(stream, at: 1)
        statement.bind(sequence, at: 2)
        return try records(statement)
    }

    /// All that was said of anomalies, in the order of time.
    static func feedbackOfAnomalies(_ database: Database, parts: StoreSchema.Parts) throws -> [FeedbackRecord] {
        try records(
            try database.cachedStatement(sql: select(parts) + " WHERE anomaly_id IS NOT NULL ORDER BY id"))
    }

    /// What people have ordered for streams, with the number of each row, in the order in which it was said.
    static func orders(_ database: Database) throws -> [(id: Int64, record: FeedbackRecord)] {
        let actions = ["exclude", "include", "mute", "unmute", "rule"].map { "'\($0)'" }.joined(separator: ", ")
        var orders: [(id: Int64, record: FeedbackRecord)] = []
        try database.cachedStatement(sql: select(.steering) + " WHERE action IN (\(actions)) ORDER BY id").forEachRow {
            row in
            if let record = record(row) { orders.append((row.int64(17), record)) }
            return true
        }
        return orders
    }

    private static func select(_ parts: StoreSchema.Parts) -> String {
        """
        SELECT stream_id, sequence, silent, time, action, anomaly_id, start_sequence, kind, score, channel, shape, message,
            uid, \(parts.contains(.steering) ? "snapshot_id, since, until, rule" : "NULL, NULL, NULL, NULL"), id
        FROM feedback
        """
    }

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
        var record = FeedbackRecord(
            stream: row.int32(0), sequence: row.int64(1), isSilent: row.int64(2) != 0, time: row.int64(3),
            action: action,
            anomaly: row.isNull(5) ? nil : row.int64(5), label: label, message: row.string(11),
            user: row.isNull(12) ? nil : UInt32(truncatingIfNeeded: row.int64(12)))
        if label == nil, !row.isNull(6) { record.start = row.int64(6) }
        if !row.isNull(13) { record.snapshot = row.int64(13) }
        if !row.isNull(14) { record.since = row.int64(14) }
        if !row.isNull(15) { record.until = row.int64(15) }
        if !row.isNull(16) {
            guard let rule = ScoreRule(row.string(16)) else { return nil }
            record.rule = rule
        }
        return record
    }
}
