import Kernels
import RealModule
import RecurrentModel

/// From deviations to one score. Several kinds of evidence are looked at, each as a rarity among the stream's own past,
/// which means the same for every stream whatever its units and its noise:
///
/// - the network's **residual**: what the last values did not announce;
/// - the distance from the **season**: what the same place of earlier seasons did not know (`SeasonMemory`);
/// - the **range**: what lies outside everything so far (`ValueRange`);
/// - what no single value tells: a **flat line** (`FlatRun`), a **gap** before the point (`GapRecord`), a **drift**
///   (`DriftTrack`), and residuals that have become small (`ResidualSpread`).
///
/// The first two also smoothed, so that what is slightly off for long is found. The largest counts. A point is flagged
/// when that reaches the threshold and is more than any of the last points had (`RecentPeak`).
struct Scorer: Sendable {
    /// What is said of one point.
    struct Judgement {
        /// In [0, 1]; at and above the threshold for flagged points only.
        var score = 0.0
        var flags: PointFlags = []
        /// The channel that stands out most.
        var worst = 0
        /// The evidence that is rarest, flagged or not.
        var kind: PointFlags = []
        /// Whether the evidence reaches the threshold, news or not: an anomaly that is open goes on.
        var isRaised = false
    }

    /// Points that a smoothed residual, and a smoothed distance from the season, are the mean of.
    static let residualSmoothing = 10.0
    static let seasonSmoothing = 20.0
    private static let residualShare = Lean.share(points: residualSmoothing)
    private static let seasonShare = Lean.share(points: seasonSmoothing)
    /// What a decade of rarity of a residual counts. The network adapts to each stream and is surprised by what a
    /// season announces; at full weight a prototype lost five points on NAB, by which this weight was chosen.
    private static let residualWeight = 0.9
    /// What a value outside the range adds if it is off the season as well, which it mostly is: as a share of the smaller
    /// of the two. Adding all of it found as much and, where there was nothing to find, gave twice as many false alarms
    /// of high score.
    private static let jointWeight = 0.5
    /// The largest of some rarities is more often large than each of them. Up to here that hardly shows in generated
    /// series without anomalies; beyond, a decade counts so much.
    private static let knee = 3.3
    private static let slopeBeyondKnee = 0.45

    private let configured: SharedSettings
    /// Those that hold, with the rules that people have set.
    private var ruled: SharedSettings
    private let channels: Int
    /// On decades of rarity.
    private var threshold: Double
    /// Time between two points that it was made for, in microseconds.
    private var thresholdInterval: Int64 = 0
    var seasons: StreamSeasons
    private var gaps = GapRecord()
    private var memories: [ChannelMemory]
    private var residual = DeviationTrack()
    private var season = DeviationTrack()
    /// What these rank sizes among: the stream's own, or those of its group.
    private var sizes: SizeMemory
    private let ownsSizes: Bool
    var peak: RecentPeak
    /// Half-width of the band in units of the channel's spread (one channel: in its own).
    private var band = Double.nan
    private var untilBand = 0
    /// What people have said.
    var feedback = Feedback()

    /// - Parameters:
    ///   - sizes: those of the stream's group; nil: it has its own.
    ///   - phase: of the search for seasons (`StreamSeasons`).
    init(_ shared: SharedSettings, channels: Int, sizes: SizeMemory?, phase: UInt64) {
        configured = shared
        ruled = shared
        let (model, settings) = (shared.values.model, shared.values.score)
        let isMember = model.sharing == .group
        self.channels = channels
        threshold = Self.firstThreshold(settings)
        // A group's streams are to be small: there is no evidence of the season.
        seasons = StreamSeasons(channels: isMember ? 0 : channels, zone: model.timeZone, phase: phase)
        memories = Array(repeating: ChannelMemory(), count: channels)
        self.sizes = sizes ?? SizeMemory(memory: settings.window)
        ownsSizes = sizes == nil
        peak = RecentPeak(capacity: settings.rest)
    }

