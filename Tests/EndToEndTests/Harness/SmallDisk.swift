import Glibc

/// A file system of a given size for a daemon's database, which only the daemon sees: mounted in a user and mount
/// namespace of its own, so that no rights are needed.
struct SmallDisk {
    let folder: TemporaryFolder
    let size: String
    /// More options of the mount, such as "ro".
    var options = ""

    private var point: String { folder("state") }

    init(in folder: TemporaryFolder, size: String, options: String = "") throws {
        (self.folder, self.size, self.options) = (folder, size, options)
        guard mkdir(folder("state"), 0o755) == 0 else { throw systemError("mkdir \(folder("state"))") }
    }

    /// Whether this machine lets us mount one; containers often do not.
    static let isPossible: Bool = {
        guard let folder = try? TemporaryFolder() else { return false }
        let script = "mount -t tmpfs -o size=1m none '\(folder.path)' && mount -o remount,size=2m '\(folder.path)'"
        return (try? ChildProcess(["unshare", "-rm", "sh", "-c", script], in: folder).wait()) == .code(0)
    }()

    /// What stands before the daemon's command.
    var launcher: [String] {
        let mount = "mount -t tmpfs -o size=\(size) none '\(point)'"
        let remount = options.isEmpty ? "" : " && mount -o remount,\(options) '\(point)'"
        return ["unshare", "-rm", "sh", "-c", "\(mount)\(remount) && exec \"$@\"", "sh"]
    }

    var environment: [String: String] { ["STATE_DIRECTORY": point] }

    func start(_ settings: [String] = []) throws -> DaemonProcess {
        try DaemonProcess.start(in: folder, settings: settings, environment: environment, launcher: launcher)
    }

    /// Rows of the daemon's database, as long as the daemon runs.
    func query(_ sql: String, of daemon: DaemonProcess) throws -> [String] {
        try SQLiteShell.run(sql, on: "\(point)/anomaly.db", launcher: inside(daemon))
    }

    func resize(to size: String, for daemon: DaemonProcess) throws {
        let process = try ChildProcess(inside(daemon) + ["mount", "-o", "remount,size=\(size)", point], in: folder)
        guard try process.wait() == .code(0) else { throw HarnessError("cannot resize: \(process.errors)") }
    }

    /// What stands before a command that shall see what the daemon sees.
    private func inside(_ daemon: DaemonProcess) -> [String] {
        ["nsenter", "-t", "\(daemon.process.id)", "-U", "-m", "--preserve-credentials"]
    }
}
