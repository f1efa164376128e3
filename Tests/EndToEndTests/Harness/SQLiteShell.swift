import Foundation

/// The `sqlite3` shell, which shows the file as everybody else sees it.
enum SQLiteShell {
    /// Runs one or more statements.
    ///
    /// - Parameters:
    ///   - writable: open it as the plain shell does. The last one who closes a database tidies it up, so that looking
    ///     at what a crash has left needs a shell that only reads.
    ///   - library: the path of an extension.
    ///   - launcher: a command in front of the shell's own.
    /// - Returns: the rows, one line each, columns separated by `|`.
    /// - Throws: `HarnessError` with what the shell said.
    @discardableResult
    static func run(
        _ sql: String, on database: String, writable: Bool = false, loading library: String? = nil,
        launcher: [String] = []
    ) throws -> [String] {
        let folder = try TemporaryFolder()
        var command = launcher + ["sqlite3", "-batch", "-bail", "-cmd", ".timeout 10000"]
        if !writable { command.append("-readonly") }
        if let library { command += ["-cmd", ".load '\(library)'"] }
        let shell = try ChildProcess(command + [database, sql], in: folder)
        let exit = try shell.wait()
        guard exit == .code(0), shell.errors.isEmpty else {
            throw HarnessError("sqlite3 \(database) \(sql.debugDescription): \(exit), \(shell.errors)")
        }
        return shell.output.split(separator: "\n", omittingEmptySubsequences: false).dropLast().map(String.init)
    }
}
