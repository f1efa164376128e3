import Glibc

/// Another program that holds the lock of a database, so that nothing can be stored.
final class DatabaseBlocker {
    private let process: ChildProcess
    private let folder: TemporaryFolder
    private let end: String

    /// Returns when the database is locked: until `release`, or for a minute.
    init(_ database: String, in folder: TemporaryFolder) throws {
        let begun = folder.fresh("blocked")
        end = folder.fresh("release")
        self.folder = folder
        let wait = ".shell touch \(begun); for i in $(seq 600); do [ -e \(end) ] && break; sleep 0.1; done"
        process = try ChildProcess(
            ["sqlite3", "-batch", database, ".timeout 10000", "BEGIN IMMEDIATE", wait, "COMMIT"], in: folder)
        try eventually("the database is blocked") { access(begun, F_OK) == 0 }
    }

    func release() throws {
        try folder.write("", to: String(end.split(separator: "/").last ?? ""))
        try process.wait()
    }
}
