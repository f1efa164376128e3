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
    public var k1 = 8
    /// k2 of truncated BPTT: points that each training step goes back, k1…4096.
    public var k2 = 32
    /// Step size of the optimiser, above 0 and at most 1.
    public var learningRate = 0.003
    public var optimiser = OptimiserKind.adam
    public var loss = LossKind.huber
    /// Largest norm (or component, see `clipBy`) of a gradient; 0 switches clipping off.
    public var clip = 1.0
    public var clipBy = ClipKind.norm
    public var initialisation = Initialisation.xavier
    /// Whether the network predicts the next value or its change from the last one.
    public var target = PredictionTarget.change
    /// Points after which the range of the (−1, 1) scaling has forgotten half of what lies outside the recent
    /// values; 0 never forgets.
    public var rangeHalfLife = 5000
    /// Mixed with the stream's name to seed its weights.
    public var seed: UInt64 = 0
    /// False freezes the weights: streams are still predicted and scored.
    public var learning = true

    public init() {}

    /// The network of a stream with so many values a point.
    public func shape(channels: Int) -> NetworkShape {
        NetworkShape(
            cell: cell, inputs: InputEncoder.inputsPerChannel * channels, hidden: hidden, layers: layers,
            outputs: channels * loss.outputsPerTarget, attention: attention, attentionScale: attentionScale)
    }
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
    /// Probability, at each ordinary point, of a false alarm: 10⁻¹⁰…0.1. A point is flagged when the tail
    /// probability of its residual is below this, so the threshold on the score is −log₁₀(this) / 10.
    public var falseAlarmProbability = 1e-4
    /// Points at the start of a stream during which nothing is flagged, 16…1,000,000.
    public var warmup = 128
    /// Recent residuals that a new one is compared with, 64…65,536.
    public var window = 2000
    /// Share of the window's residuals, the largest ones, that the tail is fitted to: 0.005…0.2.
    public var tail = 0.02
    /// Share of the points that the band between `lower` and `upper` is meant to cover, 0.5…0.999.
    public var band = 0.9
    /// Unflagged points in a row after which an anomaly is over, 1…100,000.
    public var quietPoints = 5

    public init() {}
}
