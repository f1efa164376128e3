import AnomalyConfiguration
import AnomalyDetection
import Foundation
import Logging
import PointStore
import Synchronization

/// Tells a program: runs it with the notification on its stdin. Each run has a thread that waits for it.
final class HookSink: AlertSink {
    /// Lines that a run may say in the log, and bytes of each.
    private static let mostLines = 20

    let kind = "exec"
    private let settings: AlertSinkSettings
    private let link: String
    private let logger: Logger
    private let isAbandoned = Atomic<Bool>(false)

    init(_ settings: AlertSinkSettings, link: String, logger: Logger) {
        self.settings = settings
        self.link = link
        self.logger = logger
    }

    func deliver(_ notification: AlertNotification, done: @escaping @Sendable (AlertOutcome) -> Void) {
        let input = AlertMessage(notification, link: link).line
        let variables = Self.variables(notification)
        StageThread.start("hook \(settings.name)") { [self] in
            var lines = 0
            let process = HookProcess(
                command: settings.command, environment: HookProcess.environment.merging(variables) { $1 },
                timeout: settings.timeout)
            let end = process.run(input) { [self] line in
                lines += 1
                guard lines <= Self.mostLines else { return }
                logger.tell(.hookSays, ["sink": "\(settings.name)", "text": "\(line)"])
            } isAbandoned: { [self] in
                isAbandoned.load(ordering: .relaxed)
            }
            if lines > Self.mostLines {
                logger.tell(
                    .hookSays,
                    ["sink": "\(settings.name)", "text": "…", "suppressed": "\(lines - Self.mostLines)"])
            }
            done(outcome(end))
        }
    }

    func abandon() { isAbandoned.store(true, ordering: .relaxed) }

    private func outcome(_ end: HookProcess.End) -> AlertOutcome {
        let program = settings.command.first ?? ""
        switch end {
        case .exited(0): return .told
        case .exited(let status): return .failed(cause: "\(program) ended with exit status \(status)")
        case .killed(let signal): return .failed(cause: "\(program) was killed by signal \(signal)")
        case .timedOut:
            let seconds = Double(settings.timeout) / 1e6
            return .failed(
                cause: "\(program) took longer than \(AlertText.number(seconds)) s (timeout) and was killed")
        case .abandoned: return .failed(cause: "\(program) was stopped with the daemon")
        case .notStarted(let cause):
            return .failed(cause: "\(program) cannot be run: \(cause)", isRefused: true)
        }
    }

    /// The main facts, for hooks that are shell scripts. Those of an anomaly are of the first one that is named.
    private static func variables(_ notification: AlertNotification) -> [String: String] {
        var variables = [
            "ANOMALYD_SINK": notification.sink, "ANOMALYD_STATUS": notification.isFiring ? "firing" : "resolved",
            "ANOMALYD_FIRING": "\(notification.firing)", "ANOMALYD_RESOLVED": "\(notification.resolved)",
            "ANOMALYD_GROUP": notification.group, "ANOMALYD_REPETITION": notification.isRepetition ? "1" : "0",
            "ANOMALYD_SUMMARY": AlertText.summary(notification),
        ]
        guard let entry = notification.entries.first else { return variables }
        let anomaly = entry.alert.anomaly
        variables["ANOMALYD_EVENT"] = entry.event.rawValue
        variables["ANOMALYD_STREAM"] = entry.alert.stream
        variables["ANOMALYD_ANOMALY"] = entry.alert.id > 0 ? "\(entry.alert.id)" : ""
        variables["ANOMALYD_SEVERITY"] = entry.severity.rawValue
        variables["ANOMALYD_KIND"] = entry.alert.subject.stored.kind?.rawValue ?? ""
        variables["ANOMALYD_SCORE"] = AlertText.number(anomaly.peakScore)
        variables["ANOMALYD_VALUE"] = AlertText.number(anomaly.peakValue)
        variables["ANOMALYD_EXPECTED"] = AlertText.number(anomaly.peakPrediction)
        return variables
    }
}
