import GRDB

/// Looks for damage in all that a database holds, without writing to it. A daemon may go on writing meanwhile: each
/// stream is looked at on one snapshot.
public struct StoreVerification {
    private let connection: ReadConnection
    private var report = VerifyReport()

    /// What is being done.
    public enum Step: Sendable, Equatable {
        /// SQLite's own check, of which it is not known how far it is.
        case pages
        /// So many streams of all.
        case streams(done: Int, of: Int)
    }

    /// - throws: A ``StoreError`` with the cause `missing`, `notPermitted`, `foreign`, `newer`, `outdated`, `damaged` or
    ///   the like.
    public init(path given: String) throws {
        let path = try StoreFile.resolve(given, operation: "verify")
        try StoreFile.size(path, operation: "verify")
        // Before SQLite has opened the file in this process; see `PageFile`.
        try StoreVerification.lookAtLog(of: path, &report)
        connection = try ReadConnection(path: path)
    }

    /// SQLite takes a damaged frame of the log for its end, and all commits behind it for none, without a word.
    private static func lookAtLog(of path: String, _ report: inout VerifyReport) throws {
        for _ in 1...3 {
            let file = try PageFile(path: path, operation: "verify")
            // Of a log that a running daemon has begun anew meanwhile, nothing can be said.
            guard file.hasSameLog else { continue }
            if let frame = file.log.firstDamaged {
                report.add(
                    .log,
                    "the write-ahead log is damaged at frame \(frame): \(file.log.hiddenCommits) commits behind it "
                        + "are not seen")
            }
            return
        }
    }

    /// - parameter progress: Called before each step, and for each stream.
    /// - returns: What is there, and what is wrong with it.
    /// - throws: A ``StoreError`` if it cannot be told, as when the database is locked.
    public mutating func run(progress: (Step) throws -> Void = { _ in }) throws -> VerifyReport {
        try progress(.pages)
        try reading("pages") { report, database in
            // Row by row: where it meets what it cannot go on with, it fails after what it has found.
            let check = try database.makeStatement(sql: "PRAGMA integrity_check(\(VerifyReport.mostFindings))")
            try check.forEachRow { row in
                let text = row.string(0)
                if text != "ok" { for line in text.split(separator: "\n") { report.add(.pages, String(line)) } }
                return true
            }
        }
        var streams: [StreamRecord] = []
        try reading("streams") { _, database in streams = try StreamQueries.streams(database) }
        let parts = connection.parts
        for (index, stream) in streams.enumerated() {
            try progress(.streams(done: index, of: streams.count))
            try reading("stream", of: stream.name) { report, database in
                try StreamVerification(database: database, stream: stream, parts: parts).run(&report)
            }
        }
        report.streams = streams.count
        try progress(.streams(done: streams.count, of: streams.count))
        try lookForStrays()
        if parts.contains(.alerts) { try lookAtAlerts() }
        if parts.contains(.groups) { try lookAtGroups() }
        try connection.close()
        return report
    }

    /// Rows whose stream does not exist. (Streams are never removed, so that those which were added since do no harm.)
    private mutating func lookForStrays() throws {
        let parts = connection.parts
        var tables = [parts.rowTable, "anomaly", "checkpoint"]
        if parts.contains(.packed) { tables += PackedQueries.Tier.allCases.map(\.rawValue) }
        if parts.contains(.hindsight) { tables += ["hindsight", "hindsight_run"] }
        if parts.contains(.late) { tables.append("pending") }
        if parts.contains(.events) { tables.append("event") }
        if parts.contains(.feedback) { tables.append("feedback") }
        if parts.contains(.steering) { tables.append("snapshot") }
        if parts.contains(.rollups) { tables += RollupTier.allCases.map { $0.rowTable(parts) } + ["rolled"] }
        if parts.contains(.packedRollups) { tables.append("rollup_5m_pack") }
        for table in tables {
            try reading("table \(table)") { report, database in
                // From one stream to the next along the index: SQLite would otherwise read the whole table.
                let strays = try Int64.fetchAll(
                    database,
                    sql: """
                        WITH RECURSIVE found (id) AS (
                            SELECT min(stream_id) FROM \(table)
                            UNION ALL
                            SELECT (SELECT min(stream_id) FROM \(table) WHERE stream_id > found.id) FROM found
                            WHERE id IS NOT NULL
                        )
                        SELECT id FROM found WHERE id IS NOT NULL AND id NOT IN (SELECT id FROM stream)
                        """)
                for id in strays {
                    report.add(.stream, "table \(table) has rows of stream \(id), which does not exist")
                }
            }
        }
    }

    /// What sinks were told of must be there, and what the number says.
    private mutating func lookAtAlerts() throws {
        try reading("table alert") { report, database in
            let count = try Int64.fetchOne(
                database,
                sql: """
                    SELECT count(*) FROM alert AS t JOIN anomaly AS a ON a.id = t.anomaly_id
                    WHERE (a.stream_id, a.start_sequence) <> (t.stream_id, t.start_sequence)
                    """)
            // A key of sinks first, so not as other tables: there are few rows.
            let strays = try Int64.fetchAll(
                database, sql: "SELECT DISTINCT stream_id FROM alert WHERE stream_id NOT IN (SELECT id FROM stream)")
            for id in strays { report.add(.stream, "table alert has rows of stream \(id), which does not exist") }
            if let count, count > 0 { report.add(.anomalies, "\(count) alerts are of other anomalies than they say") }
        }
    }

    /// Networks that streams share must be as they were saved, and each group has one.
    private mutating func lookAtGroups() throws {
        try reading("table stream_group") { report, database in
            var names: Set<String> = []
            for group in try GroupQueries.groups(database) {
                report.checkpoints += 1
                if group.record == nil {
                    report.add(.checkpoints, "the checksum of the network of the group \(group.name) is wrong")
                }
                if !names.insert(group.name).inserted {
                    report.add(.checkpoints, "the group \(group.name) has more than one network")
                }
            }
        }
    }

    /// Runs `body` on one snapshot; what cannot be read because of damage is a finding.
    private mutating func reading(
        _ what: String, of stream: String? = nil, _ body: (inout VerifyReport, Database) throws -> Void
    ) throws {
        do {
            try connection.read("verify") { try body(&report, $0) }
        } catch let error as StoreError where error.cause == .damaged || error.cause == .inputOutput {
            report.add(.unreadable, stream: stream, "\(what): \(error.detail)")
        }
    }
}
