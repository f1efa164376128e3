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

    mutating func exchange(_ coding: inout some MemberCoding) {
        var few = UInt32(clamping: quiet)
        coding.exchange(&few)
        quiet = Int(few)
    }

    /// Puts away the anomaly that is open, or was last.
    func put(_ writer: inout MemberWriter) {
        guard let anomaly else { return writer.put(0 as UInt8) }
        writer.put((anomaly.isOpen ? 2 : 1) as UInt8)
        writer.put(UInt16(clamping: anomaly.attribution.count))
        for number in [anomaly.startSequence, anomaly.start, anomaly.end, anomaly.peak, anomaly.points] {
            writer.put(number)
        }
        writer.put(UInt16(clamping: anomaly.peakChannel))
        for number in [anomaly.peakScore, anomaly.peakValue, anomaly.peakPrediction] { writer.put(number) }
        writer.put(anomaly.evidence.rawValue)
        for share in anomaly.attribution.prefix(Int(UInt16.max)) { writer.put(share) }
    }

    /// Takes it out again.
    ///
    /// - Parameter evenIfOver: whether it is wanted, too, if it is not open.
    /// - Returns: bytes of one that was left where it is.
    mutating func take(_ reader: inout MemberReader, evenIfOver: Bool) -> Int {
        anomaly = nil
        let state: UInt8 = reader.take()
        if state == 0 { return 0 }
        let channels = Int(reader.take() as UInt16)
        if state == 1, !evenIfOver {
            let bytes = Self.bytes(channels: channels)
            reader.skip(bytes - Self.bytesOfHead)
            return bytes
        }
        let n = (0..<5).map { _ in reader.take() as Int64 }
        let channel = Int(reader.take() as UInt16)
        let d = (0..<3).map { _ in reader.take() as Double }
        let evidence = PointFlags(rawValue: reader.take())
        anomaly = Anomaly(
            startSequence: n[0], start: n[1], end: n[2], peak: n[3], peakScore: d[0], peakChannel: channel,
            peakValue: d[1], peakPrediction: d[2], evidence: evidence,
            attribution: (0..<channels).map { _ in reader.take() }, points: n[4], isOpen: state == 2)
        return 0
    }

    /// Bytes that `put` writes.
    var keptBytes: Int { anomaly.map { Self.bytes(channels: min($0.attribution.count, Int(UInt16.max))) } ?? 1 }

    private static let bytesOfHead = 3

    private static func bytes(channels: Int) -> Int {
        bytesOfHead + 5 * 8 + 2 + 3 * 8 + MemoryLayout<PointFlags.RawValue>.size + 4 * channels
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
