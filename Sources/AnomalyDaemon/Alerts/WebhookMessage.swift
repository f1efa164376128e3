import AnomalyConfiguration
import AnomalyDetection
import FeedProtocol
import Foundation
import PointStore

/// What a webhook gets: the message of Alertmanager's webhook receiver, version 4
/// (https://prometheus.io/docs/alerting/latest/configuration/#webhook_config; the types are in `template/template.go` and
/// `notify/webhook/webhook.go` of its source), so that whatever takes those takes ours.
package struct WebhookMessage: Encodable, Sendable {
    private struct Item: Encodable {
        var status: String
        var labels: [String: String]
        var annotations: [String: String]
        var startsAt: String
        var endsAt: String
        var generatorURL: String
        var fingerprint: String
    }

    /// Go's zero time, which stands for "not yet".
    private static let never = "0001-01-01T00:00:00Z"

    private let version = "4"
    private let groupKey: String
    private let truncatedAlerts: Int
    private let status: String
    private let receiver: String
    private let groupLabels: [String: String]
    private let commonLabels: [String: String]
    private let commonAnnotations: [String: String]
    private let externalURL: String
    private let alerts: [Item]

    /// - Parameter link: as `alerts.link`.
    package init(_ notification: AlertNotification, link: String) {
        let labels: [String: String] =
            switch notification.groupBy {
            case .all: [:]
            case .stream: ["stream": notification.group]
            case .prefix: ["prefix": notification.group]
            case .tag(let tag): [Self.labelName(tag): notification.group]
            }
        let pairs = labels.map {
            "\($0.key)=\"\($0.value.replacing("\\", with: "\\\\").replacing("\"", with: "\\\""))\""
        }
        groupKey = "{}/{sink=\"\(notification.sink)\"}:{\(pairs.joined(separator: ", "))}"
        groupLabels = labels
        truncatedAlerts = notification.unnamed
        status = notification.isFiring ? "firing" : "resolved"
        receiver = notification.sink
        externalURL = Self.origin(of: link)
        alerts = notification.entries.map { Self.item($0, link: link) }
        commonLabels = Self.common(alerts.map(\.labels))
        commonAnnotations = Self.common(alerts.map(\.annotations))
    }

    package var json: [UInt8] {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        return (try? encoder.encode(self)).map { [UInt8]($0) } ?? []
    }

    private static func item(_ entry: AlertNotification.Entry, link: String) -> Item {
        let (alert, anomaly) = (entry.alert, entry.alert.anomaly)
        let tags = StreamTags(alert.stream)
        var labels = [
            "alertname": "anomaly", "stream": alert.stream, "severity": entry.severity.rawValue,
            "instance": AlertText.host,
        ]
        if let kind = alert.subject.stored.kind { labels["kind"] = kind.rawValue }
        for (key, value) in tags.tags {
            let name = labelName(key)
            labels[labels[name] == nil ? name : "tag_" + name] = value
        }
        var annotations = [
            "summary": AlertText.summary(alert), "event": entry.event.rawValue, "points": "\(anomaly.points)",
            "score": AlertText.number(anomaly.peakScore),
        ]
        if alert.id > 0 { annotations["anomaly"] = "\(alert.id)" }
        if anomaly.peakValue.isFinite { annotations["value"] = AlertText.number(anomaly.peakValue) }
        if anomaly.peakPrediction.isFinite { annotations["expected"] = AlertText.number(anomaly.peakPrediction) }
        if let seen = alert.subject.acknowledgement {
            annotations["acknowledged"] = RFC3339.string(seen.time) + (seen.message.isEmpty ? "" : " " + seen.message)
        }
        if !entry.isFiring, let end = alert.end { annotations["reason"] = end.rawValue }
        return Item(
            status: entry.isFiring ? "firing" : "resolved", labels: labels, annotations: annotations,
            startsAt: RFC3339.string(anomaly.start), endsAt: entry.isFiring ? never : RFC3339.string(anomaly.end),
            generatorURL: AlertText.link(link, alert), fingerprint: AlertText.fingerprint(alert))
    }

    /// A name as labels may have it: letters, digits and underscores, and no digit first.
    private static func labelName(_ tag: String) -> String {
        let name = tag.map { $0.isASCII && ($0.isLetter || $0.isNumber) ? $0 : "_" }
        return name.first?.isNumber == true || name.isEmpty ? "_" + String(name) : String(name)
    }

    private static func common(_ all: [[String: String]]) -> [String: String] {
        guard let first = all.first else { return [:] }
        return first.filter { pair in all.allSatisfy { $0[pair.key] == pair.value } }
    }

    /// Scheme and host of an address.
    private static func origin(of link: String) -> String {
        guard let scheme = link.range(of: "://") else { return "" }
        return String(link[..<scheme.upperBound] + link[scheme.upperBound...].prefix { $0 != "/" })
    }
}
