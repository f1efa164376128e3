import Foundation
import Glibc

/// The `anomalyctl` that was built beside this test bundle, run as a process of its own.
struct BuiltProgram {
    struct Result: Equatable {
        var status: Int32
        var output: String
        var errors: String
    }

    /// Added to an environment that has hardly anything but `PATH`.
    var environment: [String: String] = [:]

    /// Whether to give up root's right to pass over file modes.
    var obeysFileModes = false

    static var path: String {
        let bundle = URL(filePath: "/proc/self/exe").resolvingSymlinksInPath()
        return bundle.deletingLastPathComponent().appending(path: "anomalyctl").path
    }

    /// Runs to the end.
    func run(_ arguments: String...) throws -> Result { try run(arguments) }

    func run(_ arguments: [String]) throws -> Result {
        let process = makeProcess(arguments)
        let output = Pipe()
        process.standardOutput = output
        // A file rather than a second pipe, which would need a second thread.
        let errors = NSTemporaryDirectory() + "anomalyctl-errors-\(UUID().uuidString)"
        _ = FileManager.default.createFile(atPath: errors, contents: nil)
        defer { try? FileManager.default.removeItem(atPath: errors) }
        process.standardError = FileHandle(forWritingAtPath: errors)
        try process.run()
        let bytes = try output.fileHandleForReading.readToEnd() ?? Data()
        process.waitUntilExit()
        return Result(
            status: process.terminationStatus, output: String(decoding: bytes, as: UTF8.self),
            errors: try String(contentsOfFile: errors, encoding: .utf8))
    }

    /// Runs to the end on a terminal, and returns what it shows with "␛" for escape characters.
    func runOnTerminal(columns: UInt16, _ arguments: [String]) throws -> String {
        var primary: Int32 = 0
        var secondary: Int32 = 0
        var size = winsize(ws_row: 24, ws_col: columns, ws_xpixel: 0, ws_ypixel: 0)
        guard openpty(&primary, &secondary, nil, nil, &size) == 0 else { throw POSIXError(.ENOTTY) }
        let process = makeProcess(arguments)
        process.standardOutput = FileHandle(fileDescriptor: secondary, closeOnDealloc: false)
        try process.run()
        close(secondary)
        var bytes: [UInt8] = []
        var chunk = [UInt8](repeating: 0, count: 4096)
        // Ends with EIO when the process has closed the terminal.
        while case let count = read(primary, &chunk, chunk.count), count > 0 { bytes += chunk[..<count] }
        process.waitUntilExit()
        close(primary)
        return String(decoding: bytes, as: UTF8.self).replacing("\u{1B}", with: "␛").replacing("\r\n", with: "\n")
    }

    /// A process that is not started yet, with nothing on standard input.
    func makeProcess(_ arguments: [String]) -> Process {
        let process = Process()
        let capabilities = "-dac_override,-dac_read_search"
        let setpriv = ["/usr/bin/setpriv", "--inh-caps=\(capabilities)", "--bounding-set=\(capabilities)"]
        let command = (obeysFileModes ? setpriv : []) + [Self.path]
        process.executableURL = URL(filePath: command[0])
        process.arguments = command.dropFirst() + arguments
        // What `make tsan` and `make asan` tell their programs.
        let names = ["TSAN_OPTIONS", "ASAN_OPTIONS", "LSAN_OPTIONS", "UBSAN_OPTIONS", "LD_PRELOAD", "SWIFT_BACKTRACE"]
        let inherited = ProcessInfo.processInfo.environment.filter { names.contains($0.key) }
        process.environment = ["PATH": "/usr/bin:/bin"].merging(inherited) { $1 }.merging(environment) { $1 }
        process.standardInput = FileHandle.nullDevice
        return process
    }
}
