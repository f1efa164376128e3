import FeedProtocol
import Logging
import PointStore
import Synchronization

/// Says of streams that they have fallen silent, no more often than `LogAllowance` permits: many may do so together.
final class SilenceLog: Sendable {
    private let logger: Logger
    private let directory: StreamDirectory
    private let allowance = Mutex(LogAllowance())

    init(logger: Logger, directory: StreamDirectory) {
        self.logger = logger
        self.directory = directory
    }

    /// - Parameters:
    ///   - newest: time of the stream's newest point, in microseconds since 1970.
    ///   - patience: the silence that it has outlasted, in microseconds.
    func report(_ id: Int32, newest: Int64, patience: Int64) {
        guard let suppressed = allowance.withLock({ $0.take() }) else { return }
        var metadata: Logger.Metadata = [
            "stream": "\(directory.record(of: id)?.name ?? "\(id)")",
            "last_point": "\(RFC3339.string(newest))", "usual_silence_at_most": "\(Double(patience) / 1e6) s",
        ]
        if suppressed > 0 { metadata["suppressed"] = "\(suppressed)" }
        logger.tell(.silent, metadata)
    }
}
