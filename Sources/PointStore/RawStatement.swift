import GRDB
import GRDBSQLite

/// Binding and reading through SQLite's own functions: GRDB's boxed values cost more than the insert itself.
/// Indexes are SQLite's: parameters count from 1, columns from 0.
extension Statement {
    func bind(_ value: Int64, at index: Int32) { sqlite3_bind_int64(sqliteStatement, index, value) }

    func bind(_ value: Int32, at index: Int32) { sqlite3_bind_int64(sqliteStatement, index, Int64(value)) }

    /// Nil is NULL.
    func bind(_ value: Int64?, at index: Int32) {
        if let value {
            sqlite3_bind_int64(sqliteStatement, index, value)
        } else {
            sqlite3_bind_null(sqliteStatement, index)
        }
    }

    /// NaN is NULL.
    func bind(_ value: Double, at index: Int32) {
        if value.isNaN {
            sqlite3_bind_null(sqliteStatement, index)
        } else {
            sqlite3_bind_double(sqliteStatement, index, value)
        }
    }

    /// Binds the bytes of `text` while `body` runs.
    func binding(_ text: String, at index: Int32, _ body: () throws -> Void) throws {
        var text = text
        try text.withUTF8 { bytes in
            try bytes.withMemoryRebound(to: CChar.self) {
                try check(sqlite3_bind_text(sqliteStatement, index, $0.baseAddress, Int32($0.count), nil))
            }
            defer { sqlite3_bind_null(sqliteStatement, index) }
            try body()
        }
    }

    /// Binds the bytes of `text`, or NULL, while `body` runs.
    func binding(_ text: String?, at index: Int32, _ body: () throws -> Void) throws {
        if let text { return try binding(text, at: index, body) }
        sqlite3_bind_null(sqliteStatement, index)
        try body()
    }

    /// Binds `text`, which is UTF-8, while `body` runs.
    func bindingText(_ text: [UInt8], at index: Int32, _ body: () throws -> Void) throws {
        try text.withUnsafeBytes {
            try check(
                sqlite3_bind_text(
                    sqliteStatement, index, $0.bindMemory(to: CChar.self).baseAddress, Int32($0.count), nil))
            defer { sqlite3_bind_null(sqliteStatement, index) }
            try body()
        }
    }

    /// Binds `bytes` while `body` runs. No bytes are an empty blob, not NULL.
    func binding(_ bytes: UnsafeRawBufferPointer, at index: Int32, _ body: () throws -> Void) throws {
        if bytes.isEmpty {
            try check(sqlite3_bind_zeroblob(sqliteStatement, index, 0))
        } else {
            try check(sqlite3_bind_blob64(sqliteStatement, index, bytes.baseAddress, UInt64(bytes.count), nil))
        }
        defer { sqlite3_bind_null(sqliteStatement, index) }
        try body()
    }

    /// Runs a statement that returns no rows and makes it ready for the next run.
    func run() throws {
        defer { sqlite3_reset(sqliteStatement) }
        guard sqlite3_step(sqliteStatement) == SQLITE_DONE else { throw lastError }
    }

    /// Rows that the last run changed.
    var changes: Int { Int(sqlite3_changes(sqlite3_db_handle(sqliteStatement))) }

    /// Calls `body` for each row until it returns false, then makes the statement ready for the next run.
    func forEachRow(_ body: (Statement) throws -> Bool) throws {
        defer { sqlite3_reset(sqliteStatement) }
        while true {
            switch sqlite3_step(sqliteStatement) {
            case SQLITE_ROW: if try !body(self) { return }
            case SQLITE_DONE: return
            default: throw lastError
            }
        }
    }

    func isNull(_ column: Int32) -> Bool { sqlite3_column_type(sqliteStatement, column) == SQLITE_NULL }

    func int64(_ column: Int32) -> Int64 { sqlite3_column_int64(sqliteStatement, column) }

    /// Integers that only a damaged file can hold are cut off, not trapped on.
    func int32(_ column: Int32) -> Int32 { Int32(truncatingIfNeeded: int64(column)) }

    /// NULL is read as NaN.
    func double(_ column: Int32) -> Double {
        isNull(column) ? .nan : sqlite3_column_double(sqliteStatement, column)
    }

    func string(_ column: Int32) -> String {
        String(decoding: bytes(column), as: UTF8.self)
    }

    /// Text or blob; valid until the next step.
    func bytes(_ column: Int32) -> UnsafeRawBufferPointer {
        let start = sqlite3_column_blob(sqliteStatement, column)
        return UnsafeRawBufferPointer(start: start, count: Int(sqlite3_column_bytes(sqliteStatement, column)))
    }

    private func check(_ code: Int32) throws {
        guard code == SQLITE_OK else { throw lastError }
    }

    private var lastError: DatabaseError {
        let connection = sqlite3_db_handle(sqliteStatement)
        return DatabaseError(
            resultCode: ResultCode(rawValue: sqlite3_extended_errcode(connection)),
            message: String(cString: sqlite3_errmsg(connection)))
    }
}
