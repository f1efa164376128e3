import AnomalyConfiguration
import AnomalyDetection
import FeedProtocol
import Logging
import PointStore

/// Tells the log, one message for each anomaly. They are rationed: many streams may be hit together, by one event.
struct JournalSink: AlertSink {
    let kind = "log"
    private let log: RationedLog

    init(logger: Logger) { log = RationedLog(logger) }

    func deliver(_ notification: AlertNotification, done: @escaping @Sendable (AlertOutcome) -> Void) {
        for entry in notification.entries { tell(entry) }
        done(.told)
    }

    private func tell(_ entry: AlertNotification.Entry) {
        switch entry.event {
        case .opened: log.tell(.opened, facts(entry).merging(values(entry)) { $1 })
        case .worsened: log.tell(.worsened, facts(entry).merging(values(entry)) { $1 })
        case .acknowledged:
            log.tell(
                .acknowledged,
                facts(entry).merging(["message": "\(entry.alert.subject.acknowledgement?.message ?? "")"]) { $1 })
        case .resolved:
            let anomaly = entry.alert.anomaly
            log.tell(
                .over,
                facts(entry).merging([
                    "points": "\(anomaly.points)", "last_point": "\(RFC3339.string(anomaly.end))",
                    "because": "\(entry.alert.end?.rawValue ?? "")",
                ]) { $1 })
        case .ongoing: break
        case .test: log.tell(.alertTest, [:])
        }
    }

    /// What tells the anomaly from others, its stream and the number of its first point; when it began, and its score.
    private func facts(_ entry: AlertNotification.Entry) -> Logger.Metadata {
        let (alert, anomaly) = (entry.alert, entry.alert.anomaly)
        return [
            "stream": "\(alert.stream)", "anomaly": "\(anomaly.startSequence)", "id": "\(alert.id)",
            "time": "\(RFC3339.string(anomaly.start))", "severity": "\(entry.severity.rawValue)",
            "score": "\((anomaly.peakScore * 1000).rounded() / 1000)",
        ]
    }

    private func values(_ entry: AlertNotification.Entry) -> Logger.Metadata {
        let anomaly = entry.alert.anomaly
        return [
            "value": "\(anomaly.peakValue)", "expected": "\(anomaly.peakPrediction)",
            "kind": "\(entry.alert.subject.stored.kind?.rawValue ?? "unknown")",
        ]
    }
}
