public import RecurrentModel

/// All that decides how one stream is predicted, scored and learned. Equal settings and equal points give equal bits.
public struct DetectorSettings: Sendable, Equatable {
    public var model = ModelSettings()
    public var score = ScoreSettings()

    public init() {}
}

/// The network of a stream and how it learns.
public struct ModelSettings: Sendable, Equatable {
    public var cell = CellKind.gru
    /// Units in each recurrent layer, 1…1024. Multiples of 8 are fastest.
    public var hidden = 16
    /// Recurrent layers, one above the other, 1…8.
    public var layers = 1
    /// States of the top layer, the current one among them, that attention looks back on, 0…512; 0: no attention.
    public var attention = 0
    /// Whether attention's products are divided by √d.
    public var attentionScale = AttentionScale.inverseRoot
    /// k1 of truncated BPTT: points between two training steps, 1…k2.
    public var k1 = 16
    /// k2 of truncated BPTT: points that each training step goes back, k1…4096.
    public var k2 = 32
    /// Step size of the optimiser, above 0 and at most 1.
    public var learningRate = 0.006
    public var optimiser = OptimiserKind.adam
    public var loss = LossKind.huber
    /// Largest norm (or component, see `clipBy`) of a gradient; 0 switches clipping off.
    public var clip = 1.0
    public var clipBy = ClipKind.norm
    public var initialisation = Initialisation.xavier
    /// Added to the forget gate of a new LSTM, −10…10: how much of its state it keeps before it has learned.
    public var forgetBias = 1.0
    /// Where the first weights come from, unless `Detector.replaceParameters` is told others.
    public var initial = InitialWeights.shipped
    /// Whether the network predicts the next value or its change from the last one.
    public var target = PredictionTarget.change
    /// Whose days and weeks the stream lives by.
    public var timeZone = LocalTime.utc
    /// What the network sees besides the last value and its last change; see `InputFeatures`.
    public var inputCalendar = false
    public var inputElapsed = false
    public var inputSeason = false
    public var inputMissing = false
    /// How values are brought to (−1, 1).
    public var scaling = InputScaling.robust
    /// Points after which the range of the (−1, 1) scaling has forgotten half of what lies outside the recent
    /// values; 0 never forgets.
    public var rangeHalfLife = 5000
    /// Earlier windows of k2 points that are kept, 0…1000; each training step learns from one of them, too.
    public var replay = 8
    /// Points in a row that are not learned from while they are anomalous, 0…100,000. What lasts longer is the new
    /// normal.
    public var hold = 30
    /// Mixed with the stream's name to seed its weights.
    public var seed: UInt64 = 0
    /// False freezes the weights: streams are still predicted and scored.
    public var learning = true
    /// Whether the stream has a network of its own, or one with all streams of the same `group`.
    public var sharing = WeightSharing.perStream
    /// Name of the group; of no meaning to a stream with a network of its own.
    public var group = "*"

    public init() {}

    public var features: InputFeatures {
        var features = InputFeatures()
        features.calendar = inputCalendar
        features.elapsed = inputElapsed
        features.season = inputSeason
        features.missing = inputMissing
        return features
    }

    /// The network of a stream with so many values a point.
    public func shape(channels: Int) -> NetworkShape {
        NetworkShape(
            cell: cell, inputs: features.width(channels: channels), hidden: hidden, layers: layers,
            outputs: channels * loss.outputsPerTarget, attention: attention, attentionScale: attentionScale)
    }
}

/// Whose a network is.
public enum WeightSharing: String, Sendable, CaseIterable {
    /// Each stream has one of its own.
    case perStream = "per-stream"
    /// All streams of a group have one together, each with a hidden state of its own.
    case group
}

/// What the network's output stands for.
public enum PredictionTarget: String, Sendable, CaseIterable {
    /// The change from the last value: an untrained network predicts "as before".
    case change
    /// The value itself.
    case value
}

/// How residuals become scores, and scores anomalies.
public struct ScoreSettings: Sendable, Equatable {
    /// Rarity, as a probability at each ordinary point, from which on a point is flagged: 10⁻¹⁰…0.1. The threshold on
    /// the score is −log₁₀(this) / 10.
    public var falseAlarmProbability = 5e-4
    /// The same as a number of false alarms in a week, 0…10,000, whatever the time between two points; 0: the
    /// probability decides, as it does while that time is not known.
    public var falseAlarmsPerWeek = 0.0
    /// Points at the start of a stream during which nothing is flagged, 16…1,000,000.
    public var warmup = 128
    /// Points after which one counts half in what new ones are compared with, 64…65,536.
    public var window = 2000
    /// Points before it that a flagged point must be rarer than, 0…10,000.
    public var rest = 100
    /// Kinds of evidence that count: what the network did not expect, what earlier seasons did not have, and what lies
    /// outside all that was seen.
    public var residual = true
    public var season = true
    public var range = true
    /// And kinds that no single value tells: the same value for very long, nothing for very long, residuals that have
    /// become much smaller, and a level that creeps away.
    public var flatLine = true
    public var gap = true
    public var variance = true
    public var drift = true
    /// Deviations that are smaller than this (in the channel's units), or than this share of the value, are no
    /// evidence, however rare: 0 or more.
    public var minDeviation = 0.0
    public var minRelativeDeviation = 0.0
    /// In which direction a value must be off to be an anomaly.
    public var direction = DeviationDirection.both
    /// What lies outside is an anomaly whatever else speaks for it or against it; nil: nothing is by that alone.
    public var expectedRange: ExpectedRange?
    /// Largest values of the least deviations that can be configured.
    public static let largestDeviation = 1e300
    public static let largestRelativeDeviation = 1000.0
    /// Share of the points that the band between `lower` and `upper` is meant to cover, 0.5…0.999.
    public var band = 0.9
    /// Unflagged points in a row after which an anomaly is over, 1…100,000.
    public var quietPoints = 5

    public init() {}
}
