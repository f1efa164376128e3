import AnomalyDetection
package import PointStore

/// An anomaly in a picture.
package struct AnomalyMark: Sendable, Equatable {
    package var id: Int64
    /// Times of the first, the last and the worst flagged point, in microseconds since 1970.
    package var start: Int64
    package var end: Int64
    package var peak: Int64
    /// The channel that stood out most.
    package var channel: Int
    /// What came there; NaN if nothing did.
    package var value: Double
    /// Whether that was above what was expected, so that the mark stands over the curve.
    package var isAbove: Bool
    /// NaN if there is none.
    package var score: Double
    package var kind: String?
    package var isOpen: Bool
    /// Whether somebody has said that it is none.
    package var isDismissed: Bool

    package init(_ stored: StoredAnomaly, said: FeedbackRecord.Action?) {
        let anomaly = stored.anomaly
        id = stored.id
        (start, end, peak) = (anomaly.start, anomaly.end, anomaly.peak)
        channel = anomaly.peakChannel
        value = anomaly.peakValue
        isAbove = anomaly.peakValue >= anomaly.peakPrediction || anomaly.peakPrediction.isNaN
        score = anomaly.peakScore
        kind = stored.kind?.rawValue
        isOpen = anomaly.isOpen
        isDismissed = said == .falsePositive
    }

    /// Such as "anomaly 3: range, score 0.484".
    package var text: String {
        var text = "anomaly \(id)"
        let facts = [kind, score.isNaN ? nil : "score \(NumberText.score(score))"].compactMap(\.self)
        if !facts.isEmpty { text += ": " + facts.joined(separator: ", ") }
        if isOpen { text += ", still open" }
        return isDismissed ? text + ", a false positive" : text
    }
}
