public import Kernels
import RealModule
public import RecurrentModel

/// One stream's model and verdicts. For each point, in this order: predict it from what came before, look at it and
/// score it, then learn from it.
///
///     let detector = Detector(settings, channels: 1, name: "web.cpu".utf8, workbench: workbench)
///     let verdict = detector.step(time: t, values: values, verdicts: verdicts)
///
/// Deterministic: the same settings, name and points give the same bits. Not thread-safe; the detectors of one
/// workbench belong to one thread.
public final class Detector {
    public var settings: DetectorSettings { desk.shared.values }
    /// Width of the stream.
    public var channels: Int { desk.channels }
    /// Sequence number of the newest point; 0 before the first.
    @exclusivity(unchecked) public internal(set) var sequence: Int64
    /// Sequence number after which this model began to learn.
    @exclusivity(unchecked) var origin: Int64
    /// Time of the newest point, in microseconds since 1970; `Int64.min` before the first.
    @exclusivity(unchecked) public internal(set) var newestTime = Int64.min
    /// Sequence number after which the stream was found to be silent; -1: never.
    @exclusivity(unchecked) var silentSince: Int64 = -1

    /// All else that is known of the stream: there if it has a network of its own; else only between `take` and `put`.
    private let desk: Desk
    // Of a member of a group, as small as can be, as there may be very many:
    @exclusivity(unchecked) private var record = MemberRecord()
    @exclusivity(unchecked) private var place = GroupPlace()
    @exclusivity(unchecked) private var said: Said?

    /// - Parameters:
    ///   - channels: 1…65,535 values a point.
    ///   - name: the stream's name, which seeds its weights together with `settings.model.seed`.
    ///   - sequence: points of the stream that this model does not know; its next one has the number after it.
    public init(
        _ settings: DetectorSettings, channels: Int, name: some Sequence<UInt8>, after sequence: Int64 = 0,
        workbench: Workbench
    ) {
        desk = workbench.desk(settings, channels: channels, name: name)
        self.sequence = sequence
        origin = sequence
        guard let learner else { return }
        learner.members += 1
        record = desk.newRecord()
    }

    deinit {
        learner?.members -= 1
        record.deallocate()
    }

    // MARK: What is known of the stream

    /// Which part of a group steps it together with others; nil if it has a network of its own.
    var learner: GroupLearner<Float>? { desk.network.group }
    /// Whether it has the network of a group.
    public var sharesNetwork: Bool { learner != nil }

    /// Puts what is known of it on the desk, to be worked on until `put`, or to be looked at.
    ///
    /// - Parameter evenIfOver: whether the last anomaly is wanted, too, if it is over.
    @discardableResult
    private func take(evenIfOver: Bool = false) -> Desk {
        if sharesNetwork { desk.take(record, said, evenIfOver: evenIfOver) }
        return desk
    }

    /// Puts it away again.
    private func put() {
        if sharesNetwork { desk.put(into: &record, &said) }
    }

    /// Puts what is known of it on the desk, to be looked at only.
    var known: Desk { take(evenIfOver: true) }

    /// Changes what is known of it.
    func change<R>(_ body: (Desk) throws -> R) rethrows -> R {
        // Also after an error: the next one on the desk must find it as it was left.
        defer { put() }
        return try body(take(evenIfOver: true))
    }

    /// The anomaly that is open, or was last.
    public var anomaly: Anomaly? { known.tracker.anomaly }
    /// True until the warm-up is over.
    public var isWarmingUp: Bool { seen < Int64(settings.score.warmup) }
    /// Points that this model has seen.
    var seen: Int64 { sequence - origin }
    /// Health of the training: norm of the last gradient before clipping, its loss, updates done and left out.
    public var training: (gradientNorm: Double, loss: Double, updates: Int64, skipped: Int64) {
        desk.network.training
    }

