import Logging
import Synchronization

/// A log for messages that others can cause: it passes on as many as `LogAllowance` permits, each with how many were
/// suppressed before it.
final class RationedLog: Sendable {
    private let logger: Logger
    private let allowance = Mutex(LogAllowance())

    init(_ logger: Logger) { self.logger = logger }

    /// - Parameter metadata: made only if it is told.
    func tell(_ event: DaemonEvent, _ metadata: @autoclosure () -> Logger.Metadata) {
        guard let suppressed = allowance.withLock({ $0.take() }) else { return }
        var metadata = metadata()
        if suppressed > 0 { metadata["suppressed"] = "\(suppressed)" }
        logger.tell(event, metadata)
    }
}
