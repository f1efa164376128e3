import AnomalyDetection
import GRDB

/// Stores pieces of hindsight. Runs inside a transaction of the caller's.
///
/// Pieces come from outside the daemon, through its control socket, so that nothing is believed of them.
enum HindsightWriting {
    /// Replaces the hindsight in the piece's range.
    ///
    /// - returns: The number of the piece's run.
    /// - throws: A ``StoreError`` with the cause `conflict` that says what is wrong with the piece.
    static func write(_ piece: HindsightPiece, to database: Database, path: String) throws -> Int64 {
        func refuse(_ detail: String) -> StoreError {
            StoreError(
                operation: "store hindsight of stream \(piece.stream) in", path: path, cause: .conflict, detail: detail)
        }
        if let fault = piece.fault { throw refuse(fault) }
        guard let channels = try number(database, "SELECT channels FROM stream WHERE id = ?1", Int64(piece.stream))
        else { throw refuse("there is no such stream") }
        guard piece.verdicts.count == piece.times.count * Int(channels) else {
            throw refuse(
                "expected \(channels) verdicts for each of \(piece.times.count) points, found \(piece.verdicts.count)")
        }
        var lookup = PointLookup(database, stream: piece.stream, parts: .current)
        for time in piece.times where try lookup.sequence(at: time) == nil {
            throw refuse("there is no point at time \(time)")
        }
        let run = try run(of: piece, in: database, refuse)
        let delete = try database.cachedStatement(
            sql: "DELETE FROM hindsight WHERE stream_id = ?1 AND time BETWEEN ?2 AND ?3")
        delete.bind(piece.stream, at: 1)
        delete.bind(piece.from, at: 2)
        delete.bind(piece.to, at: 3)
        try delete.run()
        try insert(piece, run: run, channels: Int(channels), into: database)
        let count = try database.cachedStatement(
            sql: "UPDATE hindsight_run SET points = points + ?2, anomalies = anomalies + ?3 WHERE id = ?1")
        count.bind(run, at: 1)
        count.bind(Int64(piece.times.count), at: 2)
        count.bind(Int64(piece.anomalies.count { $0 }), at: 3)
        try count.run()
        return run
    }

    /// The number of the piece's run, which is entered if it is new.
    private static func run(
        of piece: HindsightPiece, in database: Database, _ refuse: (String) -> StoreError
    ) throws -> Int64 {
        switch piece.run {
        case .begun(let run):
            let found = try number(
                database, "SELECT 1 FROM hindsight_run WHERE id = ?1 AND stream_id = ?2", run, Int64(piece.stream))
            if found == nil { throw refuse("the stream has no run \(run)") }
            return run
        case .new(let run):
            let statement = try database.cachedStatement(
                sql: """
                    INSERT INTO hindsight_run
                        (stream_id, made, first_time, last_time, points, anomalies, threshold, model)
                    VALUES (?1, ?2, ?3, ?4, 0, 0, ?5, ?6)
                    """)
            statement.bind(piece.stream, at: 1)
            statement.bind(run.made, at: 2)
            statement.bind(run.first, at: 3)
            statement.bind(run.last, at: 4)
            statement.bind(run.threshold, at: 5)
            try statement.binding(run.model, at: 6) { try statement.run() }
            return database.lastInsertedRowID
        }
    }

    private static func insert(
        _ piece: HindsightPiece, run: Int64, channels: Int, into database: Database
    ) throws {
        let statement = try database.cachedStatement(
            sql: """
                INSERT INTO hindsight
                    (stream_id, time, channel, prediction, lower, upper, residual, score, anomaly, run_id)
                VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)
                """)
        statement.bind(piece.stream, at: 1)
        statement.bind(run, at: 10)
        for (index, time) in piece.times.enumerated() {
            for channel in 0..<channels {
                let verdict = piece.verdicts[index * channels + channel]
                statement.bind(time, at: 2)
                statement.bind(Int64(channel), at: 3)
                statement.bind(verdict.prediction, at: 4)
                statement.bind(verdict.lower, at: 5)
                statement.bind(verdict.upper, at: 6)
                statement.bind(verdict.residual, at: 7)
                statement.bind(piece.scores[index], at: 8)
                statement.bind(piece.anomalies[index] ? 1 as Int64 : 0, at: 9)
                try statement.run()
            }
        }
    }

    /// The first column of the first row; nil if there is none.
    private static func number(_ database: Database, _ sql: String, _ arguments: Int64...) throws -> Int64? {
        let statement = try database.cachedStatement(sql: sql)
        for (index, argument) in arguments.enumerated() { statement.bind(argument, at: Int32(index + 1)) }
        var number: Int64?
        try statement.forEachRow {
            number = $0.int64(0)
            return false
        }
        return number
    }
}
