import AnomalyConfiguration
import AnomalyDetection
import ControlProtocol
import FeedProtocol
import PointStore

/// What a program that is run as a hook reads: one JSON object. Names are in snake case, times in RFC 3339 (UTC,
/// microseconds). A field that is added later is optional for the reader.
struct AlertMessage: Encodable {
    private let version = 1
    private let sink: String
    /// "firing" while anything is open.
    private let status: String
    private let time: String
    private let host: String
    private let groupBy: String
    private let group: String
    private let repetition: Bool
    private let test: Bool
    /// All in the group, named or not.
    private let firing: Int
    private let resolved: Int
    private let unnamed: Int
    private let summary: String
    private let alerts: [AlertObject]

    init(_ notification: AlertNotification, link: String) {
        sink = notification.sink
        status = notification.isFiring ? "firing" : "resolved"
        time = RFC3339.string(notification.time)
        host = AlertText.host
        groupBy = notification.groupBy.text
        group = notification.group
        repetition = notification.isRepetition
        test = notification.isTest
        (firing, resolved, unnamed) = (notification.firing, notification.resolved, notification.unnamed)
        summary = AlertText.summary(notification)
        alerts = notification.entries.map { AlertObject($0, link: link) }
    }

    /// As a line.
    var line: [UInt8] { (try? ControlLine.encode(self)) ?? [] }
}

/// What a follower reads of each event, and a hook of each anomaly.
struct AlertObject: Encodable {
    private struct Acknowledgement: Encodable {
        let time: String
        let user: UInt32?
        let message: String
    }

    private let event: String
    private let status: String
    /// Nil if the database has given it no number.
    private let id: Int64?
    private let stream: String
    private let tags: [String: String]
    private let kind: String?
    private let severity: String
    private let score: Double?
    private let start: String
    /// When it was over: the time of its last flagged point; nil while it is open.
    private let end: String?
    /// Why it is: "over", "false-positive" or "excluded".
    private let reason: String?
    private let peak: String
    private let value: Double?
    private let expected: Double?
    private let channel: Int
    private let points: Int64
    private let acknowledged: Acknowledgement?
    private let fingerprint: String
    private let summary: String
    private let link: String?

    init(_ entry: AlertNotification.Entry, link: String) {
        let (alert, anomaly) = (entry.alert, entry.alert.anomaly)
        event = entry.event.rawValue
        status = entry.isFiring ? "firing" : "resolved"
        id = alert.id > 0 ? alert.id : nil
        stream = alert.stream
        tags = Dictionary(StreamTags(alert.stream).tags.map { ($0.key, $0.value) }) { first, _ in first }
        kind = alert.subject.stored.kind?.rawValue
        severity = entry.severity.rawValue
        score = anomaly.peakScore.isFinite ? anomaly.peakScore : nil
        start = RFC3339.string(anomaly.start)
        end = entry.isFiring ? nil : RFC3339.string(anomaly.end)
        reason = entry.isFiring ? nil : alert.end?.rawValue
        peak = RFC3339.string(anomaly.peak)
        value = anomaly.peakValue.isFinite ? anomaly.peakValue : nil
        expected = anomaly.peakPrediction.isFinite ? anomaly.peakPrediction : nil
        channel = anomaly.peakChannel
        points = anomaly.points
        acknowledged = alert.subject.acknowledgement.map {
            Acknowledgement(time: RFC3339.string($0.time), user: $0.user, message: $0.message)
        }
        fingerprint = AlertText.fingerprint(alert)
        summary = AlertText.summary(alert)
        self.link = link.isEmpty ? nil : AlertText.link(link, alert)
    }

    /// As a line.
    var line: [UInt8] { (try? ControlLine.encode(self)) ?? [] }
}
