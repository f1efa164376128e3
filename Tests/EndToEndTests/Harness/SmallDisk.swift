import Glibc

/// A file system of a given size for a daemon's database, which only the daemon sees: mounted in a user and mount
/// namespace of its own, so that no rights are needed. The test reaches it through /proc.
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

    /// The path of one of its files, as long as the daemon runs.
    func path(_ name: String, of daemon: DaemonProcess) -> String { "/proc/\(daemon.process.id)/root\(point)/\(name)" }

    func resize(to size: String, for daemon: DaemonProcess) throws {
        let command = ["nsenter", "-t", "\(daemon.process.id)", "-U", "-m", "--preserve-credentials"]
        let process = try ChildProcess(command + ["mount", "-o", "remount,size=\(size)", point], in: folder)
        guard try process.wait() == .code(0) else { throw HarnessError("cannot resize: \(process.errors)") }
    }
}
