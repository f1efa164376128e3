import GRDB
import Glibc

/// Copies a database, which a daemon may be writing to meanwhile. The copy has what was committed when it began, and
/// appears under its name when it is whole and has been found sound.
public struct StoreBackup {
    private let connection: ReadConnection
    private let target: String
    /// Where the copy grows.
    private let partial: String

    public enum Step: Sendable, Equatable {
        /// SQLite copies in one go, so that it is not known how far it is.
        case copying
        case verifying(StoreVerification.Step)
    }

    /// - throws: A ``StoreError`` if the database cannot be read, or if there is something at `target` already.
    public init(of source: String, at target: String) throws {
        connection = try ReadConnection(path: source)
        self.target = try StoreFile.resolve(target, operation: "create")
        partial = self.target + ".partial"
        for taken in [self.target, self.target + "-wal", partial] where StoreFile.exists(taken) {
            throw StoreError(
                operation: "create", path: taken, cause: .other, detail: "it exists already",
                hint: taken == partial
                    ? "a backup is at work, or was interrupted; then remove it" : "name a file that does not")
        }
    }

    /// Does it.
    ///
    /// - returns: What is in the copy. If it is not sound, the database is not, and there is no copy.
    /// - throws: A ``StoreError`` if it cannot be written; nothing of it stays then.
    public func run(progress: (Step) throws -> Void = { _ in }) throws -> VerifyReport {
        defer { for suffix in ["", "-wal", "-shm", "-journal"] { unlink(partial + suffix) } }
        try progress(.copying)
        try StoreFile.createEmpty(partial, mode: StoreFile.mode, for: target)
        try StoreError.naming("write", partial) {
            // In one go: between two, the daemon's next commit would make SQLite begin anew.
            let copy = try DatabaseQueue(path: partial)
            try connection.backup(to: copy)
            try copy.close()
        }
        var verification = try StoreVerification(path: partial)
        let report = try verification.run { try progress(.verifying($0)) }
        if report.isSound { try publish() }
        return report
    }

    private func publish() throws {
        guard link(partial, target) == 0 else {
            throw StoreError(operation: "create", path: target, errno: errno)
        }
        // Its name has to be on the disk, too.
        let directory = open(StoreFile.directory(of: target), O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        guard directory >= 0 else { return }
        defer { close(directory) }
        guard fsync(directory) == 0 else {
            throw StoreError(operation: "create", path: target, errno: errno, object: "fsync of its directory")
        }
    }
}
