public import AnomalyConfiguration
import Logging
import Systemd

/// What SIGHUP does: the configuration is read again, and what can change while the daemon runs is changed.
public struct Reload: Sendable {
    /// Keys that hold at once, for whoever connects and whatever stream comes from then on; all others at the next start.
    static let liveKeys: Set<String> = [
        "daemon.log_level", "daemon.max_streams", "feed.max_connections", "feed.max_streams_per_client",
        "feed.new_streams_per_second", "feed.new_streams_burst", "feed.allow_users", "feed.allow_groups",
        "control.allow_users", "control.allow_groups", "control.max_connections", "control.max_request",
        "control.timeout", "alerts.journal", "alerts.max_followers", "alerts.group_by", "alerts.group_wait",
        "alerts.group_interval", "alerts.repeat_interval", "alerts.max_alerts", "alerts.worsen_factor",
        "alerts.warning_score", "alerts.critical_score", "alerts.queue", "alerts.link", "[[sink]]", "[[mute]]",
    ]

    private let signals: AsyncStream<Void>
    private let read: @Sendable () throws -> DaemonConfiguration
    private let threshold: LogThreshold

    /// - Parameters:
    ///   - signals: one element for each time that it is asked for.
    ///   - read: the configuration as it is now.
    ///   - threshold: of the daemon's log.
    public init(
        signals: AsyncStream<Void>, threshold: LogThreshold, read: @escaping @Sendable () throws -> DaemonConfiguration
    ) {
        self.signals = signals
        self.threshold = threshold
        self.read = read
    }

    /// Works until the task is cancelled. To be begun when the daemon is ready.
    ///
    /// - Parameter apply: lets `liveKeys` hold.
    func run(
        _ start: DaemonConfiguration, _ notifier: Notifier, _ logger: Logger,
        apply: @Sendable (DaemonConfiguration) -> Void
    ) async {
        var current = start
        for await _ in signals {
            notifier.reloading()
            do {
                let new = try read()
                let level = Logger.Level(new.daemon.logLevel)
                // What is told of it passes by the old level or the new one.
                threshold.level = min(threshold.level, level)
                tell(current.changes(to: new), since: start.changes(to: new), logger)
                threshold.level = level
                apply(new)
                current = new
            } catch {
                logger.tell(.reloadRefused, ["cause": "\(error)"])
            }
            notifier.ready()
        }
    }

    /// - Parameters:
    ///   - changes: what is new.
    ///   - all: what differs from the configuration that the daemon was started with.
    private func tell(_ changes: [ConfigurationChange], since all: [ConfigurationChange], _ logger: Logger) {
        var metadata: Logger.Metadata = [
            "changed": "\(changes.isEmpty ? "nothing" : changes.map(\.description).joined(separator: "; "))"
        ]
        let waiting = all.map(\.key).filter { !Self.liveKeys.contains($0) }
        if !waiting.isEmpty { metadata["at_next_start"] = "\(waiting.joined(separator: " "))" }
        logger.tell(.reloaded, metadata)
    }
}

extension ConfigurationChange {
    fileprivate var description: String { old.isEmpty && new.isEmpty ? key : "\(key): \(old) to \(new)" }
}
