import Glibc

/// Where the daemon and `anomalyctl` find their files unless told otherwise.
///
/// Each folder is the first of these that is set: systemd's variable for it (the first path, if it lists several),
/// root's system folder, or the XDG folder of the person who runs the program.
///
/// | folder | systemd | root | person |
/// |---|---|---|---|
/// | configuration | `$CONFIGURATION_DIRECTORY` | `/etc/anomalyd` | `$XDG_CONFIG_HOME/anomalyd`, `~/.config/anomalyd` |
/// | state | `$STATE_DIRECTORY` | `/var/lib/anomalyd` | `$XDG_STATE_HOME/anomalyd`, `~/.local/state/anomalyd` |
/// | runtime | `$RUNTIME_DIRECTORY` | `/run/anomalyd` | `$XDG_RUNTIME_DIR/anomalyd`, else `run` in the state folder |
///
/// A variable that is empty or no absolute path counts as unset, as the XDG specification demands. A person without
/// `$HOME` gets the system's folders.
///
/// An instance has the same folder of configuration, where ``ConfigurationFiles`` says what is its own, and state and
/// runtime folders of its own: `/var/lib/anomalyd-instances/NAME` instead of `/var/lib/anomalyd`, and so on, unless
/// systemd's variables name them. They do not lie in the folders of the daemon without a name, which could look into
/// them there.
public struct DefaultPaths: Sendable, Equatable {
    public var configurationDirectory: String
    public var stateDirectory: String
    public var runtimeDirectory: String
    /// Folders with the vendor's configuration, the weakest first.
    public var vendorDirectories: [String] = []
    /// One of several daemons; nil for the one without a name.
    public private(set) var instance: InstanceName?

    /// The file in which people configure the daemon.
    public var configurationFile: String { configurationDirectory + "/" + (configurationNames.last ?? "") }
    /// Names of the files that are looked for in ``configurationDirectories``.
    public var configurationNames: [String] {
        ["anomalyd.toml"] + (instance.map { ["anomalyd@\($0).toml"] } ?? [])
    }
    /// All folders with configuration, the weakest first.
    public var configurationDirectories: [String] { vendorDirectories + [configurationDirectory] }
    /// The SQLite file.
    public var database: String { stateDirectory + "/anomaly.db" }
    /// The socket that points are sent to.
    public var feedSocket: String { runtimeDirectory + "/feed.sock" }
    /// The socket that `anomalyctl` asks.
    public var controlSocket: String { runtimeDirectory + "/control.sock" }
    /// The socket that tells of anomalies.
    public var alertSocket: String { runtimeDirectory + "/alerts.sock" }

    public init(
        configurationDirectory: String, stateDirectory: String, runtimeDirectory: String,
        vendorDirectories: [String] = []
    ) {
        self.configurationDirectory = configurationDirectory
        self.stateDirectory = stateDirectory
        self.runtimeDirectory = runtimeDirectory
        self.vendorDirectories = vendorDirectories
    }

    /// The folders of the installed service.
    public static let system = DefaultPaths(
        configurationDirectory: "/etc/anomalyd", stateDirectory: "/var/lib/anomalyd", runtimeDirectory: "/run/anomalyd",
        vendorDirectories: ["/usr/lib/anomalyd", "/usr/local/lib/anomalyd"])

    /// The folders of the installed service's instance.
    public static func service(_ instance: InstanceName?) -> DefaultPaths {
        var paths = system
        if let instance { paths.choose(instance) }
        return paths
    }

    /// The folders for a process with this environment and this effective user.
    public init(environment: [String: String], userID: UInt32, instance: InstanceName? = nil) {
        func folder(_ name: String) -> String? {
            guard let first = environment[name]?.split(separator: ":", omittingEmptySubsequences: false).first,
                first.hasPrefix("/")
            else { return nil }
            return Self.withoutTrailingSlashes(first)
        }
        self = userID == 0 ? .system : Self.person(folder) ?? .system
        if let instance { choose(instance) }
        configurationDirectory = folder("CONFIGURATION_DIRECTORY") ?? configurationDirectory
        // The vendor configures the installed service, not what people run from folders of their own.
        let isService = configurationDirectory == Self.system.configurationDirectory
        vendorDirectories = isService ? Self.system.vendorDirectories : []
        stateDirectory = folder("STATE_DIRECTORY") ?? stateDirectory
        runtimeDirectory = folder("RUNTIME_DIRECTORY") ?? runtimeDirectory
    }

    private mutating func choose(_ instance: InstanceName) {
        self.instance = instance
        stateDirectory += "-instances/\(instance)"
        runtimeDirectory += "-instances/\(instance)"
    }

    /// The folders for this process.
    public static func current(_ instance: InstanceName? = nil) -> DefaultPaths {
        DefaultPaths(environment: currentEnvironment(), userID: geteuid(), instance: instance)
    }

    /// The folders where a client finds the daemon: its own user's if that user has a daemon or a database,
    /// otherwise the installed service's. So a member of the group `anomalyd` need not name the service's files.
    /// - Parameter exists: whether there is a file of any kind at a path.
    public static func forClient(
        environment: [String: String], userID: UInt32, instance: InstanceName? = nil, exists: (String) -> Bool
    ) -> DefaultPaths {
        let own = DefaultPaths(environment: environment, userID: userID, instance: instance)
        let installed = service(instance)
        return exists(own.controlSocket) || exists(own.database)
            ? own : exists(installed.stateDirectory) ? installed : own
    }

    /// ``forClient(environment:userID:instance:exists:)`` for this process.
    public static func currentForClient(_ instance: InstanceName? = nil) -> DefaultPaths {
        forClient(environment: currentEnvironment(), userID: geteuid(), instance: instance) { access($0, F_OK) == 0 }
    }

    private static func person(_ folder: (String) -> String?) -> DefaultPaths? {
        let home = folder("HOME")
        guard let configuration = folder("XDG_CONFIG_HOME") ?? home.map({ $0 + "/.config" }),
            let state = folder("XDG_STATE_HOME") ?? home.map({ $0 + "/.local/state" })
        else { return nil }
        // Without XDG_RUNTIME_DIR, never /tmp: anybody could have put a folder of that name there before us.
        let runtime = folder("XDG_RUNTIME_DIR").map { $0 + "/anomalyd" } ?? state + "/anomalyd/run"
        return DefaultPaths(
            configurationDirectory: configuration + "/anomalyd", stateDirectory: state + "/anomalyd",
            runtimeDirectory: runtime)
    }

    private static func withoutTrailingSlashes(_ path: Substring) -> String {
        var path = path
        while path.count > 1, path.hasSuffix("/") { path.removeLast() }
        return String(path)
    }

    private static func currentEnvironment() -> [String: String] {
        let names = [
            "CONFIGURATION_DIRECTORY", "STATE_DIRECTORY", "RUNTIME_DIRECTORY", "HOME", "XDG_CONFIG_HOME",
            "XDG_STATE_HOME", "XDG_RUNTIME_DIR",
        ]
        var environment: [String: String] = [:]
        for name in names {
            environment[name] = getenv(name).map { String(cString: $0) }
        }
        return environment
    }
}
