import GRDB

/// How much of its points a database has in which table, without looking at all of them as `DiskUsage` does.
public struct StoredTiers: Sendable, Equatable {
    /// One table of points.
    public struct Tier: Sendable, Equatable {
        public var name: String
        public var rows: Int64
        /// About: what the newest rows take on average, for all of them.
        public var bytes: Int64
    }

    public private(set) var tiers: [Tier] = []
    /// Pages of the file that nothing uses.
    public private(set) var freeBytes: Int64 = 0

    /// Rows of a table without an index that are counted: SQLite goes through them one by one.
    public static let mostCounted: Int64 = 100_000
    /// Rows from which an average is taken.
    private static let sampled = 200
    /// What a row takes besides its points, in the table and in the index: about.
    private static let rowBytes: Int64 = 60
    /// What a point takes that has a row of its own.
    private static let pointRowBytes: Int64 = 80

    /// Counts along indexes: a megabyte is read for ten million sealed points.
    ///
    /// - Throws: a ``StoreError``.
    public init(path: String) throws {
        let connection = try ReadConnection(path: path)
        self = try connection.read("count the rows of") { try StoredTiers($0, parts: connection.parts) }
    }

    private init(_ database: Database, parts: StoreSchema.Parts) throws {
        if parts.contains(.packed) {
            for name in ["hot", "chunk"] { tiers.append(try Self.packed(name, database)) }
        }
        let rows =
            try Int64.fetchOne(
                database, sql: "SELECT count(*) FROM (SELECT 1 FROM \(parts.rowTable) LIMIT \(Self.mostCounted))") ?? 0
        tiers.append(Tier(name: "point_row", rows: rows, bytes: rows * Self.pointRowBytes))
        let pageSize = try Int64.fetchOne(database, sql: "PRAGMA page_size") ?? 0
        freeBytes = try (Int64.fetchOne(database, sql: "PRAGMA freelist_count") ?? 0) * pageSize
    }

    private static func packed(_ name: String, _ database: Database) throws -> Tier {
        let rows = try Int64.fetchOne(database, sql: "SELECT count(*) FROM \(name)") ?? 0
        let size = try Double.fetchOne(
            database,
            sql: """
                SELECT ifnull(avg(size), 0)
                FROM (SELECT length(points) AS size FROM \(name) ORDER BY id DESC LIMIT \(sampled))
                """)
        return Tier(name: name, rows: rows, bytes: rows * (Int64(size ?? 0) + rowBytes))
    }
}
