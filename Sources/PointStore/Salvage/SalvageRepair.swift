import GRDB

/// Makes a database of salvaged rows one that a daemon can go on with: what a whole database promises holds again, on
/// the points that are left.
///
/// - Every row belongs to a stream, and every point has all of its channels; a lost one counts as missing.
/// - The points of a stream are numbered without gaps. Those behind its newest checkpoint follow it, so that replay goes
///   on from there, and those before it end with it.
/// - Roll-ups have all of their points, each once, and what is left of those of others.
/// - Anomalies begin, peak and end at points, or events, that are there; events stand behind points that are there.
struct SalvageRepair {
    let database: Database
    var report: SalvageReport
    /// Names that only an index still had, by stream.
    let indexedNames: [Int32: [UInt8]]

    mutating func run() throws -> SalvageReport {
        try database.inTransaction(.immediate) {
            try nameStreams()
            for stream in try StreamQueries.streams(database) {
                var stream = StreamRepair(database: database, stream: stream)
                try stream.run(&report)
            }
            for table in ["event", "feedback", "snapshot", "rollup_5m_pack"] + RollupTier.allCases.map(\.rowTable) {
                try database.execute(sql: "DELETE FROM \(table) WHERE stream_id NOT IN (SELECT id FROM stream)")
            }
            try mendHindsight()
            try mendAlerts()
            try count()
            return .commit
        }
        return report
    }

    /// Streams of which only points or checkpoints are left.
    private mutating func nameStreams() throws {
        let nameless = try Int64.fetchAll(
            database,
            sql: """
                WITH RECURSIVE found (id) AS (
                    SELECT min(stream_id) FROM point_row
                    UNION ALL
                    SELECT (SELECT min(stream_id) FROM point_row WHERE stream_id > found.id) FROM found WHERE id IS NOT NULL
                )
                SELECT id FROM found WHERE id IS NOT NULL
                UNION SELECT stream_id FROM hot UNION SELECT stream_id FROM chunk
                UNION SELECT stream_id FROM checkpoint UNION SELECT stream_id FROM anomaly
                EXCEPT SELECT id FROM stream
                """)
        for id in nameless {
            let width = try Int64.fetchOne(
                database,
                sql: """
                    SELECT max(channel) + 1 FROM (
                        SELECT channel FROM (SELECT channel FROM point_row WHERE stream_id = ?1 LIMIT 10000)
                        UNION ALL SELECT channel FROM hot WHERE stream_id = ?1
                        UNION ALL SELECT channel FROM chunk WHERE stream_id = ?1)
                    """, arguments: [id])
            let indexed = Int32(exactly: id).flatMap { indexedNames[$0] }.map { String(decoding: $0, as: UTF8.self) }
            let isFree = try indexed.map {
                try Int.fetchOne(database, sql: "SELECT 1 FROM stream WHERE name = ?", arguments: [$0]) == nil
            }
            let name = isFree == true ? indexed : nil
            if name == nil { report.namelessStreams += 1 }
            try database.execute(
                sql: """
                    INSERT OR IGNORE INTO stream (id, name, channels, created)
                    VALUES (?1, ?2, ?3, ifnull((SELECT min(time) FROM (
                        SELECT min(time) AS time FROM point_row WHERE stream_id = ?1
                        UNION ALL SELECT min(first_time) FROM chunk WHERE stream_id = ?1
                        UNION ALL SELECT min(first_time) FROM hot WHERE stream_id = ?1)), 0))
                    """, arguments: [id, name ?? "salvaged.stream.\(id)", width ?? 1])
        }
    }

    private func mendHindsight() throws {
        try database.execute(
            sql: """
                DELETE FROM hindsight WHERE NOT EXISTS (
                    SELECT 1 FROM point_row WHERE point_row.stream_id = hindsight.stream_id AND point_row.time = hindsight.time
                        AND point_row.channel = hindsight.channel);
                INSERT INTO hindsight_run (id, stream_id, made, first_time, last_time, points, anomalies, threshold, model)
                    SELECT run_id, min(stream_id), 0, min(time), max(time), sum(channel = 0),
                        sum(channel = 0 AND anomaly), 0, 'lost'
                    FROM hindsight WHERE run_id NOT IN (SELECT id FROM hindsight_run) GROUP BY run_id;
                """)
    }

    /// Anomalies may begin at points with other numbers now, and some may be lost: nobody can be told of their end then.
    private func mendAlerts() throws {
        try database.execute(
            sql: """
                DELETE FROM alert WHERE anomaly_id NOT IN (SELECT id FROM anomaly);
                UPDATE OR REPLACE alert SET start_sequence = (SELECT start_sequence FROM anomaly WHERE id = anomaly_id)
                    WHERE start_sequence <> (SELECT start_sequence FROM anomaly WHERE id = anomaly_id);
                DELETE FROM alert WHERE stream_id <> (SELECT stream_id FROM anomaly WHERE id = anomaly_id);
                """)
    }

    private mutating func count() throws {
        func number(_ sql: String) throws -> Int64 { try Int64.fetchOne(database, sql: sql) ?? 0 }
        report.streams = Int(try number("SELECT count(*) FROM stream"))
        report.values = try number("SELECT count(*) FROM point_row")
        report.anomalies = Int(try number("SELECT count(*) FROM anomaly"))
        report.checkpoints = Int(try number("SELECT count(*) FROM checkpoint"))
        report.hindsightPoints = try number("SELECT count(*) FROM hindsight WHERE channel = 0")
        report.streamsWithoutCheckpoint = Int(
            try number(
                """
                SELECT count(*) FROM stream WHERE id NOT IN (SELECT stream_id FROM checkpoint)
                    AND EXISTS (SELECT 1 FROM point_row WHERE stream_id = stream.id)
                """))
    }
}
