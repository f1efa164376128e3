import AnomalyDetection
import FeedProtocol
import PointStore

/// What `anomalyctl explain -o json` prints. Times are in UTC as RFC 3339 has them, lengths in seconds. Absent: not known, or not over yet.
package struct ExplanationSummary: Encodable {
    var id: Int64
    var stream: String
    var start, end, peak: String
    var open: Bool
    var duration: Double?
    var points: Int64
    var kind, meaning: String?
    /// What else speaks for it, in words.
    var evidence: [String]
    /// The channel that stood out most at the peak.
    var channel: Int
    var value, prediction, lower, upper, residual: Double?
    /// |residual| in half-widths of the band.
    var halfWidths: Double?
    /// At the same time of the days before.
    var earlier: Earlier?
    var score: Double?
    /// One point in so many is as strange; at the usual `interval`, one in so many seconds.
    var oncePerPoints, oncePerSeconds: Double?
    var interval: Double?
    /// Share of each channel.
    var attribution: [Double]?
    var silence: Silence?
    var similar: Others?
    var related: Others
    var model: Model

    struct Earlier: Encodable {
        var days: Int
        var lowest, highest: Double
    }

    /// Absent end: it lasts.
    struct Silence: Encodable {
        var start: String
        var end: String?
    }

    struct Others: Encodable {
        /// Of all.
        var count: Int
        var nearest: [Other]
    }

    struct Other: Encodable {
        var id: Int64
        var stream: String
        var start: String
        var duration: Double?
        var score: Double?
        var kind: String?

        init(_ other: StoredAnomaly, stream: String) {
            id = other.id
            self.stream = stream
            start = RFC3339.string(other.anomaly.start)
            duration = other.anomaly.isOpen ? nil : other.seconds
            score = ExplanationSummary.number(other.anomaly.peakScore)
            kind = other.kind?.rawValue
        }
    }

    /// By the configuration of now.
    struct Model: Encodable {
        var learning: Bool
        var hold: Int
    }

    package init(_ explanation: Explanation) {
        let stored = explanation.details.stored
        let anomaly = stored.anomaly
        let verdict = explanation.verdict
        id = stored.id
        stream = explanation.details.stream.name
        start = RFC3339.string(anomaly.start)
        end = RFC3339.string(anomaly.end)
        peak = RFC3339.string(anomaly.peak)
        open = anomaly.isOpen
        duration = anomaly.isOpen ? nil : stored.seconds
        points = anomaly.points
        kind = stored.kind?.rawValue
        meaning = stored.kind?.meaning
        evidence = explanation.evidence
        channel = anomaly.peakChannel
        value = Self.number(verdict?.value)
        prediction = Self.number(verdict?.prediction)
        lower = Self.number(verdict?.lower)
        upper = Self.number(verdict?.upper)
        residual = Self.number(verdict?.residual)
        halfWidths = explanation.halfWidths
        earlier = explanation.earlier.map { Earlier(days: $0.days, lowest: $0.lowest, highest: $0.highest) }
        score = Self.number(anomaly.peakScore)
        oncePerPoints = explanation.rarity
        oncePerSeconds = explanation.secondsBetween
        interval = explanation.interval.map { Double($0) / 1e6 }
        attribution = anomaly.attribution.isEmpty ? nil : anomaly.attribution.map { Double($0) }
        silence = explanation.gap.map { Silence(start: RFC3339.string($0.from), end: $0.to.map(RFC3339.string)) }
        let name = stream
        similar = explanation.alike.map { alike in
            Others(count: alike.count, nearest: alike.elements.map { Other($0, stream: name) })
        }
        related = Others(
            count: explanation.nearby.count,
            nearest: explanation.nearby.elements.map { Other($0.anomaly, stream: $0.stream) })
        model = Model(learning: explanation.model.learning, hold: explanation.model.hold)
    }

    /// JSON has no word for NaN.
    private static func number(_ number: Double?) -> Double? { number.flatMap { $0.isFinite ? $0 : nil } }
}
