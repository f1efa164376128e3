import RecurrentModel

/// What the network of a stream sees of its values, and what its outputs mean: the one place that knows, for the
/// detector and for training beforehand, so that weights which were trained elsewhere mean the same online.
///
///     let target = encoder.target(value, channel: 0)   // what should have been said of this value
///     encoder.observe(value, channel: 0)               // from now on `input` and `prediction` start from it
///
/// For each channel the network sees the last value and its last change, both in units of half the range that
/// `RangeScaler` has found.
public struct InputEncoder: Sendable {
    /// For each channel: the last value and its last change, both in scaled units.
    public static let inputsPerChannel = 2

    /// Largest target in scaled units. Beyond it lies twice the whole range; an outlier shall not teach more.
    static let largestTarget = 4.0

    /// What the outputs stand for.
    public let meaning: PredictionTarget
    /// Inputs of the next step: (`inputsPerChannel`, channels). Zeros before the first value.
    public internal(set) var input: [Float]
    /// The value that was observed last of each channel; NaN before the first.
    public internal(set) var last: [Double]
    var scalers: [RangeScaler]

    /// Learns the ranges from what it observes.
    ///
    /// - Parameter halfLife: see `ModelSettings.rangeHalfLife`.
    public init(channels: Int, meaning: PredictionTarget, rangeHalfLife halfLife: Int) {
        self.init(Array(repeating: RangeScaler(halfLife: halfLife), count: channels), meaning)
    }

    /// Starts from ranges that are known, and widens them where later values lie outside.
    ///
    /// - Parameter ranges: one for each channel; finite.
    public init(ranges: [ClosedRange<Double>], meaning: PredictionTarget) {
        self.init(
            ranges.map { range in
                var scaler = RangeScaler(halfLife: 0)
                scaler.observe(range.lowerBound)
                scaler.observe(range.upperBound)
                return scaler
            }, meaning)
    }

    private init(_ scalers: [RangeScaler], _ meaning: PredictionTarget) {
        self.scalers = scalers
        self.meaning = meaning
        input = Array(repeating: 0, count: Self.inputsPerChannel * scalers.count)
        last = Array(repeating: .nan, count: scalers.count)
    }

    /// The value that an output of the network stands for; NaN before the first value.
    func prediction(_ output: Float, channel c: Int) -> Double {
        if last[c].isNaN { return .nan }
        let y = output.isFinite ? Double(output) : 0
        let scaler = scalers[c]
        return switch meaning {
        case .change: last[c] + y * scaler.unit
        case .value: scaler.low + (y + 1) * scaler.unit
        }
    }

    /// The output that would have been right for `value`, from what was observed before it; NaN if either is missing.
    public func target(_ value: Double, channel c: Int) -> Float {
        if value.isNaN || last[c].isNaN { return .nan }
        let unit = scalers[c].unit
        let wanted =
            switch meaning {
            // Halves first: a difference can overflow.
            case .change: unit > 0 ? (value / 2 - last[c] / 2) / unit * 2 : 0
            case .value: scalers[c].scale(value)
            }
        return Float(max(-Self.largestTarget, min(Self.largestTarget, wanted)))
    }

    /// Takes the next value of a channel; finite. Where it is missing, the caller puts in what it expected.
    public mutating func observe(_ value: Double, channel c: Int) {
        scalers[c].observe(value)
        let before = last[c].isNaN ? value : last[c]
        let unit = scalers[c].unit
        let scaled = max(-1, min(1, scalers[c].scale(value)))
        let change = unit > 0 ? max(-2, min(2, (value / 2 - before / 2) / unit * 2)) : 0
        input[2 * c] = Float(scaled)
        input[2 * c + 1] = Float(change)
        last[c] = value
    }
}
