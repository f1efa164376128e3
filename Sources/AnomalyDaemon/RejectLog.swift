import FeedProtocol
import Logging

/// Counts rejected lines and logs as many as `LogAllowance` permits, so that a broken client can't fill the journal.
final class RejectLog: Sendable {
    private let log: RationedLog
    private let statistics: Statistics

    init(logger: Logger, statistics: Statistics) {
        log = RationedLog(logger)
        self.statistics = statistics
    }

    func reject(_ error: FeedLineError, peer: String, line: Int, excerpt: UnsafeRawBufferPointer) {
        statistics.countRejected(error.reason)
        let expected = error.message.hasPrefix("expected ") ? error.message.dropFirst(9) : error.message[...]
        log.tell(
            .lineRejected,
            [
                "peer": "\(peer)", "line": "\(line)", "reason": "\(error.reason.rawValue)",
                "expected": "\(expected)", "excerpt": "\(FeedExcerpt.printable(excerpt))",
            ])
    }
}
