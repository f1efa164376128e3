import GRDB
import GRDBSQLite

/// Opens the connection of the one writer.
enum WriteConnection {
    /// The default of SQLite. Larger pages make bulk inserts no faster, and every commit writes at least one whole
    /// page for each stream that it touches.
    static let pageSize = 4096
    /// Pages kept in memory, in KiB: the newest page of each of some 4,000 streams.
    private static let cacheKiB = 16384
    /// The WAL is copied into the database when it has so many pages (64 MiB), not 1,000 as is SQLite's default: each
    /// batch rewrites the newest page of every stream, and the copy is needed only of the last state.
    static let checkpointPages = 16384

    /// Opens a database that exists.
    ///
    /// - Parameter copiesLog: whether SQLite copies the log by itself; false where a ``LogKeeper`` does.
    static func open(_ path: String, options: PointStore.Options, copiesLog: Bool = true) throws -> DatabaseQueue {
        try PointsTable.register()
        var configuration = Configuration()
        configuration.label = "PointStore"
        configuration.busyMode = .timeout(options.busyTimeout / .seconds(1))
        // The writer vouches for its stream ids; checking them would cost a look-up for each point.
        configuration.foreignKeysEnabled = false
        configuration.prepareDatabase { try prepare($0, options, copiesLog: copiesLog) }
        return try DatabaseQueue(path: path, configuration: configuration)
    }

    /// Switches to a write-ahead log, unless that is so already; the file remembers it.
    static func useLog(_ database: Database) throws {
        // All rows: the mode is told before the change is committed, and only the last step says if that failed.
        let mode = try String.fetchAll(database, sql: "PRAGMA journal_mode = WAL").last
        guard mode == "wal" else {
            throw DatabaseError(message: "its file system offers no write-ahead log, only \(mode ?? "no journal")")
        }
    }

    private static func prepare(_ database: Database, _ options: PointStore.Options, copiesLog: Bool) throws {
        try useLog(database)
        // Without its WAL, a database cannot be opened by those who may only read it. So the file stays when the last
        // connection closes (https://www.sqlite.org/c3ref/c_fcntl_begin_atomic_write.html#sqlitefcntlpersistwal).
        var keep: Int32 = 1
        let code = sqlite3_file_control(database.sqliteConnection, "main", SQLITE_FCNTL_PERSIST_WAL, &keep)
        guard code == SQLITE_OK else { throw DatabaseError(resultCode: ResultCode(rawValue: code)) }
        // secure_delete, which Debian switches on, overwrites what is freed with zeros: a tenth of the speed.
        try database.execute(
            sql: """
                PRAGMA synchronous = \(options.synchronous.rawValue);
                PRAGMA wal_autocheckpoint = \(copiesLog ? options.checkpointPages : 0);
                PRAGMA journal_size_limit = \(options.checkpointPages * pageSize);
                PRAGMA cache_size = -\(cacheKiB);
                PRAGMA temp_store = MEMORY;
                PRAGMA secure_delete = OFF;
                """)
    }
}