    /// How the last gradient was spread over the layers, and how far back it reached.
    public var health: GradientHealth { desk.network.health }
    /// Points that its weights have learned from.
    public var learnedPoints: Int64 { settings.model.learning ? desk.network.learnedPoints : 0 }
    /// The network's weights, in the layout of `Network(settings.model.shape(channels: channels))`.
    public var parameters: [Float] { desk.network.parameters }
    /// The group whose network it has; nil if it has one of its own.
    public var group: NetworkGroups.Key? {
        settings.model.sharing == .group ? NetworkGroups.Key(settings.model, channels: channels) : nil
    }
    /// Whether somebody has yet to say what weights it begins with: of a new stream, or of a group with its first one.
    public func claimBeginning() -> Bool { desk.network.begin() }
    /// Goes on with other weights, as many as there were: it, or all streams of its group. The hidden state, the scaling and
    /// all that scoring knows stay.
    public func replaceParameters(_ parameters: [Float]) { desk.network.replaceParameters(parameters) }

    /// −log₁₀(p) / 10, within [0, 1].
    public static func score(ofProbability p: Double) -> Double { max(0, min(1, -Double.log10(p) / 10)) }

    /// Takes the next point of the stream.
    ///
    /// - Parameters:
    ///   - time: microseconds since 1970, after `newestTime`.
    ///   - values: one for each channel; finite, or NaN where missing.
    ///   - verdicts: receives one for each channel.
    public func step(
        time: Int64, values: UnsafeBufferPointer<Double>, verdicts: UnsafeMutableBufferPointer<ChannelVerdict>
    ) -> PointVerdict {
        precondition(values.count == channels && verdicts.count >= channels, "one value for each channel")
        let step = begin(time: time)
        var output: UnsafePointer<Float>?
        if hasOutput {
            if let learner {
                stage(step)
                learner.run()
                output = stagedOutput
            } else {
                output = desk.network.step(desk.encoder.input)
            }
        }
        return conclude(step, values: values, output: output, isAlone: true, verdicts: verdicts)
    }

    /// What is known of a point before its value.
    struct Step {
        var time: Int64
        /// Microseconds since the point before; 0 for the first.
        var elapsed: Int64
        /// Whether it is the first point behind a range that is left out; and whether it is left out, as such a one or in it.
        var isReturning: Bool
        var isExcluded: Bool
        /// Whether the network may learn from it.
        var isLearned: Bool
    }

    /// Goes to the next point of the stream, before its value is looked at.
    func begin(time: Int64) -> Step {
        // A model that begins anew knows of no point before its first one.
        let elapsed = seen == 0 ? 0 : time - newestTime
        let isSpokenOf = !sharesNetwork || said != nil
        let orders = isSpokenOf ? feedback.orders : StandingOrders()
        // The first point behind a range is compared with one inside it, and as little to be trusted.
        let isReturning = orders.excludes(newestTime) && !orders.excludes(time)
        let isExcluded = isReturning || orders.excludes(time)
        sequence += 1
        newestTime = time
        if isSpokenOf || needsTime {
            take()
            desk.scorer.feedback.orders.pass(time)
            desk.scorer.seasons.prepare(&desk.encoder, time: time, elapsed: elapsed)
            put()
        }
        return Step(
            time: time, elapsed: elapsed, isReturning: isReturning, isExcluded: isExcluded,
            isLearned: !isExcluded && !(isSpokenOf && feedback.isFrozen))
    }

    /// Whether the network sees something of a point before its value.
    private var needsTime: Bool { desk.encoder.features.calendar || desk.encoder.features.elapsed }

    /// Whether the network has a say on the point at hand: not on the model's first one.
    var hasOutput: Bool { seen > 1 }

    /// Puts the network's step for the point at hand into the batch of its group.
    ///
    /// - Precondition: it is of a group.
    func stage(_ step: Step) {
        withUnsafeTemporaryAllocation(of: Float.self, capacity: desk.stateWidth) { state in
            desk.copyState(of: record, to: state.baseAddress!)
            learner!.add(&place, state: state.baseAddress!, input: desk.input(of: record), learns: step.isLearned)
        }
    }

    /// What came of that, once the batch was run.
    var stagedOutput: UnsafePointer<Float> { learner!.output(of: place) }