    private static func firstThreshold(_ settings: ScoreSettings) -> Double {
        -Double.log10(settings.falseAlarmProbability)
    }

    private var settings: ScoreSettings { ruled.values.score }

    /// Says where the memory lies that each point needs.
    func locate(in map: MemoryMap) {
        sizes.locate(in: map)
        map.add(memories)
        peak.locate(in: map)
        seasons.locate(in: map)
    }

    /// Half the width of the band of a channel, in its own units; NaN while nothing is known.
    func halfWidth(channel c: Int) -> Double { band * (isRelative ? memories[c].spread.mean : 1) }

    /// Whether sizes are measured in what is usual, so that those of several channels or streams can be compared.
    private var isRelative: Bool { channels > 1 || !ownsSizes }

    /// Mean absolute residual of a channel, in its own units; 0 or NaN while nothing is known.
    func usualResidual(channel c: Int) -> Double { memories[c].spread.mean }

    /// How much each channel has to do with what was said of the newest point: shares of 1, by the square of its
    /// deviation relative to what is usual for it. What only one channel can tell is all of that channel.
    func attribution(_ judgement: Judgement) -> [Float] {
        if channels == 1 { return [1] }
        let isOfOne =
            !judgement.kind.isDisjoint(with: [.flatLine, .drift, .outOfLimits]) || judgement.kind == .variance
        let sum = memories.reduce(0) { $0 + $1.deviation * $1.deviation }
        // A gap is in all of them.
        if judgement.kind == .gap { return Array(repeating: 1 / Float(channels), count: channels) }
        if isOfOne || !(sum > 0) { return (0..<channels).map { $0 == judgement.worst ? 1 : 0 } }
        return memories.map { Float($0.deviation * $0.deviation / sum) }
    }

    /// Takes the next point.
    ///
    /// - Parameters:
    ///   - time: microseconds since 1970, and since the stream's point before; 0 for the first.
    ///   - seen: points so far, this one included.
    ///   - verdicts: value and residual of each channel.
    mutating func judge(
        time: Int64, elapsed: Int64, seen: Int64, _ verdicts: UnsafeMutableBufferPointer<ChannelVerdict>
    ) -> Judgement {
        var judgement = Judgement()
        let isWarmingUp = seen <= Int64(settings.warmup)
        if isWarmingUp { judgement.flags.insert(.warmup) }
        let gap = gaps.decades(of: elapsed, usual: seasons.usualInterval)
        seasons.observe(elapsed: elapsed)
        if elapsed > 0 { gaps.observe(elapsed) }
        var evidence = look(verdicts, at: seasons.clock(at: time))
        if evidence.present == 0 {
            judgement.flags.insert(.missing)
            return judgement
        }
        if settings.gap { evidence.count(gap, as: .gap) }
        judgement.worst = evidence.worst
        judgement.kind = evidence.kind
        updateBand()
        useThreshold(interval: seasons.usualInterval)
        if let channel = channelOutside(verdicts) {
            judgement.score = 1
            judgement.worst = channel
            judgement.kind = .outOfLimits
            judgement.isRaised = true
            judgement.flags.formUnion([.anomaly, .outOfLimits])
        }
        let decades = Self.calibrated(evidence.decades)
        let isNews = peak.observe(isWarmingUp ? 0 : decades)
        if isWarmingUp || judgement.isRaised { return judgement }
        let tolerance = feedback.tolerance(of: evidence.kind.kind, channel: evidence.worst, threshold: threshold)
        judgement.isRaised = decades >= threshold + tolerance
        if judgement.isRaised && isNews { judgement.flags.formUnion([.anomaly, evidence.kind]) }
        // What is no news, and what people do not want to hear of, stays below the threshold, in its order.
        let isToldOf = isNews && (tolerance == 0 || judgement.isRaised)
        judgement.score = min(1, (isToldOf ? decades : threshold * decades / (threshold + decades)) / 10)
        return judgement
    }

