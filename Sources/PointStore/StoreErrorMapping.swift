import GRDB
import Glibc

extension DatabaseQueue {
    /// - throws: An error if the queue has been closed; GRDB 7.10 hands SQLite a null pointer then.
    func requireOpen() throws {
        if unsafeRead({ $0.sqliteConnection == nil }) {
            throw DatabaseError(resultCode: .SQLITE_MISUSE, message: "it has been closed")
        }
    }
}

extension StoreError {
    /// Runs `body` and turns what SQLite throws into a ``StoreError``; other errors pass unchanged.
    static func naming<T>(_ operation: String, _ path: String, _ body: () throws -> T) throws -> T {
        do {
            return try body()
        } catch let error as DatabaseError {
            throw StoreError(operation: operation, path: path, database: error)
        }
    }

    /// An error of SQLite's, sorted by its result code: https://www.sqlite.org/rescode.html
    init(operation: String, path: String, database error: DatabaseError) {
        let cause: Cause
        var hint: String?
        switch error.resultCode {
        case .SQLITE_BUSY, .SQLITE_LOCKED, .SQLITE_PROTOCOL:
            cause = .busy
            hint = "another program holds a lock on it"
        case .SQLITE_FULL:
            cause = .full
            hint = "free space on its file system"
        case .SQLITE_IOERR, .SQLITE_NOMEM:
            cause = .inputOutput
        case .SQLITE_CORRUPT:
            cause = .damaged
            hint = "stop anomalyd, copy the file, and try the .recover command of sqlite3 on the copy"
        case .SQLITE_NOTADB:
            cause = .foreign
            hint = "give another file"
        case .SQLITE_READONLY, .SQLITE_PERM, .SQLITE_AUTH, .SQLITE_CANTOPEN:
            cause = .notPermitted
            hint = "the user must be able to read it and its -wal and -shm files; its group is meant for that"
        case .SQLITE_CONSTRAINT, .SQLITE_MISMATCH:
            cause = .conflict
        default:
            cause = .other
        }
        let message = error.message ?? "no message"
        self.init(
            operation: operation, path: path, cause: cause,
            detail: "\(message) (SQLite error \(error.extendedResultCode.rawValue))", hint: hint)
    }

    /// An error of the operating system's. `object` is what the call was about, if not the database itself.
    init(operation: String, path: String, errno code: Int32, object: String? = nil, hint: String? = nil) {
        let cause: Cause =
            switch code {
            case ENOENT, ENOTDIR: .missing
            case EACCES, EPERM, EROFS: .notPermitted
            case ENOSPC, EDQUOT: .full
            case EIO: .inputOutput
            default: .other
            }
        let reason = String(cString: strerror(code))
        self.init(
            operation: operation, path: path, cause: cause, detail: object.map { "\($0): \(reason)" } ?? reason,
            hint: hint)
    }
}
