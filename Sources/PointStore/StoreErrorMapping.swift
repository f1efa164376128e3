import GRDB
import GRDBSQLite
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

    /// As above, for what `connection` does: it also knows what the operating system said.
    static func naming<T>(
        _ operation: String, _ path: String, on connection: Database, _ body: () throws -> T
    ) throws -> T {
        errno = 0
        do {
            return try body()
        } catch let error as DatabaseError {
            // SQLite does not keep what failed in a COMMIT (OP_AutoCommit in vdbe.c); the thread does.
            let last = errno
            let kept = sqlite3_system_errno(connection.sqliteConnection)
            throw StoreError(
                operation: operation, path: path, database: error,
                systemCode: [ENOSPC, EDQUOT, EROFS].contains(last) ? last : kept)
        }
    }

    /// An error of SQLite's, sorted by its result code: https://www.sqlite.org/rescode.html
    ///
    /// - parameter systemCode: errno of the system call that failed, 0 if not known. It tells a full or read-only file
    ///   system from a broken disk where SQLite speaks of a disk I/O error for all of them.
    init(operation: String, path: String, database error: DatabaseError, systemCode: Int32 = 0) {
        var cause: Cause
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
            hint = "to bring over what can be read, try: anomalyctl db salvage \(path) -o NEW"
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
        var message = error.message ?? "no message"
        let systemErrors: [ResultCode] = [.SQLITE_IOERR, .SQLITE_FULL, .SQLITE_READONLY, .SQLITE_CANTOPEN]
        if systemErrors.contains(error.resultCode) {
            if systemCode != 0 { message += ": \(String(cString: strerror(systemCode)))" }
            if systemCode == ENOSPC || systemCode == EDQUOT {
                cause = .full
                hint = "free space on its file system"
            } else if systemCode == EROFS || access(path, W_OK) != 0 && errno == EROFS {
                cause = .readOnly
                hint = "mount its file system for writing"
            }
        }
        self.init(
            operation: operation, path: path, cause: cause,
            detail: "\(message) (SQLite error \(error.extendedResultCode.rawValue))", hint: hint)
        code = error.extendedResultCode.rawValue
    }

    /// An error of the operating system's. `object` is what the call was about, if not the database itself.
    init(operation: String, path: String, errno code: Int32, object: String? = nil, hint: String? = nil) {
        let cause: Cause =
            switch code {
            case ENOENT, ENOTDIR: .missing
            case EACCES, EPERM: .notPermitted
            case EROFS: .readOnly
            case ENOSPC, EDQUOT: .full
            case EIO: .inputOutput
            default: .other
            }
        let reason = String(cString: strerror(code))
        self.init(
            operation: operation, path: path, cause: cause, detail: object.map { "\($0): \(reason)" } ?? reason,
            hint: hint ?? (cause == .readOnly ? "mount its file system for writing" : nil))
    }
}