    /// The same of a point that is to leave no trace: it is scored as if it counted, but not remembered, and raises nothing.
    /// Only the season goes on to its next place.
    mutating func judgeAside(
        time: Int64, elapsed: Int64, seen: Int64, _ verdicts: UnsafeMutableBufferPointer<ChannelVerdict>
    ) -> Judgement {
        var aside = self
        aside.sizes = sizes.copy()
        var judgement = aside.judge(time: time, elapsed: elapsed, seen: seen, verdicts)
        judgement.flags = judgement.flags.intersection([.warmup, .missing]).union(.excluded)
        judgement.isRaised = false
        seasons.pass(1)
        return judgement
    }

    /// The first channel with a value outside the range that was set; nil if there is none.
    private func channelOutside(_ verdicts: UnsafeMutableBufferPointer<ChannelVerdict>) -> Int? {
        guard let range = settings.expectedRange else { return nil }
        return (0..<channels).first { !verdicts[$0].value.isNaN && !range.contains(verdicts[$0].value) }
    }

    private static func calibrated(_ decades: Double) -> Double {
        min(decades, knee + (decades - knee) * slopeBeyondKnee)
    }

    /// The other way round: the decades that count as so many.
    private static func decades(calibratedTo wanted: Double) -> Double {
        max(wanted, knee + (wanted - knee) / slopeBeyondKnee)
    }

    /// So many alarms a week are another probability for each point where points come at another rate.
    ///
    /// - Parameter interval: microseconds between two points; 0: not known.
    private mutating func useThreshold(interval: Int64) {
        if settings.falseAlarmsPerWeek == 0 || interval == thresholdInterval || interval <= 0 { return }
        thresholdInterval = interval
        let probability = settings.falseAlarmsPerWeek * Double(interval) / Double(LocalTime.week)
        threshold = -Double.log10(max(1e-10, min(0.1, probability)))
    }

    /// The silence after the newest point that is an anomaly, in microseconds; nil if none is.
    var longestSilence: Int64? {
        guard settings.gap else { return nil }
        return gaps.silence(
            ofDecades: Self.decades(calibratedTo: thresholdOfSilence), usual: seasons.usualInterval)
    }

    /// What is said of a stream that has been silent for so long.
    func judge(silence: Int64) -> Judgement {
        var judgement = Judgement()
        let decades = Self.calibrated(gaps.decades(of: silence, usual: seasons.usualInterval))
        judgement.score = min(1, decades / 10)
        judgement.kind = .gap
        judgement.flags = [.anomaly, .gap]
        judgement.isRaised = decades >= thresholdOfSilence
        return judgement
    }

    private var thresholdOfSilence: Double {
        threshold + feedback.tolerance(of: .gap, channel: 0, threshold: threshold)
    }

    /// Takes what somebody says.
    ///
    /// - Parameter open: `startSequence` of the anomaly that is open.
    mutating func take(_ act: Feedback.Act, open: Int64?) {
        feedback.take(act, channels: channels, open: open)
        goOn(with: feedback)
    }

    /// Lets other feedback hold.
    mutating func goOn(with feedback: Feedback) {
        self.feedback = feedback
        if feedback.orders.rules.isEmpty { return ruled = configured }
        var values = configured.values
        values.score = feedback.orders.applied(to: values.score)
        ruled = SharedSettings(values)
    }

    // MARK: Evidence

    /// What speaks for an anomaly at one point.
    private struct Evidence {
        /// Of the strongest kind.
        var decades = 0.0
        var kind: PointFlags = []
        var worst = 0
        /// Channels with a value.
        var present = 0

        mutating func count(_ decades: Double, as kind: PointFlags) {
            if decades > self.decades { (self.decades, self.kind) = (decades, kind) }
        }

        /// Of many channels, one is more easily strange.
        mutating func count(_ single: Single, as kind: PointFlags) {
            let decades = single.decades - Double.log10(Double(present))
            if single.decades > 0, decades > self.decades {
                (self.decades, self.kind, worst) = (decades, kind, single.channel)
            }
        }
    }

    /// The strongest of what each channel says by itself.
    private struct Single {
        var decades = 0.0
        var channel = 0

