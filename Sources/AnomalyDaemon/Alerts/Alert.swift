package import AnomalyConfiguration
package import AnomalyDetection
package import PointStore

/// An anomaly as sinks are told of it.
package struct Alert: Sendable, Equatable {
    package var subject: AlertSubject
    /// Name of its stream.
    package var stream: String

    package init(_ subject: AlertSubject, stream: String) {
        self.subject = subject
        self.stream = stream
    }

    /// Why it needs no attention any more.
    package enum End: String, Sendable {
        /// The stream is as expected again.
        case over
        /// Somebody said that it was none.
        case falsePositive = "false-positive"
        /// It began in a range of time that is left out.
        case excluded
    }

    package var key: AlertKey { subject.key }
    /// Number of the anomaly; 0 if the database does not have it.
    package var id: Int64 {
        get { subject.stored.id }
        set { subject.stored.id = newValue }
    }
    package var anomaly: Anomaly { subject.stored.anomaly }

    /// Nil while it is open.
    package var end: End? {
        if subject.isFalsePositive { return .falsePositive }
        if subject.isExcluded { return .excluded }
        return anomaly.isOpen ? nil : .over
    }

    package var isOver: Bool { end != nil }
    /// Whether nothing more will happen to it, whatever people say.
    var isClosed: Bool { !anomaly.isOpen }

    /// How far the peak is from the prediction; 0 if there was no value, as in a silence.
    package var deviation: Double {
        let deviation = abs(anomaly.peakValue - anomaly.peakPrediction)
        return deviation.isFinite ? deviation : 0
    }
}

/// When an anomaly is how bad, and when it is worse.
package struct AlertScale: Sendable, Equatable {
    /// Scores from which it is a warning, and critical.
    package var warning: Double
    package var critical: Double
    /// How many times the deviation that was told is worse.
    package var worsenFactor: Double

    package init(warning: Double, critical: Double, worsenFactor: Double) {
        (self.warning, self.critical, self.worsenFactor) = (warning, critical, worsenFactor)
    }

    package func severity(ofScore score: Double) -> AlertSeverity {
        score >= critical ? .critical : score >= warning ? .warning : .info
    }

    func severity(of alert: Alert) -> AlertSeverity { severity(ofScore: alert.anomaly.peakScore) }

    func isWorse(_ alert: Alert, thanScore score: Double, deviation: Double) -> Bool {
        if severity(of: alert) > severity(ofScore: score) { return true }
        return deviation > 0 && alert.deviation >= worsenFactor * deviation
    }
}

/// What a sink is told, of what, and how often.
package struct AlertPolicy: Sendable {
    package var name: String
    package var streams = [Glob]()
    package var minSeverity = AlertSeverity.info
    package var groupBy = AlertGrouping.all
    /// Times in microseconds, as in `DaemonConfiguration.Alerts`.
    package var wait: Int64 = 0
    package var interval: Int64 = 0
    package var repeatInterval: Int64 = 0
    /// Anomalies that a notification names.
    package var mostNamed = Int.max
    /// Anomalies that are over and wait to be told at all.
    package var mostWaiting = 10_000
    /// Whether telling takes no time, so that it is done also while the daemon ends.
    package var isImmediate = false
    /// Whether what it was told is stored, so that a restart goes on from there.
    package var isKept = true
    package var tellsResolved = true
    /// Whether it is told of an anomaly that is over already as one that is open first.
    package var opensFirst = false
    /// Whether the end of an anomaly that somebody has muted is told.
    package var tellsMutedEnds = true
    /// Notifications on their way at once, each of another group.
    package var mostUnderWay = 1

    package init(name: String) { self.name = name }

    /// An empty list stands for all streams.
    func concerns(_ stream: String) -> Bool { streams.isEmpty || streams.contains { $0.matches(stream) } }
}

extension AlertGrouping {
    /// The group that a stream belongs to; empty for the one that takes all, or has no such tag.
    package func group(of stream: String) -> String {
        switch self {
        case .all: return ""
        case .stream: return stream
        case .prefix(let dots):
            let name = stream.prefix { $0 != ";" }
            return name.split(separator: ".", omittingEmptySubsequences: false).prefix(dots).joined(separator: ".")
        case .tag(let tag): return StreamTags(stream).value(of: tag) ?? ""
        }
    }
}

/// The tags of a stream's name, `name;tag=value;tag=value`.
package struct StreamTags: Sendable {
    package let name: String
    package let tags: [(key: String, value: String)]

    package init(_ stream: String) {
        let parts = stream.split(separator: ";", omittingEmptySubsequences: false)
        name = parts.first.map(String.init) ?? stream
        tags = parts.dropFirst().compactMap { part in
            guard let equals = part.firstIndex(of: "="), equals > part.startIndex else { return nil }
            return (String(part[..<equals]), String(part[part.index(after: equals)...]))
        }
    }

    func value(of tag: String) -> String? { tags.first { $0.key == tag }?.value }
}
