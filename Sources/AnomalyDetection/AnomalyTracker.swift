import RecurrentModel

/// Groups what belongs together into anomalies: a flagged point opens one, points whose evidence is still above the
/// threshold go on with it, and `quietPoints` others in a row close it.
struct AnomalyTracker: Sendable {
    let quietPoints: Int
    /// The open anomaly, or the last one that was open.
    private(set) var anomaly: Anomaly?
    private var quiet = 0

    init(quietPoints: Int) { self.quietPoints = quietPoints }

    /// The anomaly that is open; nil if none is.
    var open: Anomaly? { anomaly.flatMap { $0.isOpen ? $0 : nil } }

    /// Closes the anomaly that is open.
    mutating func close() {
        anomaly?.isOpen = false
        quiet = 0
    }

    /// - Parameters:
    ///   - worst: what is said of the channel that stands out most at this point.
    ///   - points: 0 if it is not a point that is told of, but that none has come.
    ///   - attribution: each channel's share; asked for at a new peak only.
    mutating func observe(
        sequence: Int64, time: Int64, _ judgement: Scorer.Judgement, _ worst: ChannelVerdict, points: Int64 = 1,
        attribution: () -> [Float]
    ) -> AnomalyChange {
        if var open = anomaly, open.isOpen {
            guard judgement.isRaised else { return endure() }
            quiet = 0
            open.end = time
            open.points += points
            if judgement.score > open.peakScore {
                open.peak = time
                open.peakScore = judgement.score
                open.peakChannel = judgement.worst
                open.peakValue = worst.value
                open.peakPrediction = worst.prediction
                open.evidence = judgement.kind
                open.attribution = attribution()
            }
            anomaly = open
            return .extended
        }
        guard judgement.flags.contains(.anomaly) else { return .none }
        quiet = 0
        anomaly = Anomaly(
            startSequence: sequence, start: time, end: time, peak: time, peakScore: judgement.score,
            peakChannel: judgement.worst, peakValue: worst.value, peakPrediction: worst.prediction,
            evidence: judgement.kind, attribution: attribution(), points: points, isOpen: true)
        return .opened
    }

    private mutating func endure() -> AnomalyChange {
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
        writer.write(anomaly.evidence.rawValue)
        writer.write(anomaly.attribution)
        writer.write(anomaly.isOpen)
    }

    mutating func decode(from reader: inout StateReader) throws {
        quiet = Int(try reader.readCount("quiet points"))
        guard try reader.readBool() else {
            anomaly = nil
            return
        }
        let n = try (0..<5).map { _ in try reader.read(Int64.self) } + [reader.readCount("points of an anomaly")]
        let d = try (0..<3).map { _ in try reader.readDouble() }
        let evidence = PointFlags(rawValue: try reader.read())
        let attribution = try reader.readArray(of: Float.self, atMost: 65_535, field: "attribution")
        anomaly = Anomaly(
            startSequence: n[0], start: n[1], end: n[2], peak: n[3], peakScore: d[0], peakChannel: Int(n[4]),
            peakValue: d[1], peakPrediction: d[2], evidence: evidence, attribution: attribution, points: n[5],
            isOpen: try reader.readBool())
    }
}
