import GRDB
import GRDBSQLite

/// Copies the write-ahead log into the database when it is long, and sees to it that the disk has of the log what SQLite
/// takes for written. Belongs to the one writer's connection, and is used on its queue only.
///
/// SQLite syncs the log before it copies it. Where the log has commits that were not synced by themselves (those of
/// ``StoreUpkeep``, or all with `synchronous = NORMAL`) and that fsync fails, the kernel may have given up writing them
/// (https://wiki.postgresql.org/wiki/Fsync_Errors). The next fsync succeeds; SQLite, which reads those pages from the
/// kernel's cache, copies them, or confirms commits behind them. After a power failure there is a hole in the log: what
/// follows it is lost, and the database, which has newer pages than the log up to the hole, is damaged. So after such a
/// failure the log is written over itself first. SQLite's own automatic copying would also hide that it failed.
final class LogKeeper {
    /// Pages of the log with which it is copied.
    private let mostPages: Int32
    /// Whether commits that say nothing else are synced.
    private let isUsuallySynced: Bool
    private var isSynced: Bool
    /// As of the last commit.
    private var pages: Int32 = 0
    /// Whether the log has commits that have not been synced, if only of the process before.
    private var hasUnsynced = true
    /// Whether a failed fsync was about such a one.
    private(set) var mayHaveHoles = false

    init(_ options: PointStore.Options) {
        mostPages = Int32(clamping: options.checkpointPages)
        isUsuallySynced = options.synchronous == .full
        isSynced = isUsuallySynced
    }

    /// Is told of commits from now on, as long as there is the connection, which must not copy the log by itself.
    func begin(_ database: Database) {
        sqlite3_wal_hook(
            database.sqliteConnection,
            { context, _, _, pages in
                guard let context else { return SQLITE_OK }
                Unmanaged<LogKeeper>.fromOpaque(context).takeUnretainedValue().committed(pages)
                return SQLITE_OK
            }, Unmanaged.passUnretained(self).toOpaque())
    }

    private func committed(_ pages: Int32) {
        self.pages = pages
        hasUnsynced = !isSynced
    }

    /// Runs `body`, whose commits are not synced.
    func relaxing<T>(_ database: Database, _ body: () throws -> T) throws -> T {
        guard isUsuallySynced else { return try body() }
        try database.execute(sql: "PRAGMA synchronous = NORMAL")
        isSynced = false
        defer {
            isSynced = true
            try? database.execute(sql: "PRAGMA synchronous = FULL")
        }
        return try body()
    }

    /// Runs `body`, which writes, with a log that has no holes, and copies the log if it is long then. When that fails, it
    /// is done later.
    func keeping<T>(_ database: Database, _ path: String, _ body: () throws -> T) throws -> T {
        do {
            try mend(path)
            let result = try body()
            if pages >= mostPages { try? copy(database) }
            return result
        } catch {
            note(error)
            throw error
        }
    }

    /// Copies the log as far as readers allow.
    func copy(_ database: Database) throws {
        do {
            _ = try Row.fetchAll(database, sql: "PRAGMA wal_checkpoint(PASSIVE)")
        } catch {
            note(error)
            throw error
        }
        (pages, hasUnsynced) = (0, false)
    }

    /// Copies the log before the connection is closed, unless the disk is in the way.
    func end(_ database: Database, _ path: String) {
        try? mend(path)
        if !mayHaveHoles { try? copy(database) }
    }

    private func mend(_ path: String) throws {
        guard mayHaveHoles else { return }
        try LogRewrite.run(database: path, isSuspect: true)
        (mayHaveHoles, hasUnsynced) = (false, false)
    }

    private func note(_ error: any Error) {
        let code = (error as? StoreError)?.code ?? (error as? DatabaseError)?.extendedResultCode.rawValue
        if code == ResultCode.SQLITE_IOERR_FSYNC.rawValue, hasUnsynced { mayHaveHoles = true }
    }
}
