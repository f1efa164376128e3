import AnomalyDetection
import GRDB
import GRDBSQLite

/// The prepared statements of a commit. Belongs to one connection and is used on its queue only.
final class CommitStatements {
    private let stream: Statement
    private let anomaly: Statement
    private let checkpoint: Statement
    private let event: Statement
    private let feedback: Statement
    private let snapshots: SnapshotStatements
    private let groups: GroupStatements
    private let hot: HotStatements
    private let late: LateStatements
    private let alerts: AlertStatements
    private let connection: SQLiteConnection?

    /// - Parameter meantime: see ``PointStore/meantime``.
    init(_ database: Database, meantime: @escaping () -> Void) throws {
        stream = try database.makeStatement(
            sql: "INSERT INTO stream (id, name, channels, created) VALUES (?1, ?2, ?3, ?4)")
        anomaly = try database.makeStatement(
            sql: """
                INSERT INTO anomaly
                    (stream_id, start_sequence, start_time, end_time, peak_time, peak_score, peak_channel, peak_value,
                    peak_prediction, points, open, kind, attribution)
                VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13)
                ON CONFLICT (stream_id, start_sequence) DO UPDATE SET
                    start_time = excluded.start_time, end_time = excluded.end_time, peak_time = excluded.peak_time,
                    peak_score = excluded.peak_score, peak_channel = excluded.peak_channel,
                    peak_value = excluded.peak_value, peak_prediction = excluded.peak_prediction,
                    points = excluded.points, open = excluded.open, kind = excluded.kind,
                    attribution = excluded.attribution
                """)
        event = try database.makeStatement(
            sql: """
                INSERT INTO event (stream_id, sequence, kind, time) VALUES (?1, ?2, ?3, ?4)
                ON CONFLICT (stream_id, sequence, kind) DO NOTHING
                """)
        feedback = try database.makeStatement(
            sql: """
                INSERT INTO feedback
                    (stream_id, sequence, silent, time, action, anomaly_id, start_sequence, kind, score, channel, shape,
                    message, uid, snapshot_id, since, until, rule)
                VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, ?17)
                """)
        // The slot is that of a checkpoint at the same point, else the one that does not hold the newest state. It is
        // found in the transaction, so that nothing has to be undone here when a commit fails.
        checkpoint = try database.makeStatement(
            sql: """
                INSERT INTO checkpoint (stream_id, slot, sequence, format, checksum, state)
                VALUES (
                    ?1,
                    coalesce(
                        (SELECT slot FROM checkpoint WHERE stream_id = ?1 AND sequence = ?2),
                        (SELECT 1 - slot FROM checkpoint WHERE stream_id = ?1 ORDER BY sequence DESC LIMIT 1),
                        0),
                    ?2, ?3, ?4, ?5)
                ON CONFLICT (stream_id, slot) DO UPDATE SET
                    sequence = excluded.sequence, format = excluded.format, checksum = excluded.checksum,
                    state = excluded.state
                """)
        snapshots = try SnapshotStatements(database)
        groups = try GroupStatements(database)
        hot = try HotStatements(database, meantime: meantime)
        late = try LateStatements(database)
        alerts = try AlertStatements(database)
        connection = database.sqliteConnection
    }

    /// Writes everything, inside a transaction that the caller has begun.
    ///
    /// - returns: what became of late points, and rows that have been added to `hot`.
    func write(_ commit: Commit, path: String) throws -> (LateOutcome, hot: HotSlices) {
        for record in commit.streams {
            try Self.naming("stream \(record.id) named \(record.name)", path, on: connection) { try insert(record) }
        }
        let added = try hot.write(commit.points, path: path)
        for record in commit.anomalies {
            try Self.naming("anomaly of stream \(record.stream)", path, on: connection) { try upsert(record) }
        }
        for record in commit.checkpoints {
            try Self.naming("checkpoint of stream \(record.stream)", path, on: connection) { try upsert(record) }
        }
        for record in commit.events {
            try Self.naming("event of stream \(record.stream)", path, on: connection) { try insert(record) }
        }
        for record in commit.feedback {
            try Self.naming("feedback on stream \(record.stream)", path, on: connection) { try insert(record) }
        }
        try snapshots.write(commit, path: path)
        try groups.write(commit, path: path)
        try alerts.write(commit, path: path)
        return (try late.write(commit, path: path), added)
    }

