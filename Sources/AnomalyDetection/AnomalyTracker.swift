import RecurrentModel

/// Groups flagged points into anomalies: the first flagged point opens one, `quietPoints` unflagged ones in a row
/// close it.
struct AnomalyTracker: Sendable {
    let quietPoints: Int
    /// The open anomaly, or the last one that was open.
    private(set) var anomaly: Anomaly?
    private var quiet = 0

    init(quietPoints: Int) { self.quietPoints = quietPoints }

    /// - Parameter worst: the channel that stands out most at this point, and what is said of it.
    mutating func observe(
        sequence: Int64, time: Int64, score: Double, isFlagged: Bool, worst: (channel: Int, verdict: ChannelVerdict)
    ) -> AnomalyChange {
        guard isFlagged else { return endure() }
        quiet = 0
        if var open = anomaly, open.isOpen {
            open.end = time
            open.points += 1
            if score > open.peakScore {
                open.peak = time
                open.peakScore = score
                open.peakChannel = worst.channel
                open.peakValue = worst.verdict.value
                open.peakPrediction = worst.verdict.prediction
            }
            anomaly = open
            return .extended
        }
        anomaly = Anomaly(
            startSequence: sequence, start: time, end: time, peak: time, peakScore: score, peakChannel: worst.channel,
            peakValue: worst.verdict.value, peakPrediction: worst.verdict.prediction, points: 1, isOpen: true)
        return .opened
    }

    private mutating func endure() -> AnomalyChange {
        guard anomaly?.isOpen == true else { return .none }
        quiet += 1
        if quiet < quietPoints { return .none }
        anomaly?.isOpen = false
        return .closed
    }

    func encode(into writer: inout StateWriter) {
        writer.write(Int64(quiet))
        writer.write(anomaly != nil)
        guard let anomaly else { return }
        for number in [
            anomaly.startSequence, anomaly.start, anomaly.end, anomaly.peak, Int64(anomaly.peakChannel), anomaly.points,
        ] { writer.write(number) }
        for number in [anomaly.peakScore, anomaly.peakValue, anomaly.peakPrediction] { writer.write(number) }
        writer.write(anomaly.isOpen)
    }

    mutating func decode(from reader: inout StateReader) throws {
        quiet = Int(try reader.read(Int64.self))
        guard try reader.readBool() else {
            anomaly = nil
            return
        }
        let n = try (0..<6).map { _ in try reader.read(Int64.self) }
        let d = try (0..<3).map { _ in try reader.readDouble() }
        anomaly = Anomaly(
            startSequence: n[0], start: n[1], end: n[2], peak: n[3], peakScore: d[0], peakChannel: Int(n[4]),
            peakValue: d[1], peakPrediction: d[2], points: n[5], isOpen: try reader.readBool())
    }
}