        mutating func add(_ decades: Double, channel: Int) {
            if decades > self.decades { (self.decades, self.channel) = (decades, channel) }
        }
    }

    private mutating func look(
        _ verdicts: UnsafeMutableBufferPointer<ChannelVerdict>, at clock: SeasonClock
    ) -> Evidence {
        var evidence = Evidence()
        var residuals = Sum()
        var distances = Sum()
        var outside = 0.0
        var largest = -1.0
        // How the channel that stands out most is off: from what was predicted, and from its season.
        var (residualOfWorst, differenceOfWorst) = (0.0, 0.0)
        var (flat, drift, small) = (Single(), Single(), Single())
        // Whether anything is off by as much as it must be to count.
        var (residualCounts, seasonCounts) = (false, false)
        for c in 0..<channels {
            let value = verdicts[c].value
            memories[c].deviation = 0
            if value.isNaN { continue }
            evidence.present += 1
            feedback.observe(verdicts[c].residual, channel: c)
            let least = max(settings.minDeviation, settings.minRelativeDeviation * abs(value))
            let size = abs(verdicts[c].residual)
            if !size.isNaN {
                if let deviation = relative(size, memories[c].spread) {
                    memories[c].deviation = deviation
                    residuals.add(deviation)
                    residualCounts = residualCounts || size >= least
                }
                memories[c].spread.observe(size)
                small.add(memories[c].residuals.observe(size), channel: c)
                memories[c].residualLean.observe(verdicts[c].residual, share: Self.residualShare)
            }
            let difference = seasons.difference(of: value, channel: c, at: clock)
            if difference.isFinite {
                let distance = abs(difference)
                memories[c].seasonLean.observe(difference, share: Self.seasonShare)
                if let deviation = relative(distance, memories[c].seasonSpread) {
                    memories[c].deviation = max(memories[c].deviation, deviation)
                    distances.add(deviation)
                    seasonCounts = seasonCounts || distance >= least
                }
                memories[c].seasonSpread.observe(distance)
            }
            if settings.range, memories[c].range.distance(of: value) >= least,
                settings.direction.admits(memories[c].range.side(of: value))
            {
                outside += memories[c].range.decades(of: value)
            }
            if memories[c].deviation > largest {
                largest = memories[c].deviation
                evidence.worst = c
                (residualOfWorst, differenceOfWorst) = (verdicts[c].residual, difference)
            }
            flat.add(memories[c].flat.observe(value), channel: c)
            let drifted = memories[c].drift.observe(value)
            if memories[c].drift.distance >= least, settings.direction.admits(memories[c].drift.change) {
                drift.add(drifted, channel: c)
            }
            memories[c].range.observe(value)
            seasons.observe(value, channel: c, at: clock)
        }
        if evidence.present == 0 { return evidence }

        evidence.count(outside / Double(evidence.present), as: .outOfRange)
        if let size = distances.size {
            let rarity = season.observe(
                size, share: Self.seasonShare, counts: settings.season && seasonCounts, among: &sizes.distances)
            let isAdmitted = settings.direction.admits(differenceOfWorst)
            let (range, single) = (evidence.decades, isAdmitted ? rarity.single : 0)
            if single > range { evidence.kind.insert(.offSeason) }
            evidence.decades = max(range, single) + Self.jointWeight * min(range, single)
            let lean = memories[evidence.worst].seasonLean
            let leans = lean.isToOneSide
            evidence.count(
                leans && !settings.direction.admits(lean.mean) ? 0 : rarity.smoothed,
                as: leans ? [.offSeason, .lasting] : [.offSeason, .lasting, .variance])
        }
        if let size = residuals.size {
            let rarity = residual.observe(
                size, share: Self.residualShare, counts: settings.residual && residualCounts, among: &sizes.residuals)
            let isAdmitted = settings.direction.admits(residualOfWorst)
            evidence.count(isAdmitted ? rarity.single * Self.residualWeight : 0, as: .unpredicted)
            let lean = memories[evidence.worst].residualLean
            let leans = lean.isToOneSide
            evidence.count(
                leans && !settings.direction.admits(lean.mean) ? 0 : rarity.smoothed * Self.residualWeight,
                as: leans ? [.unpredicted, .lasting] : [.unpredicted, .lasting, .variance])
        }
        if settings.flatLine { evidence.count(flat, as: .flatLine) }
        if settings.drift { evidence.count(drift, as: .drift) }
        if settings.variance { evidence.count(small, as: .variance) }
        return evidence
    }

