public import Configuration
public import Logging
import Systemd

/// What SIGHUP does: the configuration is read again, and what can change while the daemon runs is changed.
public struct Reload: Sendable {
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
    func run(_ start: DaemonConfiguration, _ notifier: Notifier, _ logger: Logger) async {
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
        let waiting = all.map(\.key).filter { $0 != "daemon.log_level" }
        if !waiting.isEmpty { metadata["at_next_start"] = "\(waiting.joined(separator: " "))" }
        logger.tell(.reloaded, metadata)
    }
}

extension ConfigurationChange {
    fileprivate var description: String { old.isEmpty && new.isEmpty ? key : "\(key): \(old) to \(new)" }
}
