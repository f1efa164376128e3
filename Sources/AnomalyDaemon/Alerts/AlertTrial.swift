import AnomalyConfiguration
import AnomalyDetection
import ControlProtocol
import PointStore
import Synchronization

/// A test of sinks that somebody has asked for. It answers once, when all of them have, or when time is up.
final class AlertTrial: Sendable {
    /// Time for all answers, in microseconds: somebody sits and waits.
    static let patience: Int64 = 50_000_000

    /// The sink that is meant; nil for all.
    let sink: String?
    private let answer: @Sendable (ControlReply) -> Void
    private let state = Mutex(State())

    private struct State {
        var results: [AlertTestReply.Result] = []
        var missing = 0
        var isAnswered = false
    }

    init(sink: String?, answer: @escaping @Sendable (ControlReply) -> Void) {
        self.sink = sink
        self.answer = answer
    }

    /// Tells the sinks.
    func run(_ sinks: [(name: String, sink: any AlertSink)]) {
        let chosen = sinks.filter { sink == nil || $0.name == sink }
        guard !chosen.isEmpty else {
            let known = sinks.map { "\"\($0.name)\"" }.joined(separator: ", ")
            let text = sink.map { "there is no sink \"\($0)\", expected one of \(known)" } ?? "there is no sink"
            return reply(.error(ControlError(code: .mismatch, message: text)))
        }
        state.withLock { state in
            state.missing = chosen.count
            state.results = chosen.map {
                AlertTestReply.Result(
                    sink: $0.name, kind: $0.sink.kind, isTold: false, cause: "no answer yet", milliseconds: 0)
            }
        }
        let start = SteadyClock.now
        for (place, (name, sink)) in chosen.enumerated() {
            sink.deliver(Self.notification(sink: name)) { [self] outcome in
                note(outcome, of: place, milliseconds: (SteadyClock.now - start) / 1000)
            }
        }
        Task {
            try? await Task.sleep(for: .microseconds(Self.patience))
            self.end()
        }
    }

    private func note(_ outcome: AlertOutcome, of place: Int, milliseconds: Int64) {
        let isLast = state.withLock { state in
            state.results[place].milliseconds = milliseconds
            switch outcome {
            case .told: (state.results[place].isTold, state.results[place].cause) = (true, nil)
            case .failed(let cause, _, _): state.results[place].cause = cause
            }
            state.missing -= 1
            return state.missing == 0
        }
        if isLast { end() }
    }

    private func end() { reply(.testedAlerts(AlertTestReply(sinks: state.withLock { $0.results }))) }

    private func reply(_ reply: ControlReply) {
        let isFirst = state.withLock { state in
            defer { state.isAnswered = true }
            return !state.isAnswered
        }
        if isFirst { answer(reply) }
    }

    /// About a stream that there is not.
    private static func notification(sink: String) -> AlertNotification {
        let now = WallClock.now
        let anomaly = Anomaly(
            startSequence: 1, start: now, end: now, peak: now, peakScore: 0, peakChannel: 0, peakValue: 0,
            peakPrediction: 0, points: 1, isOpen: true)
        var notification = AlertNotification(number: -now, sink: sink, groupBy: .all, group: "", time: now)
        notification.entries = [
            AlertNotification.Entry(
                alert: Alert(
                    AlertSubject(stored: StoredAnomaly(id: 0, stream: 0, anomaly: anomaly)), stream: "anomalyd.test"),
                event: .test, severity: .info, isFiring: false)
        ]
        notification.resolved = 1
        return notification
    }
}
