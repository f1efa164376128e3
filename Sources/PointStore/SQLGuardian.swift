import GRDB
import GRDBSQLite

/// Lets through what only reads. The file is opened for reading alone; this is for what SQLite would do beside that
/// (another file that is attached, temporary tables), and for messages that say what is wrong.
final class SQLGuardian {
    private let isInterrupted: () -> Bool
    private var isWatching = true
    /// Why the last statement was refused.
    var refusal: String?

    /// Steps of SQLite's virtual machine from one question to the next: some hundred a second.
    private static let steps: Int32 = 100_000

    init(isInterrupted: @escaping () -> Bool) {
        self.isInterrupted = isInterrupted
    }

    /// From now on, until the connection is closed. It must not live longer than this.
    func watch(_ connection: SQLiteConnection?) {
        let context = Unmanaged.passUnretained(self).toOpaque()
        sqlite3_set_authorizer(
            connection,
            { context, action, first, second, _, _ in
                let guardian = Unmanaged<SQLGuardian>.fromOpaque(context!).takeUnretainedValue()
                let names = [first, second].map { $0.map { String(cString: $0) } }
                guard guardian.isWatching, let refusal = SQLGuardian.refusal(of: action, names[0], names[1]) else {
                    return SQLITE_OK
                }
                guardian.refusal = refusal
                return SQLITE_DENY
            }, context)
        sqlite3_progress_handler(
            connection, Self.steps,
            { Unmanaged<SQLGuardian>.fromOpaque($0!).takeUnretainedValue().isInterrupted() ? 1 : 0 }, context)
    }

    /// Runs what is not the user's.
    func unwatched<T>(_ body: () throws -> T) rethrows -> T {
        isWatching = false
        defer { isWatching = true }
        return try body()
    }

    /// Why a statement is refused that does this; nil if it only reads.
    private static func refusal(of action: Int32, _ first: String?, _ second: String?) -> String? {
        let name = first ?? ""
        switch action {
        case SQLITE_SELECT, SQLITE_READ, SQLITE_RECURSIVE: return nil
        case SQLITE_FUNCTION:
            return second?.lowercased() == "load_extension" ? "load_extension() is not allowed here" : nil
        case SQLITE_PRAGMA: return refusal(ofPragma: name.lowercased(), hasValue: second != nil)
        case SQLITE_INSERT, SQLITE_UPDATE, SQLITE_DELETE:
            // SQLite also asks so where it makes a table in memory only, as for a virtual one. What is really created has
            // an action of its own.
            let isSchema = ["sqlite_master", "sqlite_temp_master"].contains(name)
            return isSchema ? nil : "this would write to the table \(name)"
        case SQLITE_ATTACH, SQLITE_DETACH:
            return "other databases cannot be attached or written; --database names the one to read"
        case SQLITE_ANALYZE, SQLITE_REINDEX: return "this would write to the database"
        case SQLITE_TRANSACTION, SQLITE_SAVEPOINT:
            return "there are no transactions here; each statement by itself sees one state of the database"
        default: return "this would change the schema"
        }
    }

    private static func refusal(ofPragma name: String, hasValue: Bool) -> String? {
        // Those that tell something, for whose sake they take the name of a table or the like.
        let questions: Set = [
            "compile_options", "database_list", "foreign_key_check", "foreign_key_list", "function_list", "index_info",
            "index_list", "index_xinfo", "integrity_check", "module_list", "pragma_list", "quick_check", "table_info",
            "table_list", "table_xinfo", "collation_list",
        ]
        // And those that would also set it.
        let settings: Set = [
            "application_id", "auto_vacuum", "cache_size", "data_version", "encoding", "freelist_count",
            "journal_size_limit", "page_count", "page_size", "schema_version", "user_version",
            "wal_autocheckpoint",
        ]
        if questions.contains(name) || settings.contains(name) && !hasValue { return nil }
        return settings.contains(name)
            ? "PRAGMA \(name) can be read here, not set" : "PRAGMA \(name) is not allowed here"
    }
}
