import AnomalyConfiguration
import AnomalyDetection
import FeedProtocol
import Foundation
import PointStore

/// An anomaly in words and marks, for people and programs.
enum AlertText {
    /// Such as "web.cpu is 98.5 where 21.3 was expected (spike, score 0.61)".
    static func summary(_ alert: Alert) -> String {
        let anomaly = alert.anomaly
        let kind = alert.subject.stored.kind?.rawValue
        let score = "score \(number((anomaly.peakScore * 1000).rounded() / 1000))"
        let words = [kind, score].compactMap(\.self).joined(separator: ", ")
        guard anomaly.peakValue.isFinite, anomaly.peakPrediction.isFinite else {
            return kind == AnomalyKind.gap.rawValue
                ? "\(alert.stream) has fallen silent (\(words))" : "\(alert.stream) is not as expected (\(words))"
        }
        return "\(alert.stream) is \(number(anomaly.peakValue)) where \(number(anomaly.peakPrediction)) was expected "
            + "(\(words))"
    }

    /// Such as "3 anomalies open, 1 over: the worst is web.cpu …".
    static func summary(_ notification: AlertNotification) -> String {
        if notification.isTest { return "This is a test: nothing is wrong" }
        guard let first = notification.entries.first else { return "" }
        let counts = [
            notification.firing > 0 ? "\(notification.firing) open" : nil,
            notification.resolved > 0 ? "\(notification.resolved) over" : nil,
        ].compactMap(\.self).joined(separator: ", ")
        if notification.firing + notification.resolved == 1 { return summary(first.alert) + ": \(counts)" }
        return "\(notification.firing + notification.resolved) anomalies, \(counts): \(summary(first.alert))"
    }

    /// Up to seven digits, as in "21.25" or "39197".
    static func number(_ number: Double) -> String { String(format: "%.7g", number) }

    /// The same for the same anomaly for ever: 16 hexadecimal digits, as Alertmanager's.
    static func fingerprint(_ alert: Alert) -> String {
        let text = "\(alert.stream)\u{0}\(alert.key.start)\u{0}\(alert.anomaly.start)"
        // FNV-1a.
        let hash = text.utf8.reduce(0xcbf2_9ce4_8422_2325 as UInt64) { ($0 ^ UInt64($1)) &* 0x100_0000_01b3 }
        let digits = String(hash, radix: 16)
        return String(repeating: "0", count: 16 - digits.count) + digits
    }

    /// The address of the anomaly; empty without a pattern for it.
    static func link(_ pattern: String, _ alert: Alert) -> String {
        var allowed = CharacterSet.alphanumerics
        allowed.insert(charactersIn: "-._~")
        let name = alert.stream.addingPercentEncoding(withAllowedCharacters: allowed) ?? ""
        return pattern.replacing("{id}", with: "\(alert.id)").replacing("{stream}", with: name)
    }

    /// This machine's name.
    static var host: String {
        var name = [CChar](repeating: 0, count: 256)
        guard gethostname(&name, name.count - 1) == 0 else { return "localhost" }
        return String(decoding: name.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }
}
