import Kernels
import RecurrentModel

/// What of a detector is worked on while a point of its stream is. Who has a network of its own has a desk of its own, too.
/// The members of a group that have the same settings share one, and put what is theirs away between two points
/// (`MemberRecord`): so it takes a quarter of the memory.
final class Desk {
    let shared: SharedSettings
    let channels: Int
    let network: DetectorNetwork
    @exclusivity(unchecked) var encoder: InputEncoder
    @exclusivity(unchecked) var trust: [PredictionTrust]
    @exclusivity(unchecked) var scorer: Scorer
    @exclusivity(unchecked) var tracker: AnomalyTracker
    /// Anomalous points in a row that were not learned from.
    @exclusivity(unchecked) var held: Int64 = 0

    /// What was said of the stream that is on the desk of a group; nil if nothing was.
    private var said: Said?
    /// Bytes of an anomaly of the stream that is over and was left where it is.
    private var keptAnomaly = 0
    /// Scalars of the hidden state of a member.
    let stateWidth: Int
    /// Whether they are kept in 16 bits each: what lies within [-1, 1] is then off by a 32,768th at most. An LSTM's cell has
    /// no bounds, and attention looks back on many.
    private let isShort: Bool
    private static let shortSteps: Float = 32_768
    /// Of the hidden state in a member's record, behind which the network's input lies; and of all before the anomaly.
    let stateBytes: Int
    private var fixedBytes = 0
    /// Of a stream without points.
    private var blank = MemberRecord()

    init(
        _ shared: SharedSettings, channels: Int, network: DetectorNetwork, sizes: SizeMemory?, phase: UInt64
    ) {
        let model = shared.values.model
        (self.shared, self.channels, self.network) = (shared, channels, network)
        encoder = InputEncoder(
            channels: channels, meaning: model.target, features: model.features, scaling: model.scaling,
            rangeHalfLife: model.rangeHalfLife)
        trust = Array(repeating: PredictionTrust(), count: channels)
        scorer = Scorer(shared, channels: channels, sizes: sizes, phase: phase)
        tracker = AnomalyTracker(quietPoints: shared.values.score.quietPoints)
        stateWidth = network.group?.shared.network.stateWidth ?? 0
        isShort = model.cell != .lstm && model.attention == 0
        stateBytes = (stateWidth * (isShort ? 2 : 4) + 3) / 4 * 4
        guard network.group != nil else { return }
        var size = MemberSize()
        exchange(&size)
        fixedBytes = stateBytes + size.bytes
        var none: Said?
        put(into: &blank, &none)
        if stateBytes > 0 { blank.memory?.initializeMemory(as: UInt8.self, repeating: 0, count: stateBytes) }
    }

    deinit { blank.deallocate() }

    /// Says where the memory lies that each point of a stream with a network of its own needs.
    func locate(in map: MemoryMap) {
        map.add(self)
        network.locate(in: map)
        encoder.locate(in: map)
        map.add(trust)
        scorer.locate(in: map)
    }

    // MARK: Members

    /// What a member has before its first point.
    func newRecord() -> MemberRecord { blank.copy() }

    /// Copies the hidden state (S) out of a member's record.
    func copyState(of record: MemberRecord, to state: UnsafeMutablePointer<Float>) {
        guard isShort else {
            UnsafeMutableRawPointer(state).copyMemory(from: record.memory!, byteCount: stateWidth * 4)
            return
        }
        let short = record.memory!.assumingMemoryBound(to: Int16.self)
        for i in 0..<stateWidth { state[i] = Float(short[i]) * (1 / Self.shortSteps) }
    }

    /// Copies a hidden state (S) into a member's record.
    func copyState(_ state: UnsafePointer<Float>, to record: MemberRecord) {
        guard isShort else { return record.memory!.copyMemory(from: state, byteCount: stateWidth * 4) }
        let short = record.memory!.assumingMemoryBound(to: Int16.self)
        for i in 0..<stateWidth {
            // In this order NaN becomes a number.
            short[i] = Int16(max(-32_768, min(32_767, (state[i] * Self.shortSteps).rounded(.toNearestOrEven))))
        }
    }

    /// (I): the network's input in a member's record.
    func input(of record: MemberRecord) -> UnsafePointer<Float> {
        UnsafePointer((record.memory! + stateBytes).assumingMemoryBound(to: Float.self))
    }

    /// Puts a member on the desk.
    ///
    /// - Parameter evenIfOver: whether its last anomaly is wanted, too, if it is over.
    func take(_ record: MemberRecord, _ said: Said?, evenIfOver: Bool) {
        var reader = MemberReader(UnsafeRawPointer(record.memory! + stateBytes))
        exchange(&reader)
        keptAnomaly = tracker.take(&reader, evenIfOver: evenIfOver)
        scorer.peak.take(&reader)
        guard said !== self.said else { return }
        self.said = said
        scorer.goOn(with: said?.feedback ?? Feedback())
    }

    /// Puts what is on the desk away, into the member's record; its hidden state stays there anyway.
    func put(into record: inout MemberRecord, _ said: inout Said?) {
        let leavesAnomaly = keptAnomaly > 0 && tracker.anomaly == nil
        let anomaly = leavesAnomaly ? keptAnomaly : tracker.keptBytes
        let memory = record.fit(
            fixedBytes + anomaly + scorer.peak.keptBytes, keeping: leavesAnomaly ? fixedBytes + anomaly : stateBytes)
        var writer = MemberWriter(memory + stateBytes)
        exchange(&writer)
        if leavesAnomaly { writer.skip(anomaly) } else { tracker.put(&writer) }
        scorer.peak.put(&writer)
        if scorer.feedback.isEmpty {
            said = nil
        } else if let said {
            said.feedback = scorer.feedback
        } else {
            said = Said(scorer.feedback)
        }
        self.said = said
    }

    @inline(__always)
    private func exchange(_ coding: inout some MemberCoding) {
        encoder.exchange(&coding)
        for c in trust.indices { trust[c].exchange(&coding) }
        scorer.exchange(&coding)
        tracker.exchange(&coding)
        coding.exchange(count: &held)
    }
}

/// What people have said of a group's member, of which mostly nothing was said.
final class Said {
    var feedback: Feedback

    init(_ feedback: Feedback) { self.feedback = feedback }
}
