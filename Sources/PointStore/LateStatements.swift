import AnomalyDetection
import CPoints
import GRDB

/// The prepared statements for points that wait and points that came late. Belongs to one connection and is used on its
/// queue only.
final class LateStatements {
    private let wait: Statement
    private let release: Statement
    private let keep: Statement
    private let count: Statement
    private let rollups: RollupWriting
    private let database: Database
    private let connection: SQLiteConnection?

    init(_ database: Database) throws {
        // That a point waits may be said twice.
        wait = try database.makeStatement(
            sql: """
                INSERT INTO pending (stream_id, time, channel, value) VALUES (?1, ?2, ?3, ?4)
                ON CONFLICT (stream_id, time, channel) DO NOTHING
                """)
        release = try database.makeStatement(sql: "DELETE FROM pending WHERE stream_id = ?1 AND time <= ?2")
        keep = try database.makeStatement(
            sql: """
                INSERT INTO point_row (stream_id, time, channel, sequence, value, flags) VALUES (?1, ?2, ?3, 0, ?4, ?5)
                ON CONFLICT (stream_id, time, channel) DO NOTHING
                """)
        count = try database.makeStatement(sql: "UPDATE stream SET late = late + ?2 WHERE id = ?1")
        rollups = try RollupWriting(database)
        self.database = database
        connection = database.sqliteConnection
    }

    /// Writes the late part of a commit, after its points and inside its transaction.
    func write(_ commit: Commit, path: String) throws -> LateOutcome {
        let released = Dictionary(commit.released.map { ($0.stream, $0.through) }, uniquingKeysWith: max)
        for (stream, through) in released {
            release.bind(stream, at: 1)
            release.bind(through, at: 2)
            try CommitStatements.naming("points of stream \(stream) that waited", path, on: connection) {
                try release.run()
            }
        }
        // What has come and gone on since the last commit need not be written.
        for row in commit.pending where row.time > released[row.stream] ?? .min {
            wait.bind(row.stream, at: 1)
            wait.bind(row.time, at: 2)
            wait.bind(row.channel, at: 3)
            wait.bind(row.value, at: 4)
            try CommitStatements.naming("waiting point of stream \(row.stream), time \(row.time)", path, on: connection)
            {
                try wait.run()
            }
        }
        return try keepLate(commit.late, path)
    }

    private func keepLate(_ rows: [RawRow], _ path: String) throws -> LateOutcome {
        var outcome = LateOutcome()
        var kept: [Int32: Int64] = [:]
        var start = 0
        while start < rows.count {
            // The rows of a point lie one after the other, its first channel first.
            let end = rows[(start + 1)...].firstIndex { $0.channel == 0 } ?? rows.count
            let point = rows[start..<end]
            start = end
            let flags: PointFlags = point.allSatisfy { $0.value.isNaN } ? [.late, .missing] : .late
            var isKept = false
            let isTaken = try point.first.map { row in
                var isTaken = false
                try CommitStatements.naming(
                    "late point of stream \(row.stream), time \(row.time)", path, on: connection
                ) {
                    isTaken = try PackedQueries.contains(database, stream: row.stream, time: row.time)
                }
                return isTaken
            }
            for row in point where isTaken == false {
                keep.bind(row.stream, at: 1)
                keep.bind(row.time, at: 2)
                keep.bind(row.channel, at: 3)
                keep.bind(row.value, at: 4)
                keep.bind(Int32(flags.rawValue), at: 5)
                try CommitStatements.naming(
                    "late point of stream \(row.stream), time \(row.time)", path, on: connection
                ) {
                    try keep.run()
                }
                isKept = keep.changes > 0
            }
            if isKept {
                for row in point { try sumUp(row, flags, path) }
                outcome.kept += 1
                kept[rows[start - 1].stream, default: 0] += 1
            } else {
                outcome.duplicates += 1
            }
        }
        for (stream, number) in kept {
            count.bind(stream, at: 1)
            count.bind(number, at: 2)
            try CommitStatements.naming("stream \(stream)", path, on: connection) { try count.run() }
        }
        return outcome
    }

    /// Late points are in the roll-ups at once: they are stored once, and never sealed.
    private func sumUp(_ row: RawRow, _ flags: PointFlags, _ path: String) throws {
        let point = anomalyd_point(
            time: row.time, value: row.value, prediction: .nan, lower: .nan, upper: .nan, residual: .nan, score: .nan,
            flags: flags.rawValue)
        try CommitStatements.naming("roll-up of stream \(row.stream), time \(row.time)", path, on: connection) {
            try rollups.sum([point], of: row.stream, row.channel)
        }
    }
}
