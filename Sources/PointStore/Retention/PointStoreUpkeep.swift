import GRDB

/// What ``StoreUpkeep`` does to the database.
extension PointStore {
    /// Pages of the file, and what is done with them.
    struct Pages {
        var size: Int64 = 0
        var count: Int64 = 0
        var free: Int64 = 0

        var fileBytes: Int64 { count * size }
        var freeBytes: Int64 { free * size }
        var usedBytes: Int64 { (count - free) * size }
    }

    /// Runs `body` in a transaction of its own that does not wait for the disk: whatever a power failure takes of it is
    /// done again, and the next commit syncs it with its own. Where something may not have come to the disk before, it
    /// waits all the same.
    ///
    /// Damage is not taken note of: whoever needs what is damaged meets it, and more of the database may be good.
    ///
    /// - throws: A ``StoreError``. Nothing has changed then.
    func upkeep<T>(_ operation: String, _ body: (Database) throws -> T) throws -> T {
        let isRelaxed = !isUnsynced
        return try writing(operation, notices: false) { database in
            try StoreError.naming(operation, path, on: database) {
                func run() throws -> T? {
                    var result: T?
                    try database.inTransaction(.immediate) {
                        result = try body(database)
                        return .commit
                    }
                    return result
                }
                let result = isRelaxed ? try relaxing(database, run) : try run()
                guard let result else { throw DatabaseError(message: "a transaction without a result") }
                return result
            }
        }
    }

    func pages() throws -> Pages {
        try read("count the pages of") { database in
            func number(_ pragma: String) throws -> Int64 {
                try Int64.fetchOne(database, sql: "PRAGMA \(pragma)") ?? 0
            }
            return Pages(
                size: try number("page_size"), count: try number("page_count"), free: try number("freelist_count"))
        }
    }

    /// Gives free pages at the end of the file back, after moving others into gaps.
    ///
    /// - Parameter pages: how many at most.
    func release(_ pages: Int64) throws {
        try upkeep("give back free pages of") { database in
            // One page in each step of the statement.
            try database.makeStatement(sql: "PRAGMA incremental_vacuum(\(pages))").forEachRow { _ in true }
        }
    }

    /// Writes the whole file anew, without gaps. For that it needs as much free space as the file has bytes, twice.
    ///
    /// - throws: A ``StoreError``. The database is as it was then.
    public func rewrite() throws {
        try writing("rewrite") { database in
            try StoreError.naming("rewrite", path, on: database) {
                try database.execute(sql: "VACUUM")
                _ = try Row.fetchAll(database, sql: "PRAGMA wal_checkpoint(TRUNCATE)")
            }
        }
    }

    /// Bytes of the write-ahead log as the file system has it.
    var logBytes: Int64 { (try? StoreFile.size(path + "-wal", operation: "read the size of")).map(Int64.init) ?? 0 }

    /// Bytes of the file as the file system has it.
    public func fileBytes() throws -> Int64 { Int64(try StoreFile.size(path, operation: "read the size of")) }
}
