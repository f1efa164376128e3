import Foundation

/// A running `anomalyd` with its files in a folder: `feed.sock`, `control.sock`, `anomaly.db`.
///
/// It is told so as systemd does it, by environment variables; so no configuration of this machine is read.
final class DaemonProcess {
    let process: ChildProcess
    let notify: NotifySocket
    let feedSocket: String
    let controlSocket: String
    let database: String

    /// Starts it and waits until it says that it is ready.
    ///
    /// - Throws: `HarnessError` with its log if it isn't ready in time or has ended.
    static func start(
        in folder: TemporaryFolder, _ arguments: [String] = [], settings: [String] = [],
        environment: [String: String] = [:], launcher: [String] = [], passed: [Int32] = []
    ) throws -> DaemonProcess {
        let daemon = try DaemonProcess(
            in: folder, arguments, settings: settings, environment: environment, launcher: launcher, passed: passed)
        try daemon.waitUntilReady()
        return daemon
    }

    /// Starts it without waiting for anything.
    ///
    /// - Parameters:
    ///   - settings: `KEY=VALUE` for `--set`.
    ///   - launcher: a command in front of the daemon's own, which must exec it.
    ///   - input: standard input; nil is /dev/null.
    ///   - passed: descriptors that become 3, 4 and so on.
    init(
        in folder: TemporaryFolder, _ arguments: [String] = [], settings: [String] = [],
        environment: [String: String] = [:], launcher: [String] = [], input: Int32? = nil, passed: [Int32] = []
    ) throws {
        feedSocket = folder("feed.sock")
        controlSocket = folder("control.sock")
        database = folder("anomaly.db")
        notify = try NotifySocket(path: folder.fresh("notify"))
        process = try ChildProcess(
            launcher + [Programs.path("anomalyd")] + arguments + settings.flatMap { ["--set", $0] }, in: folder,
            environment: DaemonProcess.environment(folder).merging(["NOTIFY_SOCKET": notify.path]) { $1 }
                .merging(environment) { $1 },
            input: input, passed: passed)
    }

    /// The folders that systemd would name to a service.
    static func environment(_ folder: TemporaryFolder) -> [String: String] {
        ["CONFIGURATION_DIRECTORY", "STATE_DIRECTORY", "RUNTIME_DIRECTORY"].reduce(into: [:]) { $0[$1] = folder.path }
    }

    /// Runs the program to its end, for what it says and how it exits.
    static func run(
        in folder: TemporaryFolder, _ arguments: [String], input: Int32? = nil, within limit: Duration = patience
    ) throws -> (exit: ChildProcess.Exit, output: String, errors: String) {
        let process = try ChildProcess(
            [Programs.path("anomalyd")] + arguments, in: folder, environment: environment(folder), input: input)
        return (try process.wait(within: limit), process.output, process.errors)
    }

    func waitUntilReady() throws {
        try eventually("anomalyd is ready; its stderr:\n\(process.errors)") {
            if let exit = process.poll() {
                throw HarnessError("anomalyd ended before it was ready: \(exit), \(process.errors)")
            }
            return notify.has("READY=1")
        }
    }

    /// Waits until every stored stream is in memory again.
    func waitUntilRestored() throws {
        try eventually("all streams are restored; stderr:\n\(process.errors)") { try status().restoring == nil }
    }

    /// SIGTERM, and the wait for its end.
    ///
    /// - Throws: `HarnessError` with its log unless it exits with 0.
    func stop(within limit: Duration = patience) throws {
        process.signal(SIGTERM)
        let exit = try process.wait(within: limit)
        guard exit == .code(0) else { throw HarnessError("anomalyd ended with \(exit): \(process.errors)") }
    }

    /// SIGKILL: no chance to save anything.
    func kill() throws {
        process.signal(SIGKILL)
        try process.wait()
    }

    /// Lines of its log that begin with a message.
    func log(_ message: String) -> [Substring] {
        process.errors.split(separator: "\n").filter { $0.contains(": \(message)") }
    }

    func client(timeout: Duration = patience) throws -> FeedClient { try FeedClient(feedSocket, timeout: timeout) }

    func status() throws -> Status {
        let control = try FeedClient(controlSocket)
        try control.send(#"{"request":"status","version":1}"# + "\n")
        guard let reply = try control.readLine() else { throw HarnessError("no reply from the control socket") }
        let decoder = JSONDecoder()
        decoder.keyDecodingStrategy = .convertFromSnakeCase
        return try decoder.decode(Reply.self, from: Data(reply.utf8)).status
    }

    /// Descriptors that it has open.
    func openFiles() throws -> Int {
        try FileManager.default.contentsOfDirectory(atPath: "/proc/\(process.id)/fd").count
    }

    /// Processor time that it has used, in seconds (proc(5): fields 14 and 15, after a name in parentheses).
    func processorTime() throws -> Double {
        let fields = contents(of: "/proc/\(process.id)/stat").split(separator: ")").last?.split(separator: " ") ?? []
        guard fields.count > 12, let user = Double(fields[11]), let system = Double(fields[12]) else {
            throw HarnessError("cannot read /proc/\(process.id)/stat")
        }
        return (user + system) / Double(sysconf(Int32(_SC_CLK_TCK)))
    }

    /// Rows of the database as the `sqlite3` shell prints them.
    func query(_ sql: String) throws -> [String] { try SQLiteShell.run(sql, on: database) }

    /// What the tests look at in the reply to a status request.
    struct Status: Decodable {
        var state: String
        var streams: Int
        var points: Int
        var rejectedLines: [String: Int]
        var duplicatePoints: Int
        var latePoints: Int
        var keptLatePoints: Int
        var pendingPoints: Int
        var silentStreams: Int
        var mutedStreams: Int
        var connections: Int
        var listeners: [String]
        var residentBytes: Int
        var maxConnections: Int
        var maxStreams: Int
        var refusedConnections: [String: Int]
        var allocatedBytes: Int
        var watchdog: Watchdog?
        var gradients: Gradients
        var restoring: Restoring?
        var text: String
        var openAnomalies: Int
        var warmingStreams: Int
        var asleepStreams: Int
        var memory: Memory?
        var sinks: [Sink]?

        struct Sink: Decodable { var name: String }

        var storage: Storage
        var notes: [String]

        struct Storage: Decodable {
            var waitingRows: Int
            var waitingPoints: Int
            var isFull: Bool
            var walBytes: Int
            var trouble: String?
            var setAside: String?
        }

        struct Memory: Decodable {
            var limit: Int
            var isLimited: Bool
        }

        struct Restoring: Decodable, Equatable {
            var restored = 0
            var streams = 0
        }

        struct Gradients: Decodable, Equatable {
            var healthy = 0
            var vanishing = 0
            var exploding = 0
            var unknown = 0
            var skippedUpdates = 0
        }

        struct Watchdog: Decodable {
            var timeoutSeconds: Double
        }
    }

    private struct Reply: Decodable {
        var status: Status
    }
}
