import AnomalyDetection
import FeedProtocol
import Logging
import PointStore
import Synchronization

/// Says when anomalies begin and end, no more often than `LogAllowance` permits: many streams may be hit together.
final class AnomalyLog: Sendable {
    private let logger: Logger
    private let directory: StreamDirectory
    private let allowance = Mutex(LogAllowance())

    init(logger: Logger, directory: StreamDirectory) {
        self.logger = logger
        self.directory = directory
    }

    func opened(_ id: Int32, _ anomaly: Anomaly) {
        tell(
            .opened, id, anomaly,
            [
                "value": "\(anomaly.peakValue)", "expected": "\(anomaly.peakPrediction)",
                "score": "\((anomaly.peakScore * 1000).rounded() / 1000)",
                "kind": "\(anomaly.evidence.kind?.rawValue ?? "unknown")",
            ])
    }

    func closed(_ id: Int32, _ anomaly: Anomaly) {
        tell(
            .over, id, anomaly,
            [
                "points": "\(anomaly.points)", "last_point": "\(RFC3339.string(anomaly.end))",
                "score": "\((anomaly.peakScore * 1000).rounded() / 1000)",
            ])
    }

    /// With what tells the anomaly from others: its stream, and the number of its first point.
    private func tell(_ event: DaemonEvent, _ id: Int32, _ anomaly: Anomaly, _ metadata: Logger.Metadata) {
        guard let suppressed = allowance.withLock({ $0.take() }) else { return }
        var metadata = metadata
        metadata["stream"] = "\(directory.record(of: id)?.name ?? "\(id)")"
        metadata["anomaly"] = "\(anomaly.startSequence)"
        metadata["time"] = "\(RFC3339.string(anomaly.start))"
        if suppressed > 0 { metadata["suppressed"] = "\(suppressed)" }
        logger.tell(event, metadata)
    }
}