    /// One channel keeps its own units; several, and those of a group, are measured in what is usual for each.
    private func relative(_ size: Double, _ usual: TypicalSize) -> Double? {
        isRelative ? usual.relative(size) : min(size, .greatestFiniteMagnitude)
    }

    /// The band follows the residuals' quantile, looked up now and then.
    private mutating func updateBand() {
        untilBand -= 1
        if untilBand > 0 { return }
        untilBand = 32
        band = sizes.residuals.single.size(exceededBy: 1 - settings.band)
    }

    /// Deviations of the channels, put together as a root mean square.
    private struct Sum {
        private var squares = 0.0
        private var only = 0.0
        private var count = 0.0

        mutating func add(_ deviation: Double) {
            count += 1
            only = deviation
            squares += deviation * deviation
        }

        /// Nil of none; of one, that itself, without rounding.
        var size: Double? { count == 0 ? nil : count == 1 ? only : (squares / count).squareRoot() }
    }

    // MARK: A member of a group

    /// Without the peaks, and what people have said; nor is there anything of the season.
    mutating func exchange(_ coding: inout some MemberCoding) {
        seasons.exchange(&coding)
        gaps.exchange(&coding)
        for c in memories.indices { memories[c].exchange(&coding) }
        residual.exchange(&coding)
        coding.exchange(short: &band)
        var few = UInt8(clamping: untilBand)
        coding.exchange(&few)
        untilBand = Int(few)
        if configured.values.score.falseAlarmsPerWeek > 0 {
            var interval = thresholdInterval
            coding.exchange(&interval)
            if interval != thresholdInterval {
                (threshold, thresholdInterval) = (Self.firstThreshold(configured.values.score), 0)
                useThreshold(interval: interval)
            }
        }
    }

    /// A member of a group knows of none, whatever a state says.
    mutating func forgetSeason() {
        season = DeviationTrack()
        for c in memories.indices { memories[c].forgetSeason() }
    }

    // MARK: State

    /// Bytes of memory: of what sizes are ranked among, and of what is neither that nor for the seasons.
    var sizesBytes: Int { ownsSizes ? sizes.bytes : 0 }
    var restBytes: Int { ArrayBytes.of(memories) + peak.bytes }

    func encode(into writer: inout StateWriter) {
        seasons.encode(into: &writer)
        gaps.encode(into: &writer)
        for memory in memories { memory.encode(into: &writer) }
        if ownsSizes { sizes.residuals.encode(into: &writer) }
        residual.encode(into: &writer)
        if ownsSizes { sizes.distances.encode(into: &writer) }
        season.encode(into: &writer)
        peak.encode(into: &writer)
        writer.write(band)
        writer.write(Int64(untilBand))
        writer.write(thresholdInterval)
    }

    mutating func decode(from reader: inout StateReader) throws {
        try seasons.decode(from: &reader)
        try gaps.decode(from: &reader)
        for c in 0..<channels { try memories[c].decode(from: &reader) }
        if ownsSizes { try sizes.residuals.decode(from: &reader) }
        try residual.decode(from: &reader)
        if ownsSizes { try sizes.distances.decode(from: &reader) }
        try season.decode(from: &reader)
        try peak.decode(from: &reader)
        band = try reader.readDouble()
        untilBand = Int(try reader.readCount("points until the next band"))
        useThreshold(interval: try reader.read())
    }

    mutating func decodeFeedback(from reader: inout StateReader, hasOrders: Bool) throws {
        try feedback.decode(from: &reader, channels: channels)
        if hasOrders { try feedback.orders.decode(from: &reader) }
        goOn(with: feedback)
    }
}
