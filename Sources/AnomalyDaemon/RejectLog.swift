import FeedProtocol
import Logging
import Synchronization

/// Counts rejected lines and logs them, at most `burst` at once and one a second in the long run, so that a broken
/// client can't fill the journal.
final class RejectLog: Sendable {
    static let burst = 10

    private struct Allowance {
        var tokens = RejectLog.burst
        var refilled = SteadyClock.now
        var suppressed = 0
    }

    private let logger: Logger
    private let statistics: Statistics
    private let allowance = Mutex(Allowance())

    init(logger: Logger, statistics: Statistics) {
        self.logger = logger
        self.statistics = statistics
    }

    func reject(_ error: FeedLineError, peer: String, line: Int, excerpt: UnsafeRawBufferPointer) {
        statistics.countRejected(error.reason)
        let suppressed: Int? = allowance.withLock { allowance in
            let now = SteadyClock.now
            let seconds = Int((now - allowance.refilled) / 1_000_000)
            if seconds > 0 {
                allowance.tokens = min(Self.burst, allowance.tokens + seconds)
                allowance.refilled = now
            }
            guard allowance.tokens > 0 else {
                allowance.suppressed += 1
                return nil
            }
            allowance.tokens -= 1
            defer { allowance.suppressed = 0 }
            return allowance.suppressed
        }
        guard let suppressed else { return }
        let expected = error.message.hasPrefix("expected ") ? error.message.dropFirst(9) : error.message[...]
        var metadata: Logger.Metadata = [
            "peer": "\(peer)", "line": "\(line)", "reason": "\(error.reason.rawValue)",
            "expected": "\(expected)", "excerpt": "\(FeedExcerpt.printable(excerpt))",
        ]
        if suppressed > 0 { metadata["suppressed"] = "\(suppressed)" }
        logger.warning("rejected a line", metadata: metadata)
    }
}
