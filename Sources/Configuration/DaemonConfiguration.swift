/// The whole configuration of a daemon, checked and complete.
///
/// ```swift
/// let paths = DefaultPaths.current
/// var commandLine = ConfigurationLayer()
/// commandLine.set("database.path", to: "/tmp/a.db", flag: "--database")
/// commandLine.set("model.hidden=32")
/// let configuration = try DaemonConfiguration(
///     layers: ConfigurationFiles(paths: paths).layers + [commandLine], paths: paths)
/// let settings = configuration.settings(forStream: "web.latency")
/// ```
public struct DaemonConfiguration: Sendable, Equatable {
    public var feed: Feed
    public var control: Control
    public var http = HTTP()
    public var database: Database
    public var retention = Retention()
    public var daemon = Daemon()
    public var alerts: Alerts
    /// `[model]`, `[score]`, `[storage]`, the late points of `[feed]` and the ages of `[retention]`: what holds for a stream that no `[[stream]]` section says otherwise of.
    public var defaults = StreamSettings()
    /// The `[[stream]]` sections, in the order in which they are applied: the most specific one last.
    public private(set) var streams: [StreamSection] = []
    /// The `[[sink]]` and `[[mute]]` sections, in the order of the files; of sinks with the same name the last one.
    public internal(set) var sinks: [AlertSinkSettings] = []
    public internal(set) var mutes: [MuteWindow] = []
    /// Where `model.initial` names a file.
    public internal(set) var initialModels: [InitialModelUse] = []
    /// Where the keys stand that are set.
    public internal(set) var origins = ConfigurationOrigins()

    /// `[feed]`: where points come in.
    public struct Feed: Sendable, Equatable {
        /// Unix sockets to listen on; none if empty. A path, or a format, a colon and a path (``FeedListener``).
        public var listen: [String]
        /// One of ``formats``.
        public var format = "auto"
        /// One of ``timeUnits``.
        public var timeUnit = "own"
        /// One of ``fieldForms``.
        public var fields = "streams"
        /// Time over which samples of StatsD are gathered, in microseconds.
        public var statsdInterval: Int64 = 10_000_000
        /// Longest line, in bytes without its end.
        public var maxLine = 65_536
        /// Most connections at once, all sockets together.
        public var maxConnections = 1024
        /// Most streams that one connection may found.
        public var maxStreamsPerClient = 10_000
        /// Most streams that all connections together may found, in the long run and at once.
        public var newStreamsPerSecond = 100
        public var newStreamsBurst = 10_000
        /// Permission bits of the sockets.
        public var socketMode: UInt32 = 0o660
        /// Who may connect; whoever the permissions admit if both are empty.
        public var allowUsers: [Account] = []
        public var allowGroups: [Account] = []
        /// How far a point's time may lie ahead of the clock, in microseconds.
        public var maxFuture: Int64 = 86_400_000_000

        /// The formats that lines may have; "auto" finds the format of each line from its shape.
        public static let formats = [
            "auto", "plain", "graphite", "csv", "influx", "json", "statsd", "collectd", "prometheus", "openmetrics",
        ]
        /// Units of the times in Influx and JSON lines; "own" is what each format has by itself.
        public static let timeUnits = ["own", "s", "ms", "us", "ns"]
        /// What becomes of several fields in a line: streams of their own, or channels of one stream.
        public static let fieldForms = ["streams", "channels"]
    }

    /// `[control]`: where `anomalyctl` asks.
    public struct Control: Sendable, Equatable {
        /// Unix socket.
        public var socket: String
        /// Its permission bits.
        public var socketMode: UInt32 = 0o660
        /// Who may change something; whoever the permissions admit if both are empty.
        public var allowUsers: [Account] = []
        public var allowGroups: [Account] = []
        /// Most connections at once.
        public var maxConnections = 32
        /// Longest request, in bytes without its line end.
        public var maxRequest = 8 << 20
        /// Longest time for a request to arrive, and for its answer to be read, in microseconds.
        public var timeout: Int64 = 30_000_000
    }

