import GRDB

/// The prepared statements for what sinks have been told. Belongs to one connection and is used on its queue only.
final class AlertStatements {
    private let alert: Statement
    private let advance: Statement
    private let found: Statement
    private let forget: Statement
    private let connection: SQLiteConnection?

    init(_ database: Database) throws {
        alert = try database.makeStatement(
            sql: """
                INSERT INTO alert
                    (sink, stream_id, start_sequence, anomaly_id, state, since, told, score, deviation, acknowledged, listed)
                VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11)
                ON CONFLICT (sink, stream_id, start_sequence) DO UPDATE SET
                    anomaly_id = excluded.anomaly_id, state = excluded.state, since = excluded.since, told = excluded.told,
                    score = excluded.score, deviation = excluded.deviation, acknowledged = excluded.acknowledged,
                    listed = excluded.listed
                """)
        advance = try database.makeStatement(sql: "UPDATE alert_sink SET through = ?2 WHERE name = ?1")
        found = try database.makeStatement(sql: "INSERT INTO alert_sink (name, through) VALUES (?1, ?2)")
        forget = try database.makeStatement(
            sql:
                "DELETE FROM alert WHERE sink = ?1 AND state IN ('resolved', 'done') AND anomaly_id <= ?2 AND told < ?3"
        )
        connection = database.sqliteConnection
    }

    /// Writes what sinks have been told, inside the transaction of a commit.
    func write(_ commit: Commit, path: String) throws {
        for record in commit.alerts {
            try CommitStatements.naming("alert of stream \(record.key.stream)", path, on: connection) {
                try upsert(record)
            }
        }
        for record in commit.alertSinks {
            try CommitStatements.naming("sink \(record.sink)", path, on: connection) { try write(record) }
        }
    }

    private func upsert(_ record: AlertRecord) throws {
        alert.bind(record.key.stream, at: 2)
        alert.bind(record.key.start, at: 3)
        alert.bind(record.anomaly, at: 4)
        alert.bind(record.since, at: 6)
        alert.bind(record.told, at: 7)
        alert.bind(record.score, at: 8)
        alert.bind(record.deviation, at: 9)
        alert.bind(record.isAcknowledged ? 1 as Int64 : 0, at: 10)
        alert.bind(record.isListed ? 1 as Int64 : 0, at: 11)
        try alert.binding(record.sink, at: 1) {
            try alert.binding(record.state.rawValue, at: 5) { try alert.run() }
        }
    }

    private func write(_ record: AlertSinkRecord) throws {
        advance.bind(record.through, at: 2)
        try advance.binding(record.sink, at: 1) { try advance.run() }
        if advance.changes == 0 {
            found.bind(record.through, at: 2)
            try found.binding(record.sink, at: 1) { try found.run() }
        }
        guard let time = record.forgetBefore else { return }
        forget.bind(record.through, at: 2)
        forget.bind(time, at: 3)
        try forget.binding(record.sink, at: 1) { try forget.run() }
    }
}
