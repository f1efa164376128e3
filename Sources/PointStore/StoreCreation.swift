import GRDB
import Glibc

/// How a database comes into being.
enum StoreCreation {
    /// Makes a database of ours without tables at `path`, if there is no file or an empty one. The caller must hold the
    /// writer's lock.
    ///
    /// It is made under another name and renamed when it is complete, so that whatever interrupts it leaves nothing or
    /// all. Made in place, a file can be left that has pages but no application id, or a rollback journal, which a
    /// connection that only looks at the file must not use: both would be refused from then on.
    ///
    /// - throws: A ``StoreError``. The next call starts afresh.
    static func ifMissing(_ path: String) throws {
        var mode = StoreFile.mode
        if StoreFile.exists(path) {
            if try StoreFile.size(path, operation: "open") > 0 { return }
            mode = try StoreFile.mode(of: path)
        } else if StoreFile.isLink(path) {
            throw StoreError(
                operation: "create", path: path, cause: .missing,
                detail: "it is a symbolic link to a file that is missing",
                hint: "mount or create what it points to, or remove the link")
        }
        let draft = path + ".new"
        for file in [draft, draft + "-journal", draft + "-wal", draft + "-shm"] { try remove(file, for: path) }
        try StoreFile.createEmpty(draft, mode: mode, for: path)
        try StoreError.naming("create", path) {
            var configuration = Configuration()
            configuration.label = "PointStore"
            let queue = try DatabaseQueue(path: draft, configuration: configuration)
            try queue.inDatabase(initialise)
            try queue.close()
        }
        // What may lie there belongs to a database that is no more. SQLite would take it for a part of this one.
        for suffix in ["-journal", "-wal", "-shm", LogRewrite.copySuffix] { try remove(path + suffix, for: path) }
        guard rename(draft, path) == 0 else {
            throw StoreError(operation: "create", path: path, errno: errno, object: "rename \(draft)")
        }
        // SQLite syncs the directory with the first commit, before which nothing is promised.
    }

    /// What cannot be changed once there is a table. Deferred, as an immediate transaction would fix `auto_vacuum` when it
    /// begins.
    private static func initialise(_ database: Database) throws {
        try database.execute(sql: "PRAGMA page_size = \(WriteConnection.pageSize)")
        try database.inTransaction(.deferred) {
            try database.execute(
                sql: """
                    PRAGMA auto_vacuum = INCREMENTAL;
                    PRAGMA application_id = \(StoreSchema.applicationID);
                    """)
            return .commit
        }
        try WriteConnection.useLog(database)
    }

    private static func remove(_ file: String, for path: String) throws {
        guard unlink(file) == 0 || errno == ENOENT else {
            throw StoreError(operation: "create", path: path, errno: errno, object: "remove \(file)")
        }
    }
}
