extension DaemonConfiguration {
    /// `[alerts]`: who is told of anomalies, and how often.
    public struct Alerts: Sendable, Equatable {
        /// Whether the log tells of anomalies.
        public var journal = true
        /// Unix socket that followers connect to; none if empty.
        public var socket: String
        /// Its permission bits.
        public var socketMode: UInt32 = 0o660
        /// Most followers at once.
        public var maxFollowers = 64
        /// What makes one notification of several anomalies.
        public var groupBy = AlertGrouping.all
        /// Times in microseconds: from the first news of a group to its notification; between two notifications of a group;
        /// from a notification to its repetition, or 0 for none.
        public var groupWait: Int64 = 10_000_000
        public var groupInterval: Int64 = 60_000_000
        public var repeatInterval: Int64 = 4 * 3_600_000_000
        /// Anomalies that a notification names.
        public var maxAlerts = 20
        /// How many times the deviation that was told an anomaly must have to be told as worse.
        public var worsenFactor = 2.0
        /// Scores from which an anomaly is a warning, and critical.
        public var warningScore = 0.4
        public var criticalScore = 0.6
        /// Anomalies that wait for a sink, of those that are over before it was told of them.
        public var queue = 10_000
        /// Address where people see an anomaly; `{id}` and `{stream}` stand for its number and stream.
        public var link = ""
    }
}

/// What makes one notification of several anomalies.
public enum AlertGrouping: Sendable, Hashable {
    /// All together.
    case all
    /// Each stream by itself.
    case stream
    /// Streams whose names are the same up to so many dots.
    case prefix(Int)
    /// Streams that have the same value for a tag (`name;tag=value`).
    case tag(String)

    static let expectation = #""all", "stream", "prefix", "prefix:N" with N from 1 to 9, or "tag:NAME""#

    /// "all", "stream", "prefix" (up to the first dot), "prefix:2", "tag:host".
    public init?(_ text: String) {
        let parts = text.split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false)
        switch (parts[0], parts.count > 1 ? String(parts[1]) : nil) {
        case ("all", nil): self = .all
        case ("stream", nil): self = .stream
        case ("prefix", nil): self = .prefix(1)
        case ("prefix", let number?):
            guard let dots = Int(number), (1...9).contains(dots) else { return nil }
            self = .prefix(dots)
        case ("tag", let name?):
            guard !name.isEmpty, !name.utf8.contains(where: { ";= ".utf8.contains($0) }) else { return nil }
            self = .tag(name)
        default: return nil
        }
    }

    public var text: String {
        switch self {
        case .all: "all"
        case .stream: "stream"
        case .prefix(let dots): dots == 1 ? "prefix" : "prefix:\(dots)"
        case .tag(let name): "tag:\(name)"
        }
    }
}

/// How bad an anomaly is, by its score.
public enum AlertSeverity: String, Sendable, CaseIterable, Comparable {
    case info, warning, critical

    public static func < (one: Self, other: Self) -> Bool {
        (allCases.firstIndex(of: one) ?? 0) < (allCases.firstIndex(of: other) ?? 0)
    }
}

/// A `[[sink]]` section: somebody who is told of anomalies.
public struct AlertSinkSettings: Sendable, Equatable {
    /// What its state is kept under.
    public var name = ""
    /// A program and its arguments; none for a webhook.
    public var command: [String] = []
    /// Where a webhook is; empty for a program.
    public var url = ""
    /// A file with the token that the webhook wants, or the name of a credential; empty for none.
    public var bearerTokenFile = ""
    /// A file with the certificates that the webhook's must be signed by; empty for the system's.
    public var caFile = ""
    /// Longest time for one notification, in microseconds.
    public var timeout: Int64 = 10_000_000
    /// Runs of the program at once.
    public var maxRunning = 1
    /// The streams that it is told of.
    public var streams = [Glob.everything]
    public var minSeverity = AlertSeverity.info
    /// Whether it is told that anomalies are over.
    public var resolved = true
    /// What it has in place of `[alerts]`' own.
    public var groupBy: AlertGrouping?
    public var groupWait: Int64?
    public var groupInterval: Int64?
    public var repeatInterval: Int64?
    public var maxAlerts: Int?
    /// Where it stands.
    var origin = ConfigurationOrigin(source: "")

    public init() {}

    /// Names that the daemon's own ways of telling have.
    public static let journal = "journal"
    public static let socket = "socket"

    /// Where something is said does not change what is in force.
    public static func == (one: Self, other: Self) -> Bool {
        var (one, other) = (one.texts, other.texts)
        one.sort()
        other.sort()
        return one == other
    }

    private var texts: [String] {
        Self.keys.compactMap { key in key.value(in: self).map { "\(key.name)=\($0.toml)" } }
    }
}
