import AnomalyDetection
package import PointStore

/// An anomaly with its stream and what else is stored of it.
package struct AnomalyDetails {
    package let stored: StoredAnomaly
    package let stream: StreamRecord
    /// From when on the stream had been silent for so long that this is an anomaly by itself, or part of this one.
    package let silence: Int64?
    /// What was said of it, in the order of time.
    package let feedback: [FeedbackRecord]
    /// What was ordered for its stream; nil if nothing ever was.
    package let orders: StreamOrders?

    /// - Parameter streams: known ones; others are looked up.
    /// - Throws: `StoreError`, with the cause `damaged` if its stream is not stored.
    package init(_ stored: StoredAnomaly, in store: StoreReader, of streams: [StreamRecord]) throws {
        let known = streams.first { $0.id == stored.stream }
        guard let stream = try known ?? store.streams().first(where: { $0.id == stored.stream }) else {
            throw StoreError(
                operation: "read the anomalies of", path: store.path, cause: .damaged,
                detail: "the stream of anomaly \(stored.id) is not stored",
                hint: "to see what else is wrong, try: anomalyctl db verify")
        }
        self.stored = stored
        self.stream = stream
        let anomaly = stored.anomaly
        // Events stand behind the point before them.
        silence = try store.events(of: stream.id, from: anomaly.startSequence &- 1)
            .first { $0.kind == .silence && anomaly.start <= $0.time && $0.time <= anomaly.end }?.time
        orders = try store.orders()[stream.id]
        feedback = try store.feedback(of: stream.id, from: anomaly.startSequence).filter { $0.anomaly == stored.id }
    }
}

extension StoredAnomaly {
    /// From the first to the last flagged point so far, in seconds.
    package var seconds: Double { Double(anomaly.end) / 1e6 - Double(anomaly.start) / 1e6 }
}
