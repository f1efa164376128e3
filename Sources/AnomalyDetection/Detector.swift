import Kernels
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
    public var settings: DetectorSettings { shared.values }
    private let shared: SharedSettings
    /// Width of the stream.
    public let channels: Int
    /// Sequence number of the newest point; 0 before the first.
    public internal(set) var sequence: Int64
    /// Sequence number after which this model began to learn.
    var origin: Int64
    /// Time of the newest point, in microseconds since 1970; `Int64.min` before the first.
    public internal(set) var newestTime = Int64.min

    private var learner: OnlineLearner<Float>
    private let workspace: Workspace<Float>
    var encoder: InputEncoder
    var trust: [PredictionTrust]
    /// Anomalous points in a row that were not learned from.
    var held: Int64 = 0
    /// Sequence number after which the stream was found to be silent; -1: never.
    var silentSince: Int64 = -1
    var scorer: Scorer
    var tracker: AnomalyTracker

    /// - Parameters:
    ///   - channels: 1…65,535 values a point.
    ///   - name: the stream's name, which seeds its weights together with `settings.model.seed`.
    ///   - sequence: points of the stream that this model does not know; its next one has the number after it.
    public init(
        _ settings: DetectorSettings, channels: Int, name: some Sequence<UInt8>, after sequence: Int64 = 0,
        workbench: Workbench
    ) {
        shared = workbench.shared(settings)
        self.sequence = sequence
        origin = sequence
        self.channels = channels
        let model = settings.model
        let (network, workspace) = workbench.bench(for: model.shape(channels: channels))
        var generator = SeededGenerator(seed: model.seed, name: name)
        learner = OnlineLearner(
            network,
            training: TrainingSettings(
                k1: model.k1, k2: model.k2, rate: model.learningRate, optimiser: model.optimiser, loss: model.loss,
                clip: model.clip, clipBy: model.clipBy, replay: model.replay, moments: .short, enabled: model.learning),
            parameters: ShippedModel.begins(model, channels: channels)
                ? ShippedModel.parameters
                : network.initialParameters(model.initialisation, forgetBias: model.forgetBias, using: &generator))
        self.workspace = workspace
        encoder = InputEncoder(
            channels: channels, meaning: model.target, features: model.features, scaling: model.scaling,
            rangeHalfLife: model.rangeHalfLife)
        trust = Array(repeating: PredictionTrust(), count: channels)
        scorer = Scorer(shared, channels: channels)
        tracker = AnomalyTracker(quietPoints: settings.score.quietPoints)
    }

    /// The anomaly that is open, or was last.
    public var anomaly: Anomaly? { tracker.anomaly }
    /// True until the warm-up is over.
    public var isWarmingUp: Bool { seen < Int64(settings.score.warmup) }
    /// Points that this model has seen.
    var seen: Int64 { sequence - origin }
    /// Health of the training: norm of the last gradient before clipping, its loss, updates done and left out.
    public var training: (gradientNorm: Double, loss: Double, updates: Int64, skipped: Int64) {
        (learner.gradientNorm, learner.loss, learner.updates, learner.skippedUpdates)
    }

    var learnerFootprint: (weights: Int, moments: Int, window: Int, replay: Int) { learner.footprint }

    /// How the last gradient was spread over the layers, and how far back it reached.
    public var health: GradientHealth { learner.health }
    /// Points that it has learned from.
    public var learnedPoints: Int64 { settings.model.learning ? learner.observations : 0 }
    /// The network's weights, in the layout of `Network(settings.model.shape(channels: channels))`.
    public var parameters: [Float] { learner.parameters }

    /// Goes on with other weights, as many as there were. The hidden state, the scaling and all that scoring knows stay.
    public func replaceParameters(_ parameters: [Float]) { learner.replaceParameters(parameters) }

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
        // A model that begins anew knows of no point before its first one.
        let elapsed = seen == 0 ? 0 : time - newestTime
        // The first point behind a range is compared with one inside it, and as little to be trusted.
        let isReturning = orders.excludes(newestTime) && !orders.excludes(time)
        let isExcluded = isReturning || orders.excludes(time)
        sequence += 1
        newestTime = time
        scorer.feedback.orders.pass(time)
        scorer.seasons.prepare(&encoder, time: time, elapsed: elapsed)
        predict(verdicts)
        for c in 0..<channels {
            verdicts[c].value = values[c]
            verdicts[c].residual = (values[c] - verdicts[c].prediction).bounded
        }
        var judgement =
            isExcluded
            ? scorer.judgeAside(time: time, elapsed: elapsed, seen: seen, verdicts)
            // A silence that was to be left out is none.
            : scorer.judge(
                time: time, elapsed: orders.touches(after: time - elapsed, through: time) ? 0 : elapsed, seen: seen,
                verdicts)
        judgement.score = VerdictGrid.score(judgement.score, isFlagged: judgement.flags.contains(.anomaly))
        for c in 0..<channels {
            verdicts[c] = VerdictGrid.rounded(verdicts[c], usual: scorer.usualResidual(channel: c))
        }
        let change = tracker.observe(sequence: sequence, time: time, judgement, verdicts[judgement.worst]) {
            scorer.attribution(judgement)
        }
        note(change)
        held = judgement.isRaised ? held + 1 : 0
        learn(
            verdicts, isHeld: isExcluded || feedback.isFrozen || held > 0 && held <= Int64(settings.model.hold),
            updates: !isExcluded && !feedback.isFrozen)
        // That it came back is no change to go on from.
        if isReturning { encoder.goOn(from: Array(values)) }
        // The warm-up is for what is learned from.
        if isExcluded, seen <= Int64(settings.score.warmup) { origin += 1 }
        return PointVerdict(
            sequence: sequence, time: time, score: judgement.score, flags: judgement.flags, change: change)
    }

    // MARK: Silence

    /// The silence after the newest point that is an anomaly by itself, in microseconds; nil if none is, as for streams
    /// that never had a rhythm, or if it has been told.
    public var longestSilence: Int64? {
        guard !isSilent, !isWarmingUp, let silence = scorer.longestSilence else { return nil }
        return orders.end(ofSilence: silence, after: newestTime).map { $0 - newestTime }
    }

    /// True between `fallSilent` and the next point.
    public var isSilent: Bool { silentSince == sequence }

    /// Nothing has come for `longestSilence`: that is an anomaly, which begins when it had been so long. Who calls this
    /// must see to it that a replay calls it after the same point.
    ///
    /// - Returns: what that did to the stream's anomaly: nothing if it has been told or is none.
    public func fallSilent() -> AnomalyChange {
        guard let silence = longestSilence, let usual = scorer.longestSilence else { return .none }
        let none = ChannelVerdict(value: .nan, prediction: .nan, lower: .nan, upper: .nan, residual: .nan)
        let (time, overflow) = newestTime.addingReportingOverflow(silence)
        let judgement = scorer.judge(silence: usual)
        guard !overflow, judgement.isRaised else { return .none }
        silentSince = sequence
        let change = tracker.observe(sequence: sequence + 1, time: time, judgement, none, points: 0) {
            scorer.attribution(judgement)
        }
        note(change)
        return change
    }

    // MARK: Feedback

    /// What people have said of this stream.
    public var feedback: Feedback { scorer.feedback }

    /// Takes what somebody says, after the newest point. Who calls this must see to it that a replay calls it after the
    /// same point; a second time does no harm.
    ///
    /// - Precondition: a label's channel is one of the stream's.
    public func take(_ act: Feedback.Act) {
        scorer.take(act, open: tracker.open?.startSequence)
        if case .exclude(let range) = act, let open = tracker.open, range.contains(open.end) { tracker.close() }
    }

    /// Whether its anomaly is one that somebody does not want to hear of.
    public var isMuted: Bool { anomaly.map { $0.startSequence == orders.mutedAnomaly } ?? false }

    private var orders: StandingOrders { scorer.feedback.orders }

    private func note(_ change: AnomalyChange) {
        if change == .opened, let anomaly { scorer.feedback.orders.noteOpened(anomaly) }
    }

    // MARK: Predict

    private func predict(_ verdicts: UnsafeMutableBufferPointer<ChannelVerdict>) {
        let none = ChannelVerdict(value: .nan, prediction: .nan, lower: .nan, upper: .nan, residual: .nan)
        if seen == 1 {
            for c in 0..<channels { verdicts[c] = none }
            return
        }
        // With the Gaussian loss the expected values come first, and their variances, of no use here, after them.
        let output = learner.step(encoder.input, workspace: workspace)
        for c in 0..<channels {
            verdicts[c] = none
            let network = encoder.prediction(output[c], channel: c)
            if network.isNaN { continue }
            let last = encoder.channels[c].last
            let prediction = last + trust[c].factor * (network - last)
            trust[c].announced = encoder.change(to: network, channel: c)
            verdicts[c].prediction = prediction.bounded
            let halfWidth = scorer.halfWidth(channel: c)
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
    private func learn(
        _ verdicts: UnsafeMutableBufferPointer<ChannelVerdict>, isHeld: Bool, updates: Bool
    ) {
        withUnsafeTemporaryAllocation(of: Float.self, capacity: channels) { target in
            for c in 0..<channels {
                let value = verdicts[c].value
                target[c] = isHeld ? .nan : encoder.target(value, channel: c)
                if !value.isNaN, !verdicts[c].prediction.isNaN, !isHeld {
                    trust[c].observe(actual: encoder.change(to: value, channel: c))
                }
            }
            if seen > 1 { learner.observe(target.baseAddress!, workspace: workspace, updates: updates) }
        }
        for c in 0..<channels {
            // A missing value is replaced by what was expected, so that the network goes on from there.
            let value = verdicts[c].value.isNaN ? verdicts[c].prediction : verdicts[c].value
            if !value.isNaN { encoder.observe(value, channel: c, isMissing: verdicts[c].value.isNaN, isHeld: isHeld) }
        }
    }

    // MARK: State

    /// Format of the saved state, the newest that can be read; see `StateHead`.
    public static let stateVersion = StateHead.newest

    /// The whole state as bytes: a detector that is restored from them goes on bit for bit as this one would.
    public func savedState() -> [UInt8] {
        var writer = StateWriter(reserving: 16_384)
        StateHead.encode(feedback, channels: channels, settings, into: &writer)
        writer.write(origin)
        writer.write(sequence)
        writer.write(newestTime)
        writer.write(encoder.last)
        writer.write(encoder.input)
        for channel in encoder.channels { channel.scaler.encode(into: &writer) }
        for one in trust { one.encode(into: &writer) }
        writer.write(held)
        writer.write(silentSince)
        scorer.encode(into: &writer)
        tracker.encode(into: &writer)
        learner.encode(into: &writer)
        if !feedback.isEmpty { feedback.encode(into: &writer) }
        if !feedback.orders.isEmpty { feedback.orders.encode(into: &writer) }
        return writer.bytes
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
        origin = try reader.readCount("origin")
        sequence = try reader.readCount("sequence")
        newestTime = try reader.read()
        // No difference between two times may overflow.
        guard origin <= sequence, newestTime == .min || newestTime.magnitude <= 1 << 60 else {
            throw StateError.invalid(
                field: "position", found: "\(origin), \(sequence) at \(newestTime)",
                expected: "one that a stream can have")
        }
        let last: [Double] = try reader.readArray(count: channels, field: "last values")
        for c in 0..<channels { encoder.channels[c].last = last[c] }
        encoder.input = try reader.readArray(count: encoder.input.count, field: "input")
        for c in 0..<channels { try encoder.channels[c].scaler.decode(from: &reader) }
        for c in 0..<channels { try trust[c].decode(from: &reader) }
        held = try reader.read()
        silentSince = try reader.read()
        try scorer.decode(from: &reader)
        try tracker.decode(from: &reader)
        try learner.decode(from: &reader)
        if head.hasFeedback { try scorer.decodeFeedback(from: &reader, hasOrders: head.hasOrders) }
        guard reader.isAtEnd else {
            throw StateError.invalid(field: "length", found: "\(bytes.count) bytes", expected: "fewer")
        }
        return head.arithmetic == KernelVariant.current.arithmetic
    }

    /// The detector in a saved state, to look at or to save again. Its `settings` are those that the state's layout
    /// depends on, and defaults otherwise, so it must not be given points.
    ///
    /// - Throws: `StateError` if the bytes are damaged or of another format.
    public convenience init(lookingInto state: [UInt8], workbench: Workbench) throws {
        var reader = StateReader(state)
        let head = try StateHead(from: &reader)
        let settings = head.settings
        // Before there is memory for them all: damaged bytes may speak of gigabytes.
        let count = Network<Float>(settings.model.shape(channels: head.channels)).layout.count
        guard state.count / MemoryLayout<Float>.stride >= count else { throw StateError.truncated }
        self.init(settings, channels: head.channels, name: [], workbench: workbench)
        try restore(state)
    }
}
