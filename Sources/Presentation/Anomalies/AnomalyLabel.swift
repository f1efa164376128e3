import AnomalyDetection
package import ControlProtocol
package import PointStore

extension FeedbackRequest {
    /// What says whether an anomaly was one.
    ///
    /// - Throws: ``NotLabelled``, `StoreError`.
    package init(labelling details: AnomalyDetails, isTrue: Bool, in store: StoreReader) throws {
        let stored = details.stored
        guard let kind = stored.kind else {
            throw NotLabelled(cause: "of anomaly \(stored.id), which is of an older version, no kind is stored")
        }
        if kind == .limit {
            throw NotLabelled(
                cause: "anomaly \(stored.id) is outside the range that was set for the stream, whatever is said of it",
                hint: "to set another one, try: anomalyctl rule set \(details.stream.name) expected_range=[LOW,HIGH]")
        }
        let action: FeedbackRecord.Action = isTrue ? .truePositive : .falsePositive
        let label = Label(
            start: stored.anomaly.startSequence, kind: kind.rawValue,
            score: max(0, min(1, stored.anomaly.peakScore.isNaN ? 0 : stored.anomaly.peakScore)),
            channel: stored.anomaly.peakChannel, shape: try AnomalyShape.of(details, in: store))
        self.init(stream: details.stream.name, action: action.rawValue, anomaly: stored.id, label: label)
    }
}

/// An anomaly of which it cannot be said whether it was one.
package struct NotLabelled: Error {
    package var cause: String
    /// What helps, if we know.
    package var hint: String?
}
