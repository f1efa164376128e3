import GRDB

/// What the parts of a database take of the disk.
public struct DiskUsage: Sendable, Equatable {
    /// One table with its indexes.
    public struct Table: Sendable, Equatable {
        public var name: String
        /// Whole pages.
        public var bytes: Int64
        /// Of these, bytes in which nothing is stored.
        public var unusedBytes: Int64
        /// Channels of points that are in it, or summed up in it; nil for a table that has none.
        public var values: Int64?

        mutating func add(_ other: Table) {
            bytes += other.bytes
            unusedBytes += other.unusedBytes
            values = (values ?? 0) + (other.values ?? 0)
        }
    }

    /// The largest first.
    public private(set) var tables: [Table] = []
    /// Pages that nothing uses: new points are written there before the file grows.
    public private(set) var freeBytes: Int64 = 0
    /// Of the file, which may lack pages that are in the log only; and of its write-ahead log.
    public private(set) var fileBytes: Int64 = 0
    public private(set) var logBytes: Int64 = 0

    /// Of the tables, what is older than the retention keeps it: bytes, nearly, and channels of points.
    public private(set) var expiredBytes: Int64 = 0
    public private(set) var expiredValues: Int64 = 0

    /// Looks at every page of the file.
    ///
    /// - Parameters:
    ///   - retention: what will be deleted.
    ///   - now: microseconds since 1970.
    /// - Throws: a ``StoreError``.
    public init(path: String, retention: Retention = Retention(), now: Int64 = 0) throws {
        let connection = try ReadConnection(path: path)
        self = try connection.read("read the pages of") { try DiskUsage($0, parts: connection.parts) }
        if retention.isLimited, connection.parts.contains(.rollups) {
            try connection.read("read the ages of") { try addExpired($0, connection.parts, retention, now) }
        }
        fileBytes = Int64(try StoreFile.size(connection.path, operation: "read the size of"))
        let log = connection.path + "-wal"
        if StoreFile.exists(log) { logBytes = Int64(try StoreFile.size(log, operation: "read the size of")) }
    }

    private mutating func addExpired(
        _ database: Database, _ parts: StoreSchema.Parts, _ retention: Retention, _ now: Int64
    ) throws {
        func size(of table: String) -> Double {
            let table = tables.first { $0.name == table }
            return Double(table?.bytes ?? 0) / Double(max(1, table?.values ?? 1))
        }
        var values: [String: Int64] = [:]
        for stream in try StreamQueries.streams(database) {
            let ages = retention.ages(stream.name)
            for (table, sum, end, age) in [
                ("chunk", "count", "last_time", ages.raw),
                (RollupTier.fiveMinutes.rowTable(parts), "count + missing", "time + width * 1000000", ages.fiveMinutes),
                ("rollup_5m_pack", "points", "last_time + 300000000", ages.fiveMinutes),
                ("rollup_1h", "count + missing", "time + width * 1000000", ages.oneHour),
            ] where age < Retention.forever && (table != "rollup_5m_pack" || parts.contains(.packedRollups)) {
                values[Self.name(of: table), default: 0] +=
                    try Int64.fetchOne(
                        database, sql: "SELECT ifnull(sum(\(sum)), 0) FROM \(table) WHERE stream_id = ? AND \(end) < ?",
                        arguments: [stream.id, now.subtractingReportingOverflow(age).partialValue]) ?? 0
            }
        }
        for (table, count) in values {
            expiredBytes += Int64(size(of: table) * Double(count))
            if table == "chunk" { expiredValues += count }
        }
    }

    /// Both tables of the fine roll-ups are one to those who read them.
    private static func name(of table: String) -> String { table.hasPrefix("rollup_5m") ? "rollup_5m" : table }

    private init(_ database: Database, parts: StoreSchema.Parts) throws {
        let rows = try Row.fetchAll(
            database,
            sql: """
                SELECT ifnull(made.tbl_name, pages.name), sum(pages.pgsize), sum(pages.unused)
                FROM dbstat('main', 1) AS pages LEFT JOIN sqlite_schema AS made ON made.name = pages.name
                GROUP BY 1 ORDER BY 2 DESC, 1
                """)
        var counts = [parts.rowTable: "count(*)"]
        if parts.contains(.packed) { counts.merge(["chunk": "sum(count)", "hot": "sum(count)"]) { $1 } }
        if parts.contains(.rollups) {
            for tier in RollupTier.allCases { counts[tier.rowTable(parts)] = "sum(count + missing)" }
        }
        if parts.contains(.packedRollups) { counts["rollup_5m_pack"] = "sum(points)" }
        for row in rows {
            var table = Table(name: row[0], bytes: row[1], unusedBytes: row[2], values: nil)
            if let count = counts[table.name] {
                table.values = try Int64.fetchOne(database, sql: "SELECT ifnull(\(count), 0) FROM \(table.name)")
            }
            table.name = Self.name(of: table.name)
            if let index = tables.firstIndex(where: { $0.name == table.name }) {
                tables[index].add(table)
            } else {
                tables.append(table)
            }
        }
        tables.sort { ($1.bytes, $0.name) < ($0.bytes, $1.name) }
        let pageSize = try Int64.fetchOne(database, sql: "PRAGMA page_size") ?? 0
        freeBytes = try (Int64.fetchOne(database, sql: "PRAGMA freelist_count") ?? 0) * pageSize
    }
}
