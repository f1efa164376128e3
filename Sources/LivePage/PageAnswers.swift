import AnomalyDetection
import ControlProtocol
import FeedProtocol
import PointStore
import Presentation

/// What requests are answered with, in JSON with keys in snake case. Times are microseconds since 1970; absent is what
/// is not known, or not over.

/// `/api/v1/status`.
struct StatusAnswer: Encodable {
    /// Whether there is a token with which something can be said.
    var canChange: Bool
    /// Pages that listen for news.
    var pages: Int
    /// The daemon's clock.
    var now: Int64
    var status: DaemonStatus
}

/// `/api/v1/streams`.
struct StreamsAnswer: Encodable {
    /// Of all streams, and of those that match.
    var total: Int
    var matching: Int
    /// Changes when the list may have.
    var board: Int
    var streams: [Stream]

    struct Stream: Encodable {
        var name: String
        var channels: Int
        var points: Int64
        var firstTime, lastTime: Int64?
        var lastValue: Double?
        var lastScore, worstScore: Double?
        /// Of that score.
        var anomaly: Int64?
        var open: Bool
        /// Points that the warm-up has come to.
        var warming: Int64?
        var mutedUntil: Int64?
        /// The newest values of the first channel, oldest first; null is a missing one.
        var recent: [Double?]

        init(_ row: StreamBoard.Row, _ summary: StreamSummary, mutedUntil: Int64?, recent: [Double?]) {
            name = summary.stream.name
            channels = summary.stream.channels
            points = summary.points
            (firstTime, lastTime) = (summary.firstTime, summary.lastTime)
            lastValue = number(summary.lastValues.first)
            lastScore = number(summary.lastScore)
            worstScore = number(row.worst)
            anomaly = row.anomaly > 0 ? row.anomaly : nil
            open = row.isOpen
            warming = summary.warmingPoints
            self.mutedUntil = mutedUntil
            self.recent = recent
        }
    }
}

/// `/api/v1/anomalies`.
struct AnomaliesAnswer: Encodable {
    var anomalies: [Anomaly]
    /// Whether there are others behind them.
    var more: Bool

    struct Anomaly: Encodable {
        var id: Int64
        var stream: String
        var start, end, peak: Int64
        var open: Bool
        var points: Int64
        var channel: Int
        var value, expected, score: Double?
        var kind: String?
        /// What somebody said of it last: "false-positive", "true" or "ack".
        var said: String?
        var muted, excluded: Bool

        init(_ stored: StoredAnomaly, stream: String, said: FeedbackRecord.Action?, orders: StreamOrders?) {
            let anomaly = stored.anomaly
            id = stored.id
            self.stream = stream
            (start, end, peak) = (anomaly.start, anomaly.end, anomaly.peak)
            open = anomaly.isOpen
            points = anomaly.points
            channel = anomaly.peakChannel
            value = number(anomaly.peakValue)
            expected = number(anomaly.peakPrediction)
            score = number(anomaly.peakScore)
            kind = stored.kind?.rawValue
            self.said = said?.rawValue
            muted = orders?.isMuted(stored) == true
            excluded = orders?.isExcluded(stored) == true
        }
    }
}

/// `/api/v1/anomalies/NUMBER`: what `anomalyctl explain` says, as text and as its JSON.
struct AnomalyAnswer: Encodable {
    var anomaly: AnomaliesAnswer.Anomaly
    var title: String
    var lines: [Line]
    var explanation: ExplanationSummary

    struct Line: Encodable {
        var label, text: String
    }
}

/// `/api/v1/feedback`.
struct FeedbackAnswer: Encodable {
    /// Points that the stream had; what was said holds for the next one.
    var points: Int64
}

/// What says why there is no answer.
struct ErrorAnswer: Encodable {
    var error: String
}

/// JSON has no word for NaN and the infinite.
private func number(_ number: Double?) -> Double? { number.flatMap { $0.isFinite ? $0 : nil } }
