import GRDB
import GRDBSQLite

/// A value of a row, as SQLite has it.
public enum SQLValue: Sendable, Equatable {
    case null
    case integer(Int64)
    case real(Double)
    case text(String)
    case blob([UInt8])
}

/// What is wrong with a statement, or with its work.
public struct SQLError: Error, Sendable, Equatable {
    public enum Cause: Sendable {
        /// It is no SQL, or does not fit the database, or failed.
        case statement
        /// It would write.
        case refused
        case interrupted
        /// The database is damaged.
        case damaged
    }

    public var cause: Cause
    /// Not a sentence with a capital.
    public var message: String
    /// Where in the text, in bytes of UTF-8; nil if that is not known.
    public var offset: Int?
}

/// Takes the rows of statements.
public protocol SQLSink {
    /// The rows of another statement follow, if it has any.
    mutating func begin(columns: [String]) throws
    mutating func write(_ row: [SQLValue]) throws
    mutating func end() throws
}

/// Runs statements of a user's on a database. They can only read, and each sees one state of the file. The virtual table
/// `points` is there.
public final class SQLSession {
    private let connection: ReadConnection
    private let guardian: SQLGuardian

    public var path: String { connection.path }

    /// - Parameter isInterrupted: asked now and then while a statement runs; true ends it.
    /// - Throws: a ``StoreError``.
    public init(path: String, isInterrupted: @escaping () -> Bool) throws {
        connection = try ReadConnection(path: path)
        guardian = SQLGuardian(isInterrupted: isInterrupted)
        try connection.withConnection("open") { database in
            // Not before GRDB has done its own.
            guardian.watch(database.sqliteConnection)
        }
    }

    /// Runs the statements of a text, one after the other, and hands out their rows as they come.
    ///
    /// - Parameter parameters: what `:name`, `@name` and `$name` stand for, by the name without that mark.
    /// - Throws: ``SQLError``, after which none of the rest is run; a ``StoreError``; or what the sink threw.
    public func run(_ text: String, parameters: [String: SQLValue] = [:], into sink: inout some SQLSink) throws {
        let bytes = Array(text.utf8CString)
        try connection.withConnection("read") { database in
            guard let handle = database.sqliteConnection else { return }
            try bytes.withUnsafeBufferPointer { buffer in
                var start = 0
                while start < buffer.count - 1 {
                    let statement = try SQLStatement(handle, buffer, from: start, guardian)
                    defer { statement.finalize() }
                    try statement.bind(parameters)
                    try statement.run(into: &sink)
                    start = statement.end
                }
            }
        }
    }

    /// Whether a text ends with a whole statement, so that it can be run.
    public static func isComplete(_ text: String) -> Bool { sqlite3_complete(text) != 0 }
}

/// One statement of a text.
private struct SQLStatement {
    private let connection: SQLiteConnection
    private let guardian: SQLGuardian
    private let statement: OpaquePointer?
    private let start: Int
    /// Where the text goes on behind it.
    let end: Int

    init(
        _ connection: SQLiteConnection, _ text: UnsafeBufferPointer<CChar>, from start: Int, _ guardian: SQLGuardian
    ) throws {
        self.connection = connection
        self.guardian = guardian
        self.start = start
        guardian.refusal = nil
        var statement: OpaquePointer?
        var tail: UnsafePointer<CChar>?
        let first = text.baseAddress! + start
        let code = sqlite3_prepare_v2(connection, first, -1, &statement, &tail)
        guard code == SQLITE_OK else {
            throw Self.error(code, connection, guardian, start: start)
        }
        self.statement = statement
        end = tail.map { $0 - text.baseAddress! } ?? text.count - 1
    }

    func finalize() { sqlite3_finalize(statement) }

