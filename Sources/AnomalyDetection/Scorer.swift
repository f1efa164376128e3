import RealModule
import RecurrentModel

/// From deviations to one score. Three kinds of evidence are looked at, each as a rarity among the stream's own past,
/// which means the same for every stream whatever its units and its noise:
///
/// - the network's **residual**: what the last values did not announce;
/// - the distance from the **season**: what the same place of earlier seasons did not know (`SeasonMemory`);
/// - the **range**: what lies outside everything so far (`ValueRange`).
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
        /// Whether the evidence reaches the threshold, news or not: an anomaly that is open goes on.
        var isRaised = false
    }

    /// Points that a smoothed residual, and a smoothed distance from the season, are the mean of.
    private static let residualSmoothing = 10.0
    private static let seasonSmoothing = 20.0
    /// What a decade of rarity of a residual counts. The network adapts to each stream and is surprised by what a
    /// season announces; at full weight a prototype lost five points on NAB,
    /// by which this weight was chosen.
    private static let residualWeight = 0.9
    /// Points over which the typical deviation of a channel is averaged, roughly, and most times that deviation that
    /// one channel of many can count for.
    private static let spreadPoints = 500.0
    private static let mostTimesSpread = 50.0

    private let settings: ScoreSettings
    private let channels: Int
    /// On decades of rarity.
    private let threshold: Double
    private var interval = SamplingInterval()
    private var seasons: [SeasonMemory]
    private var ranges: [ValueRange]
    /// Typical deviations of each channel, which make the channels of one stream comparable.
    private var spread: [Double]
    private var seasonSpread: [Double]
    private var residual: DeviationTrack
    private var season: DeviationTrack
    private var peak: RecentPeak
    /// Half-width of the band in units of `spread` (one channel: in its own).
    private var band = Double.nan
    private var untilBand = 0

    init(_ settings: ScoreSettings, channels: Int) {
        self.settings = settings
        self.channels = channels
        threshold = -Double.log10(settings.falseAlarmProbability)
        seasons = Array(repeating: SeasonMemory(), count: channels)
        ranges = Array(repeating: ValueRange(), count: channels)
        spread = Array(repeating: 0, count: channels)
        seasonSpread = Array(repeating: 0, count: channels)
        residual = DeviationTrack(memory: settings.window, smoothing: Self.residualSmoothing)
        season = DeviationTrack(memory: settings.window, smoothing: Self.seasonSmoothing)
        peak = RecentPeak(capacity: settings.rest)
    }

    /// Half the width of the band of a channel, in its own units; NaN while nothing is known.
    func halfWidth(channel c: Int) -> Double { band * (channels == 1 ? 1 : spread[c]) }

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
        if elapsed > 0 { interval.observe(elapsed) }
        let day = interval.pointsInDay(atMost: SeasonMemory.capacity / 2)
        let weight = max(1 / Self.spreadPoints, 1 / Double(seen))

        var residuals = Sum()
        var distances = Sum()
        var outside = 0.0
        var present = 0
        var largest = -1.0
        for c in 0..<channels {
            let value = verdicts[c].value
            if value.isNaN { continue }
            present += 1
            var deviation = 0.0
            let size = abs(verdicts[c].residual)
            if !size.isNaN {
                deviation = relative(size, spread[c])
                residuals.add(deviation)
                Self.follow(&spread[c], size, weight)
            }
            let distance = seasons[c].distance(of: value, time: time)
            if distance.isFinite {
                let relativeDistance = relative(distance, seasonSpread[c])
                deviation = max(deviation, relativeDistance)
                distances.add(relativeDistance)
                Self.follow(&seasonSpread[c], distance, weight)
            }
            if settings.range { outside += ranges[c].decades(of: value) }
            if deviation > largest {
                largest = deviation
                judgement.worst = c
            }
            ranges[c].observe(value)
            seasons[c].observe(value, time: time, day: day)
        }
        if present == 0 {
            judgement.flags.insert(.missing)
            return judgement
        }

        var decades = outside / Double(present)
        var kind: PointFlags = decades > 0 ? .outOfRange : []
        if let size = distances.size {
            let rarity = season.observe(size, counts: settings.season)
            if rarity.single > decades { kind.insert(.offSeason) }
            decades += rarity.single
            if rarity.smoothed > decades { (decades, kind) = (rarity.smoothed, [.offSeason, .lasting]) }
        }
        if let size = residuals.size {
            let rarity = residual.observe(size, counts: settings.residual)
            let (single, smoothed) = (rarity.single * Self.residualWeight, rarity.smoothed * Self.residualWeight)
            if single > decades { (decades, kind) = (single, .unpredicted) }
            if smoothed > decades { (decades, kind) = (smoothed, [.unpredicted, .lasting]) }
            updateBand()
        }
        let isNews = peak.observe(isWarmingUp ? 0 : decades)
        if isWarmingUp { return judgement }
        judgement.isRaised = decades >= threshold
        if judgement.isRaised && isNews { judgement.flags.formUnion([.anomaly, kind]) }
        // What is no news stays below the threshold, in its order.
        judgement.score = min(1, (isNews ? decades : threshold * decades / (threshold + decades)) / 10)
        return judgement
    }

    /// One channel keeps its own units; several are measured in what is usual for each.
    private func relative(_ size: Double, _ spread: Double) -> Double {
        if channels == 1 { return min(size, .greatestFiniteMagnitude) }
        return spread > 0 ? min(size / spread, Self.mostTimesSpread) : 0
    }

    /// A moving mean that one outlier hardly moves.
    private static func follow(_ spread: inout Double, _ size: Double, _ weight: Double) {
        spread += (min(size, spread > 0 ? 20 * spread : size) - spread) * weight
    }

    /// The band follows the residuals' quantile, looked up now and then.
    private mutating func updateBand() {
        untilBand -= 1
        if untilBand > 0 { return }
        untilBand = 32
        band = residual.size(exceededBy: 1 - settings.band)
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

    // MARK: State

    func encode(into writer: inout StateWriter) {
        interval.encode(into: &writer)
        writer.write(spread)
        writer.write(seasonSpread)
        for c in 0..<channels {
            seasons[c].encode(into: &writer)
            ranges[c].encode(into: &writer)
        }
        residual.encode(into: &writer)
        season.encode(into: &writer)
        peak.encode(into: &writer)
        writer.write(band)
        writer.write(Int64(untilBand))
    }

    mutating func decode(from reader: inout StateReader) throws {
        try interval.decode(from: &reader)
        spread = try reader.readArray(count: channels, field: "spreads")
        seasonSpread = try reader.readArray(count: channels, field: "spreads of distances")
        for c in 0..<channels {
            try seasons[c].decode(from: &reader)
            try ranges[c].decode(from: &reader)
        }
        try residual.decode(from: &reader)
        try season.decode(from: &reader)
        try peak.decode(from: &reader)
        band = try reader.readDouble()
        untilBand = Int(try reader.readCount("points until the next band"))
    }
}