    /// `[http]`: where browsers and Prometheus ask.
    public struct HTTP: Sendable, Equatable {
        /// Where to answer; nowhere if empty (``HTTPAddress``).
        public var listen: [String] = []
        /// Whether the live page is there.
        public var page = true
        /// Whether other machines may reach it.
        public var allowRemote = false
        /// Permission bits of Unix sockets.
        public var socketMode: UInt32 = 0o660
        /// File with the secret that whoever changes something must have; empty: the service manager's credential.
        public var tokenFile = ""
        /// Names by which it is found, besides localhost and IP addresses.
        public var hosts: [String] = []
    }

    /// `[database]`: what is kept, and how safely.
    public struct Database: Sendable, Equatable {
        /// The SQLite file.
        public var path: String
        public var synchronous = Synchronous.full
        /// Longest time that a point waits for its commit, in microseconds.
        public var commitInterval: Int64 = 1_000_000
        /// Most points in a commit.
        public var commitPoints = 20_000
        public var onDamage = OnDamage.setAside
    }

    /// What of `[retention]` holds for the database as a whole.
    public struct Retention: Sendable, Equatable {
        /// Bytes that the database may take of the disk; 0: no limit.
        public var maxSize: Int64 = 0
    }

    /// What becomes of a damaged database.
    public enum OnDamage: String, Sendable, CaseIterable {
        /// It gets another name, and a new one is begun.
        case setAside = "set-aside"
        /// The daemon stops.
        case stop
    }

    /// When SQLite waits for the disk.
    public enum Synchronous: String, Sendable, CaseIterable {
        /// At every commit: what is committed survives a power failure.
        case full
        /// At WAL checkpoints: a power failure may take the last commits with it, never the file.
        case normal
    }

    /// `[daemon]`: the process.
    public struct Daemon: Sendable, Equatable {
        /// Threads that learn; 0 stands for one per core.
        public var shards = 0
        /// Most streams; who knows more already keeps them.
        public var maxStreams = 50_000
        /// Time without points after which a stream sleeps, in microseconds.
        public var sleepAfter: Int64 = 3_600_000_000
        /// Most bytes of memory that the process should have for itself; 0: what its control group allows.
        public var memoryLimit = 0
        public var logLevel = LogLevel.info
    }

    /// Least important messages that are logged; swift-log's levels.
    public enum LogLevel: String, Sendable, CaseIterable {
        case trace, debug, info, notice, warning, error, critical
    }

    /// The defaults, with files in these folders.
    public init(paths: DefaultPaths) {
        feed = Feed(listen: [paths.feedSocket])
        control = Control(socket: paths.controlSocket)
        database = Database(path: paths.database)
        alerts = Alerts(socket: paths.alertSocket)
    }

    /// What holds for the stream of this name.
    ///
    /// Every `[[stream]]` section whose glob matches is applied to ``defaults``, the most specific one last. So each
    /// key has the value of the most specific section that sets it. Where sections combine to values that contradict
    /// each other, `k1` is lowered to `k2`.
    public func settings(forStream name: String) -> StreamSettings {
        var settings = defaults
        for section in streams where section.match.matches(name) {
            section.apply(to: &settings)
        }
        for rule in StreamRule.all { rule.settle(&settings) }
        return settings
    }

    /// The smallest ages at which something of any stream may be deleted.
    public var shortestRetention: StreamRetention {
        var shortest = defaults.retention
        for section in streams {
            var settings = defaults
            section.apply(to: &settings)
            shortest.raw = min(shortest.raw, settings.retention.raw)
            shortest.rollup5m = min(shortest.rollup5m, settings.retention.rollup5m)
            shortest.rollup1h = min(shortest.rollup1h, settings.retention.rollup1h)
            shortest.anomalies = min(shortest.anomalies, settings.retention.anomalies)
        }
        return shortest
    }

    /// Puts sections in the order in which they are applied: among equally specific ones, the later one wins.
    mutating func setStreams(_ sections: [StreamSection]) {
        streams = sections.enumerated().sorted { first, second in
            (first.element.match.specificity, first.offset) < (second.element.match.specificity, second.offset)
        }.map(\.element)
    }
}
