import GRDB

/// The prepared statements for snapshots. Belongs to one connection and is used on its queue only.
final class SnapshotStatements {
    private let keep: Statement
    private let forget: Statement
    private let connection: SQLiteConnection?

    init(_ database: Database) throws {
        keep = try database.makeStatement(
            sql: """
                INSERT INTO snapshot (stream_id, sequence, time, format, checksum, message, uid, state)
                VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)
                """)
        // A stream may be restored from the older one of its checkpoints, through every rollback behind it.
        forget = try database.makeStatement(
            sql: """
                DELETE FROM snapshot WHERE stream_id = ?1
                    AND id NOT IN (SELECT id FROM snapshot WHERE stream_id = ?1 ORDER BY id DESC LIMIT ?2)
                    AND id NOT IN (
                        SELECT snapshot_id FROM feedback
                        WHERE stream_id = ?1 AND snapshot_id IS NOT NULL
                            AND sequence >= (SELECT min(sequence) FROM checkpoint WHERE stream_id = ?1))
                """)
        connection = database.sqliteConnection
    }

    /// Writes the snapshots of a commit, after its feedback and checkpoints and inside its transaction.
    func write(_ commit: Commit, path: String) throws {
        for record in commit.snapshots {
            let stream = record.checkpoint.stream
            try CommitStatements.naming("snapshot of stream \(stream)", path, on: connection) {
                try insert(record)
                forget.bind(stream, at: 1)
                forget.bind(Int64(SnapshotRecord.mostOfStream), at: 2)
                try forget.run()
            }
        }
    }

    private func insert(_ record: SnapshotRecord) throws {
        let checkpoint = record.checkpoint
        try checkpoint.state.withUnsafeBytes { state in
            let checksum = Checksum.of(
                stream: checkpoint.stream, sequence: checkpoint.sequence, format: checkpoint.format, state: state)
            keep.bind(checkpoint.stream, at: 1)
            keep.bind(checkpoint.sequence, at: 2)
            keep.bind(record.time, at: 3)
            keep.bind(checkpoint.format, at: 4)
            keep.bind(Int64(bitPattern: checksum), at: 5)
            keep.bind(record.user.map { Int64($0) }, at: 7)
            try keep.binding(record.message, at: 6) {
                try keep.binding(state, at: 8) { try keep.run() }
            }
        }
    }
}
