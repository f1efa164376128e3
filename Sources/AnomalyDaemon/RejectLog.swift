import FeedProtocol
import Logging
import Synchronization

/// Counts rejected lines and logs as many as `LogAllowance` permits, so that a broken client can't fill the journal.
final class RejectLog: Sendable {
    private let logger: Logger
    private let statistics: Statistics
    private let allowance = Mutex(LogAllowance())

    init(logger: Logger, statistics: Statistics) {
        self.logger = logger
        self.statistics = statistics
    }

    func reject(_ error: FeedLineError, peer: String, line: Int, excerpt: UnsafeRawBufferPointer) {
        statistics.countRejected(error.reason)
        guard let suppressed = allowance.withLock({ $0.take() }) else { return }
        let expected = error.message.hasPrefix("expected ") ? error.message.dropFirst(9) : error.message[...]
        var metadata: Logger.Metadata = [
            "peer": "\(peer)", "line": "\(line)", "reason": "\(error.reason.rawValue)",
            "expected": "\(expected)", "excerpt": "\(FeedExcerpt.printable(excerpt))",
        ]
        if suppressed > 0 { metadata["suppressed"] = "\(suppressed)" }
        logger.tell(.lineRejected, metadata)
    }
}