    /// What was written last was taken back.
    func forget() { hot.forget() }

    private func insert(_ record: StreamRecord) throws {
        stream.bind(record.id, at: 1)
        stream.bind(Int64(record.channels), at: 3)
        stream.bind(record.created, at: 4)
        try stream.binding(record.name, at: 2) { try stream.run() }
    }

    private func upsert(_ record: AnomalyRecord) throws {
        let it = record.anomaly
        anomaly.bind(record.stream, at: 1)
        anomaly.bind(it.startSequence, at: 2)
        anomaly.bind(it.start, at: 3)
        anomaly.bind(it.end, at: 4)
        anomaly.bind(it.peak, at: 5)
        anomaly.bind(it.peakScore, at: 6)
        anomaly.bind(Int64(it.peakChannel), at: 7)
        anomaly.bind(it.peakValue, at: 8)
        anomaly.bind(it.peakPrediction, at: 9)
        anomaly.bind(it.points, at: 10)
        anomaly.bind(it.isOpen ? 1 as Int64 : 0, at: 11)
        try anomaly.binding(it.evidence.kind?.rawValue, at: 12) {
            try anomaly.binding(it.attributionText, at: 13) { try anomaly.run() }
        }
    }

    private func insert(_ record: EventRecord) throws {
        event.bind(record.stream, at: 1)
        event.bind(record.sequence, at: 2)
        event.bind(record.time, at: 4)
        try event.binding(record.kind.rawValue, at: 3) { try event.run() }
    }

    private func insert(_ record: FeedbackRecord) throws {
        let label = record.label
        feedback.bind(record.stream, at: 1)
        feedback.bind(record.sequence, at: 2)
        feedback.bind(record.isSilent ? 1 as Int64 : 0, at: 3)
        feedback.bind(record.time, at: 4)
        feedback.bind(record.anomaly, at: 6)
        feedback.bind(label?.anomaly ?? record.start, at: 7)
        feedback.bind(label?.score ?? .nan, at: 9)
        feedback.bind(label.map { Int64($0.channel) }, at: 10)
        feedback.bind(record.user.map { Int64($0) }, at: 13)
        feedback.bind(record.snapshot, at: 14)
        feedback.bind(record.since, at: 15)
        feedback.bind(record.until, at: 16)
        try feedback.binding(record.action.rawValue, at: 5) {
            try feedback.binding(label?.kind.rawValue, at: 8) {
                try feedback.binding(label.map { Anomaly.text(of: $0.shape) }, at: 11) {
                    try feedback.binding(record.message, at: 12) {
                        try feedback.binding(record.rule?.text, at: 17) { try feedback.run() }
                    }
                }
            }
        }
    }

    private func upsert(_ record: CheckpointRecord) throws {
        try record.state.withUnsafeBytes { state in
            let checksum = Checksum.of(
                stream: record.stream, sequence: record.sequence, format: record.format, state: state)
            checkpoint.bind(record.stream, at: 1)
            checkpoint.bind(record.sequence, at: 2)
            checkpoint.bind(record.format, at: 3)
            checkpoint.bind(Int64(bitPattern: checksum), at: 4)
            try checkpoint.binding(state, at: 5) { try checkpoint.run() }
        }
    }

    /// Says of which part of the batch an error of SQLite's is.
    static func naming(
        _ object: @autoclosure () -> String, _ path: String, on connection: SQLiteConnection?, _ body: () throws -> Void
    ) throws {
        do {
            try body()
        } catch let error as DatabaseError {
            var error = StoreError(
                operation: "commit to", path: path, database: error,
                systemCode: connection.map { sqlite3_system_errno($0) } ?? 0)
            error.detail = "\(object()): \(error.detail)"
            throw error
        }
    }
}
