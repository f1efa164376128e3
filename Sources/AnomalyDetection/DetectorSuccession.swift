/// How one detector takes the place of another one of the same stream, between two points: because its model shall begin
/// anew, or go back to what it was.
///
/// What was learned is the new one's. What belongs to the stream stays: its numbers and times, its last values, the anomaly
/// that is open, and what people have said. Doing it twice is the same as doing it once, so that a replay may repeat it.
extension Detector {
    /// Begins anew behind the predecessor's newest point, as at a stream's first one. What was said of the predecessor's
    /// anomalies is forgotten with its thresholds.
    ///
    /// - Precondition: this one is new, and as wide.
    public func begin(inPlaceOf predecessor: Detector) {
        takePlace(of: predecessor)
        origin = sequence
        let feedback = predecessor.feedback.ofAnyModel
        change { $0.scorer.goOn(with: feedback) }
    }

    /// Goes on behind the predecessor's newest point from a state that was saved earlier.
    ///
    /// The last values are today's: the model is another one, the stream is where it is. Of the points in between, the
    /// model knows only how many they were, by which its season is put right.
    ///
    /// - Precondition: this one is new, and as wide.
    /// - Throws: as `restore(_:)`; this detector is then of no further use, and the predecessor as it was.
    public func restore(_ state: [UInt8], inPlaceOf predecessor: Detector) throws {
        try restore(state)
        let (seen, missed) = (seen, predecessor.sequence - sequence)
        takePlace(of: predecessor)
        origin = max(0, sequence - seen)
        let (feedback, last) = (predecessor.feedback, predecessor.known.encoder.last)
        change { desk in
            desk.scorer.goOn(with: feedback)
            desk.scorer.seasons.pass(missed)
            desk.encoder.goOn(from: last)
        }
    }

    private func takePlace(of predecessor: Detector) {
        precondition(channels == predecessor.channels, "both are of the same stream")
        sequence = predecessor.sequence
        newestTime = predecessor.newestTime
        silentSince = predecessor.silentSince
        let tracker = predecessor.known.tracker
        change { desk in
            desk.tracker = tracker
            desk.held = 0
        }
    }
}