    func bind(_ parameters: [String: SQLValue]) throws {
        for index in 1..<max(1, sqlite3_bind_parameter_count(statement) + 1) {
            let name = sqlite3_bind_parameter_name(statement, index).map { String(cString: $0) } ?? "?"
            guard let value = parameters[String(name.dropFirst())] else {
                throw SQLError(
                    cause: .statement,
                    message: name.hasPrefix("?")
                        ? "the parameter \(name) has no name, expected one such as :stream" : "\(name) has no value")
            }
            switch value {
            case .null: sqlite3_bind_null(statement, index)
            case .integer(let number): sqlite3_bind_int64(statement, index, number)
            case .real(let number): sqlite3_bind_double(statement, index, number)
            case .text(let text): sqlite3_bind_text(statement, index, text, -1, Self.transient)
            case .blob(let bytes): sqlite3_bind_blob(statement, index, bytes, Int32(bytes.count), Self.transient)
            }
        }
    }

    /// SQLite makes a copy.
    private static let transient = unsafeBitCast(-1, to: sqlite3_destructor_type.self)

    func run(into sink: inout some SQLSink) throws {
        // Nothing but white space, or a comment.
        guard let statement else { return }
        // The guardian is not asked about VACUUM INTO, which writes another file.
        guard sqlite3_stmt_readonly(statement) != 0 else {
            throw SQLError(cause: .refused, message: "this would write to the database")
        }
        // Tables below the virtual one are read by statements of their own.
        try guardian.unwatched { try execute("BEGIN") }
        defer { _ = guardian.unwatched { sqlite3_exec(connection, "ROLLBACK", nil, nil, nil) } }
        let count = sqlite3_column_count(statement)
        if count > 0 {
            try sink.begin(
                columns: (0..<count).map { sqlite3_column_name(statement, $0).map { String(cString: $0) } ?? "" })
        }
        var row: [SQLValue] = []
        while true {
            let code = sqlite3_step(statement)
            if code == SQLITE_DONE { break }
            guard code == SQLITE_ROW else {
                // Its end comes before that of its transaction.
                let error = Self.error(sqlite3_extended_errcode(connection), connection, guardian, start: nil)
                sqlite3_reset(statement)
                throw error
            }
            row.removeAll(keepingCapacity: true)
            for column in 0..<count { row.append(value(statement, column)) }
            do { try sink.write(row) } catch {
                sqlite3_reset(statement)
                throw error
            }
        }
        if count > 0 { try sink.end() }
    }

    private func execute(_ sql: String) throws {
        let code = sqlite3_exec(connection, sql, nil, nil, nil)
        if code != SQLITE_OK { throw Self.error(code, connection, guardian, start: nil) }
    }

    private func value(_ statement: OpaquePointer, _ column: Int32) -> SQLValue {
        switch sqlite3_column_type(statement, column) {
        case SQLITE_INTEGER: return .integer(sqlite3_column_int64(statement, column))
        case SQLITE_FLOAT: return .real(sqlite3_column_double(statement, column))
        case SQLITE_NULL: return .null
        case let type:
            let start = sqlite3_column_blob(statement, column)
            let bytes = UnsafeRawBufferPointer(start: start, count: Int(sqlite3_column_bytes(statement, column)))
            return type == SQLITE_BLOB ? .blob(Array(bytes)) : .text(String(decoding: bytes, as: UTF8.self))
        }
    }

    private static func error(
        _ code: Int32, _ connection: SQLiteConnection, _ guardian: SQLGuardian, start: Int?
    ) -> any Error {
        let message = String(cString: sqlite3_errmsg(connection))
        let offset = start.flatMap { start in
            let offset = sqlite3_error_offset(connection)
            return offset < 0 ? nil : start + Int(offset)
        }
        switch code & 0xff {
        case SQLITE_AUTH:
            return SQLError(cause: .refused, message: guardian.refusal ?? message, offset: offset)
        case SQLITE_READONLY:
            return SQLError(cause: .refused, message: "this would write to the database", offset: offset)
        case SQLITE_INTERRUPT: return SQLError(cause: .interrupted, message: "interrupted", offset: nil)
        case SQLITE_CORRUPT: return SQLError(cause: .damaged, message: message, offset: nil)
        case SQLITE_BUSY, SQLITE_LOCKED, SQLITE_FULL, SQLITE_IOERR, SQLITE_CANTOPEN, SQLITE_NOTADB, SQLITE_PERM:
            return DatabaseError(resultCode: ResultCode(rawValue: code), message: message)
        default: return SQLError(cause: .statement, message: message, offset: offset)
        }
    }
}
