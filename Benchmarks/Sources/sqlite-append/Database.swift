import BenchmarkSupport
import CSQLite

/// The few calls of SQLite's that an append needs. Every failure ends the program.
final class Database {
    private var handle: OpaquePointer?

    init(_ path: String) {
        let flags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_NOMUTEX
        check(sqlite3_open_v2(path, &handle, flags, nil), "open \(path)")
    }

    func execute(_ sql: String) { check(sqlite3_exec(handle, sql, nil, nil, nil), sql) }

    func prepare(_ sql: String) -> OpaquePointer? {
        var statement: OpaquePointer?
        check(sqlite3_prepare_v2(handle, sql, -1, &statement, nil), sql)
        return statement
    }

    func run(_ statement: OpaquePointer?) {
        _ = sqlite3_step(statement)
        check(sqlite3_reset(statement), "insert")
    }

    func close(_ statement: OpaquePointer?) {
        sqlite3_finalize(statement)
        check(sqlite3_close(handle), "close")
    }

    private func check(_ code: Int32, _ operation: String) {
        if code != SQLITE_OK { Failure.end("\(operation): \(String(cString: sqlite3_errmsg(handle)))") }
    }
}
