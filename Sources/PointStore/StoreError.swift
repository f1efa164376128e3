/// What went wrong with the database: doing what, with which file, why, and what helps.
public struct StoreError: Error, Sendable, Equatable {
    /// Why. Programs decide by this; people read ``StoreError/description``.
    public enum Cause: Sendable, Equatable {
        /// Another process writes to this database; its process id if the lock file tells it.
        case locked(process: Int32?)
        /// There is no such file.
        case missing
        /// The operating system does not let us.
        case notPermitted
        /// The file is not an SQLite database, or one of another program.
        case foreign
        /// The file was written by a newer version, which knows these migrations.
        case newer(migrations: [String])
        /// A checkpoint in it has this format, which only a newer version knows.
        case newerCheckpoint(format: Int32)
        /// The file was written by an older version; a writer must migrate it first.
        case outdated
        /// The file is damaged.
        case damaged
        /// No space is left.
        case full
        /// Its file system is mounted for reading only.
        case readOnly
        /// Somebody else holds a lock of SQLite's for longer than the busy timeout.
        case busy
        /// Reading or writing failed.
        case inputOutput
        /// The batch contradicts the database, such as a point that is stored already.
        case conflict
        /// Anything else that SQLite or the operating system reported.
        case other
    }

    /// What was tried, such as "open" or "commit".
    public var operation: String
    /// The database file.
    public var path: String
    public var cause: Cause
    /// What SQLite or the operating system said, and of what.
    public var detail: String
    /// What helps, if we know.
    public var hint: String?
    /// SQLite's extended result code; 0 if it is not SQLite's error.
    var code: Int32 = 0

    public init(operation: String, path: String, cause: Cause, detail: String, hint: String? = nil) {
        self.operation = operation
        self.path = path
        self.cause = cause
        self.detail = detail
        self.hint = hint
    }

    /// What a writer does that meets an error while it has the database open.
    public enum Remedy: Sendable, Equatable {
        /// Keep what was to be stored, and try again: what stands in the way is outside the database.
        case wait
        /// The database is no good any more: ``PointStore/replaceDamaged()``.
        case setAside
        /// Stop, and begin again from what is stored: memory and database contradict each other, or it is not known
        /// what is wrong, and no further attempt would change that.
        case stop
    }

    public var remedy: Remedy {
        switch cause {
        // A right that is missing may be given back, as space may.
        case .full, .readOnly, .busy, .inputOutput, .notPermitted: .wait
        // It was one of ours when it was opened, so that it is not foreign now but overwritten.
        case .damaged, .foreign: .setAside
        case .locked, .missing, .newer, .newerCheckpoint, .outdated, .conflict, .other: .stop
        }
    }

    /// True if the same call may succeed later without anybody mending the file.
    public var isTransient: Bool {
        switch cause {
        case .full, .readOnly, .busy, .inputOutput: true
        case .locked, .missing, .notPermitted, .foreign, .newer, .newerCheckpoint, .outdated, .damaged, .conflict,
            .other:
            false
        }
    }
}

extension StoreError: CustomStringConvertible {
    /// One line: `cannot OPERATION PATH: DETAIL (HINT)`.
    public var description: String {
        let hint = hint.map { " (\($0))" } ?? ""
        return "cannot \(operation) \(path): \(detail)\(hint)"
    }
}