    /// Looks at the value of the point at hand, scores it and learns from it.
    ///
    /// - Parameters:
    ///   - output: of the network; nil if it had no say.
    ///   - isAlone: whether its step was no part of a batch.
    func conclude(
        _ step: Step, values: UnsafeBufferPointer<Double>, output: UnsafePointer<Float>?, isAlone: Bool,
        verdicts: UnsafeMutableBufferPointer<ChannelVerdict>
    ) -> PointVerdict {
        let (time, elapsed) = (step.time, step.elapsed)
        take()
        defer { put() }
        predict(output, verdicts)
        for c in 0..<channels {
            verdicts[c].value = values[c]
            verdicts[c].residual = (values[c] - verdicts[c].prediction).bounded
        }
        var judgement =
            step.isExcluded
            ? desk.scorer.judgeAside(time: time, elapsed: elapsed, seen: seen, verdicts)
            // A silence that was to be left out is none.
            : desk.scorer.judge(
                time: time,
                elapsed: desk.scorer.feedback.orders.touches(after: time - elapsed, through: time) ? 0 : elapsed,
                seen: seen,
                verdicts)
        judgement.score = VerdictGrid.score(judgement.score, isFlagged: judgement.flags.contains(.anomaly))
        for c in 0..<channels {
            verdicts[c] = VerdictGrid.rounded(verdicts[c], usual: desk.scorer.usualResidual(channel: c))
        }
        let change = desk.tracker.observe(sequence: sequence, time: time, judgement, verdicts[judgement.worst]) {
            desk.scorer.attribution(judgement)
        }
        note(change)
        desk.held = judgement.isRaised ? desk.held + 1 : 0
        learn(
            verdicts, isHeld: !step.isLearned || desk.held > 0 && desk.held <= Int64(settings.model.hold),
            updates: step.isLearned, isAlone: isAlone)
        // That it came back is no change to go on from.
        if step.isReturning { desk.encoder.goOn(from: Array(values)) }
        // The warm-up is for what is learned from.
        if step.isExcluded, seen <= Int64(settings.score.warmup) { origin += 1 }
        return PointVerdict(
            sequence: sequence, time: time, score: judgement.score, flags: judgement.flags, change: change)
    }

    // MARK: Where it lies

    /// Says where the memory lies that each point needs; it may move at any point. That of a member of a group is one piece,
    /// and not told.
    public func locate(in map: MemoryMap) {
        if sharesNetwork { return }
        map.add(self)
        desk.locate(in: map)
    }

    /// Asks for the memory of what the next point is going to be compared with, which lies elsewhere each time.
    ///
    /// - Parameter time: of that point, in microseconds since 1970.
    public func approach(_ time: Int64) {
        if !sharesNetwork { desk.scorer.seasons.approach(time) }
    }

    // MARK: Silence

    /// The silence after the newest point that is an anomaly by itself, in microseconds; nil if none is, as for streams
    /// that never had a rhythm, or if it has been told.
    public var longestSilence: Int64? {
        guard !isSilent, !isWarmingUp, let silence = take().scorer.longestSilence else { return nil }
        return desk.scorer.feedback.orders.end(ofSilence: silence, after: newestTime).map { $0 - newestTime }
    }

    /// True between `fallSilent` and the next point.
    public var isSilent: Bool { silentSince == sequence }

    /// Nothing has come for `longestSilence`: that is an anomaly, which begins when it had been so long. Who calls this
    /// must see to it that a replay calls it after the same point.
    ///
    /// - Returns: what that did to the stream's anomaly: nothing if it has been told or is none.
    public func fallSilent() -> AnomalyChange {
        guard let silence = longestSilence, let usual = take().scorer.longestSilence else { return .none }
        let none = ChannelVerdict(value: .nan, prediction: .nan, lower: .nan, upper: .nan, residual: .nan)
        let (time, overflow) = newestTime.addingReportingOverflow(silence)
        let judgement = desk.scorer.judge(silence: usual)
        guard !overflow, judgement.isRaised else { return .none }
        silentSince = sequence
        let change = desk.tracker.observe(sequence: sequence + 1, time: time, judgement, none, points: 0) {
            desk.scorer.attribution(judgement)
        }
        note(change)
        put()
        return change
    }

    // MARK: Feedback

    /// What people have said of this stream.
    public var feedback: Feedback { sharesNetwork ? said?.feedback ?? Feedback() : desk.scorer.feedback }

    /// Takes what somebody says, after the newest point. Who calls this must see to it that a replay calls it after the
    /// same point; a second time does no harm.
    ///
    /// - Precondition: a label's channel is one of the stream's.
    public func take(_ act: Feedback.Act) {
        change { desk in
            desk.scorer.take(act, open: desk.tracker.open?.startSequence)
            if case .exclude(let range) = act, let open = desk.tracker.open, range.contains(open.end) {
                desk.tracker.close()
            }
        }
    }

