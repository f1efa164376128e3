/// What is true of a point besides its numbers. Stored as an integer, so a bit keeps its meaning for ever.
public struct PointFlags: OptionSet, Sendable, Hashable {
    public var rawValue: UInt16
    public init(rawValue: UInt16) { self.rawValue = rawValue }

    /// The value was missing (NaN or an empty field): predicted, neither scored nor learned.
    public static let missing = PointFlags(rawValue: 1)
    /// Seen before the warm-up was over: scored, never flagged.
    public static let warmup = PointFlags(rawValue: 2)
    /// The score reached the threshold: rarer than that, and than any of the points before it.
    public static let anomaly = PointFlags(rawValue: 4)

    // What a flagged point was flagged for: the evidence that was rarest.
    /// The network expected something else.
    public static let unpredicted = PointFlags(rawValue: 8)
    /// Earlier seasons had nothing like it at this place.
    public static let offSeason = PointFlags(rawValue: 16)
    /// Outside all that was seen before.
    public static let outOfRange = PointFlags(rawValue: 32)
    /// Not by this point alone: it has been like that for some points.
    public static let lasting = PointFlags(rawValue: 64)
    /// The same value for longer than ever before.
    public static let flatLine = PointFlags(rawValue: 256)
    /// Nothing came before it for longer than ever.
    public static let gap = PointFlags(rawValue: 512)
    /// Residuals have become larger, or smaller, than they were.
    public static let variance = PointFlags(rawValue: 1024)
    /// The level has crept away for some hundred points.
    public static let drift = PointFlags(rawValue: 2048)

    /// Outside the range that somebody has set for the stream.
    public static let outOfLimits = PointFlags(rawValue: 8192)

    /// Scored, but in a range of time that somebody has excluded, or the first one behind it: neither learned from nor
    /// flagged.
    public static let excluded = PointFlags(rawValue: 4096)

    /// Came after a point with a later time, and was kept: neither predicted nor scored nor learned. The detector knows
    /// nothing of it.
    public static let late = PointFlags(rawValue: 128)
}

/// What the detector says of one point as a whole.
public struct PointVerdict: Sendable, Equatable {
    /// Place of the point in its stream: 1 for the first point, then one more for each.
    public var sequence: Int64
    /// Microseconds since 1970.
    public var time: Int64
    /// 0 ordinary … 1: a tenth of the decades of rarity, so that 0.3 is once in 10³ points. What is less rare than one
    /// of the points shortly before stays below the threshold. What is outside the range that was set for it has 1.
    public var score: Double
    public var flags: PointFlags
    /// What the point did to the stream's current anomaly.
    public var change: AnomalyChange

    public init(sequence: Int64, time: Int64, score: Double, flags: PointFlags, change: AnomalyChange) {
        self.sequence = sequence
        self.time = time
        self.score = score
        self.flags = flags
        self.change = change
    }
}

/// What the detector says of one channel of a point, in the stream's own units. NaN stands for "none".
public struct ChannelVerdict: Sendable, Equatable {
    public var value: Double
    public var prediction: Double
    /// Lower and upper end of the band in which the value was expected.
    public var lower: Double
    public var upper: Double
    /// value − prediction.
    public var residual: Double

    public init(value: Double, prediction: Double, lower: Double, upper: Double, residual: Double) {
        self.value = value
        self.prediction = prediction
        self.lower = lower
        self.upper = upper
        self.residual = residual
    }
}
