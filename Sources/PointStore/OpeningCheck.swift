import GRDB

/// What is looked at of a database before it is written to: its size, all streams, and both ends of each table and
/// index, which leads through every root page.
///
/// It takes milliseconds whatever the size. `PRAGMA quick_check`, which reads every page, takes seconds per gigabyte;
/// damage elsewhere is found when the damaged page is read, or by `anomalyctl db verify`.
enum OpeningCheck {
    /// Tables, and what leads to both ends of each b-tree that belongs to them.
    private static let ends = [
        ("point", ["stream_id, time, channel"]),
        ("point_row", ["stream_id, time, channel"]),
        ("hot", ["id", "stream_id, channel, first_time"]),
        ("chunk", ["id", "stream_id, channel, first_time"]),
        ("anomaly", ["id", "stream_id, start_sequence", "start_time"]),
        ("checkpoint", ["rowid", "stream_id, slot"]),
        ("hindsight_run", ["id"]),
        ("hindsight", ["stream_id, time, channel"]),
        ("rollup_5m", ["stream_id, channel, time"]),
        ("rollup_5m_row", ["stream_id, channel, time"]),
        ("rollup_5m_pack", ["id", "stream_id, channel, first_time"]),
        ("rollup_1h", ["stream_id, channel, time"]),
        ("rolled", ["stream_id"]),
    ]

    /// - throws: `DatabaseError` with `SQLITE_CORRUPT` if the database is damaged.
    static func run(_ database: Database, path: String) throws {
        try checkSize(database, path: path)
        guard try database.tableExists("stream") else { return }
        _ = try StreamQueries.streams(database)
        // And all of the index of their names, by which new ones are told from old ones.
        _ = try Row.fetchOne(
            database, sql: "SELECT sum(length(name)) FROM stream INDEXED BY sqlite_autoindex_stream_1")
        for (table, orders) in ends where try database.tableExists(table) {
            for order in orders {
                for direction in ["ASC", "DESC"] {
                    let columns = order.split(separator: ",").map { "\($0) \(direction)" }.joined(separator: ",")
                    _ = try Row.fetchOne(database, sql: "SELECT \(order) FROM \(table) ORDER BY \(columns) LIMIT 1")
                }
            }
        }
    }

    /// A file that was cut off. While there is something in the WAL, the file may lack what the WAL has.
    private static func checkSize(_ database: Database, path: String) throws {
        if let wal = try? StoreFile.size(path + "-wal", operation: "open"), wal > 0 { return }
        let pages = try Int.fetchOne(database, sql: "PRAGMA page_count") ?? 0
        let pageSize = try Int.fetchOne(database, sql: "PRAGMA page_size") ?? 0
        let size = try StoreFile.size(path, operation: "open")
        guard size < pages * pageSize else { return }
        throw DatabaseError(
            resultCode: .SQLITE_CORRUPT, message: "it has \(size) bytes, expected \(pages * pageSize)")
    }
}
