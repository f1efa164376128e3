import Foundation

/// A `sqlite3` shell that stays open, and with it its transaction.
final class OpenShell {
    private let process: ChildProcess
    private let input: FileHandle
    private var answers = 0

    init(on database: String, in folder: TemporaryFolder) throws {
        let pipe = Pipe()
        process = try ChildProcess(
            ["sqlite3", "-batch", database], in: folder, input: pipe.fileHandleForReading.fileDescriptor)
        input = pipe.fileHandleForWriting
    }

    /// Sends statements, and waits until they have been executed.
    func execute(_ sql: String) throws {
        answers += 1
        try input.write(contentsOf: Data("\(sql)\nSELECT 'done \(answers)';\n".utf8))
        try eventually("sqlite3 has executed \(sql): \(process.errors)") {
            process.output.contains("done \(answers)\n")
        }
    }

    func quit() throws {
        // The end of its input alone would not do: a process that is begun meanwhile may have inherited the pipe.
        try input.write(contentsOf: Data(".quit\n".utf8))
        try input.close()
        try process.wait()
    }
}