    /// Whether its anomaly is one that somebody does not want to hear of.
    public var isMuted: Bool { anomaly.map { $0.startSequence == feedback.orders.mutedAnomaly } ?? false }

    private func note(_ change: AnomalyChange) {
        if change == .opened, let anomaly = desk.tracker.anomaly { desk.scorer.feedback.orders.noteOpened(anomaly) }
    }

    // MARK: Predict

    /// - Parameter output: with the Gaussian loss the expected values come first, and their variances, of no use here, after
    ///   them; nil: nothing is predicted.
    private func predict(_ output: UnsafePointer<Float>?, _ verdicts: UnsafeMutableBufferPointer<ChannelVerdict>) {
        let none = ChannelVerdict(value: .nan, prediction: .nan, lower: .nan, upper: .nan, residual: .nan)
        guard let output else {
            for c in 0..<channels { verdicts[c] = none }
            return
        }
        for c in 0..<channels {
            verdicts[c] = none
            let network = desk.encoder.prediction(output[c], channel: c)
            if network.isNaN { continue }
            let last = desk.encoder.channels[c].last
            let prediction = last + desk.trust[c].factor * (network - last)
            desk.trust[c].announced = desk.encoder.change(to: network, channel: c)
            verdicts[c].prediction = prediction.bounded
            let halfWidth = desk.scorer.halfWidth(channel: c)
            if halfWidth.isFinite {
                verdicts[c].lower = (verdicts[c].prediction - halfWidth).bounded
                verdicts[c].upper = (verdicts[c].prediction + halfWidth).bounded
            }
        }
    }

    // MARK: Learn

    /// - Parameters:
    ///   - isHeld: the point is not learned from.
    ///   - updates: false to leave the weights as they are.
    ///   - isAlone: whether the network's step was no part of a batch.
    private func learn(
        _ verdicts: UnsafeMutableBufferPointer<ChannelVerdict>, isHeld: Bool, updates: Bool, isAlone: Bool
    ) {
        withUnsafeTemporaryAllocation(of: Float.self, capacity: channels) { target in
            for c in 0..<channels {
                let value = verdicts[c].value
                target[c] = isHeld ? .nan : desk.encoder.target(value, channel: c)
                if !value.isNaN, !verdicts[c].prediction.isNaN, !isHeld {
                    desk.trust[c].observe(actual: desk.encoder.change(to: value, channel: c))
                }
            }
            guard hasOutput, let target = target.baseAddress else { return }
            guard let learner else { return desk.network.observe(target, updates: updates) }
            withUnsafeTemporaryAllocation(of: Float.self, capacity: desk.stateWidth) { state in
                learner.observe(&place, state: state.baseAddress!, target: target)
                desk.copyState(state.baseAddress!, to: record)
            }
            if isAlone { learner.finish() }
        }
        for c in 0..<channels {
            // A missing value is replaced by what was expected, so that the network goes on from there.
            let value = verdicts[c].value.isNaN ? verdicts[c].prediction : verdicts[c].value
            if !value.isNaN {
                desk.encoder.observe(value, channel: c, isMissing: verdicts[c].value.isNaN, isHeld: isHeld)
            }
        }
    }

    // MARK: State

    /// Format of the saved state, the newest that can be read; see `StateHead`.
    public static let stateVersion = StateHead.newest

    /// The whole state as bytes: a detector that is restored from them goes on bit for bit as this one would.
    public func savedState() -> [UInt8] {
        var writer = StateWriter(reserving: 16_384)
        let desk = known
        let feedback = desk.scorer.feedback
        StateHead.encode(feedback, channels: channels, settings, into: &writer)
        writer.write(origin)
        writer.write(sequence)
        writer.write(newestTime)
        writer.write(desk.encoder.last)
        writer.write(desk.encoder.input)
        for channel in desk.encoder.channels { channel.scaler.encode(into: &writer) }
        for one in desk.trust { one.encode(into: &writer) }
        writer.write(desk.held)
        writer.write(silentSince)
        desk.scorer.encode(into: &writer)
        desk.tracker.encode(into: &writer)
        if sharesNetwork { writer.write(hiddenState) } else { desk.network.encode(into: &writer) }
        if !feedback.isEmpty { feedback.encode(into: &writer) }
        if !feedback.orders.isEmpty { feedback.orders.encode(into: &writer) }
        return writer.bytes
    }

