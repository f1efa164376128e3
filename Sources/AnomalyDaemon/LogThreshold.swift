public import AnomalyConfiguration
public import Logging
import Synchronization

/// The least important level that is logged, shared by all copies of a log's handler, so that it can be changed while the
/// daemon runs.
public final class LogThreshold: Sendable {
    private let current: Mutex<Logger.Level>

    public init(_ level: Logger.Level) { current = Mutex(level) }

    public var level: Logger.Level {
        get { current.withLock { $0 } }
        set { current.withLock { $0 = newValue } }
    }
}

extension Logger.Level {
    /// The level that the configuration names.
    public init(_ level: DaemonConfiguration.LogLevel) { self = Logger.Level(rawValue: level.rawValue) ?? .info }
}