    /// Bytes of a member of a group, but for the network's state: the record, and what the object has besides.
    var memberBytes: Int { Int(record.capacity) - desk.stateBytes + MemoryLayout<MemberRecord>.size + 64 }

    private var hiddenState: [Float] {
        [Float](unsafeUninitializedCapacity: desk.stateWidth) { buffer, count in
            desk.copyState(of: record, to: buffer.baseAddress!)
            count = desk.stateWidth
        }
    }

    private func readHiddenState(from reader: inout StateReader) throws {
        let state: [Float] = try reader.readArray(count: desk.stateWidth, field: "hidden state")
        desk.copyState(state, to: record)
    }

    /// Puts a saved state into a new detector with the same settings and channels.
    ///
    /// - Returns: whether the detector goes on bit for bit: false if the state was made by the arithmetic of another kind
    ///   of processor.
    /// - Throws: `StateError` if the bytes are damaged, of another format, or of a detector with other settings; the
    ///   detector is then of no further use.
    @discardableResult
    public func restore(_ bytes: [UInt8]) throws -> Bool {
        var reader = StateReader(bytes)
        let head = try StateHead(from: &reader)
        guard head.channels == channels else {
            throw StateError.invalid(field: "channels", found: "\(head.channels)", expected: "\(channels)")
        }
        let (found, own) = (head.settings.model, settings.model)
        guard found.sharing == own.sharing, own.sharing == .perStream || found.group == own.group else {
            throw StateError.invalid(field: "sharing", found: found.sharedBy, expected: own.sharedBy)
        }
        origin = try reader.readCount("origin")
        sequence = try reader.readCount("sequence")
        newestTime = try reader.read()
        // No difference between two times may overflow.
        guard origin <= sequence, newestTime == .min || newestTime.magnitude <= 1 << 60 else {
            throw StateError.invalid(
                field: "position", found: "\(origin), \(sequence) at \(newestTime)",
                expected: "one that a stream can have")
        }
        try change { desk in
            let last: [Double] = try reader.readArray(count: channels, field: "last values")
            for c in 0..<channels { desk.encoder.channels[c].last = last[c] }
            desk.encoder.input = try reader.readArray(count: desk.encoder.input.count, field: "input")
            for c in 0..<channels { try desk.encoder.channels[c].scaler.decode(from: &reader) }
            for c in 0..<channels { try desk.trust[c].decode(from: &reader) }
            desk.held = try reader.read()
            silentSince = try reader.read()
            defer { if sharesNetwork { desk.scorer.forgetSeason() } }
            try desk.scorer.decode(from: &reader)
            try desk.tracker.decode(from: &reader)
            if sharesNetwork { try readHiddenState(from: &reader) } else { try desk.network.decode(from: &reader) }
            if head.hasFeedback { try desk.scorer.decodeFeedback(from: &reader, hasOrders: head.hasOrders) }
        }
        guard reader.isAtEnd else {
            throw StateError.invalid(field: "length", found: "\(bytes.count) bytes", expected: "fewer")
        }
        return head.arithmetic == KernelVariant.current.arithmetic
    }

    /// The detector in a saved state, to look at or to save again. Its `settings` are those that the state's layout
    /// depends on, and defaults otherwise, so it must not be given points.
    ///
    /// - Parameter workbench: with the stored networks of groups, if the stream may be of one.
    /// - Throws: `StateError` if the bytes are damaged or of another format, or if its group's network is not there.
    public convenience init(lookingInto state: [UInt8], workbench: Workbench) throws {
        var reader = StateReader(state)
        let head = try StateHead(from: &reader)
        let settings = head.settings
        // Before there is memory for them all: damaged bytes may speak of gigabytes.
        if settings.model.sharing == .group {
            let key = NetworkGroups.Key(settings.model, channels: head.channels)
            guard workbench.groups.knows(key) else {
                throw StateError.invalid(field: "group", found: "\(key)", expected: "one that is stored")
            }
        } else {
            let count = Network<Float>(settings.model.shape(channels: head.channels)).layout.count
            guard state.count / MemoryLayout<Float>.stride >= count else { throw StateError.truncated }
        }
        self.init(settings, channels: head.channels, name: [], workbench: workbench)
        try restore(state)
    }
}
