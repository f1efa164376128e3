import Kernels
import RealModule
import RecurrentModel

/// What the network of a stream sees of its values, and what its outputs mean: the one place that knows, for the
/// detector and for training beforehand, so that weights which were trained elsewhere mean the same online.
///
///     encoder.prepare(time: t, ...)                    // completes `input` for the point at t
///     let target = encoder.target(value, channel: 0)   // what should have been said of this value
///     encoder.observe(value, channel: 0)               // from now on `input` and `prediction` start from it
///
/// For each channel the network sees the last value and its last change, both in units of half the range that
/// `RangeScaler` has found, and what `InputFeatures` adds.
public struct InputEncoder: Sendable {
    /// Largest target in scaled units. Beyond it lies twice the whole range; an outlier shall not teach more.
    static let largestTarget = 4.0

    /// What the outputs stand for.
    public let meaning: PredictionTarget
    public let features: InputFeatures
    /// Inputs of the next step: (`features.width(channels:)`). Zeros before the first value.
    public internal(set) var input: [Float]
    /// What is known of a channel.
    struct Channel: Sendable {
        var scaler: RangeScaler
        /// The value that was observed last; NaN before the first.
        var last = Double.nan
    }
    var channels: [Channel]

    /// Learns the ranges from what it observes.
    ///
    /// - Parameter halfLife: see `ModelSettings.rangeHalfLife`.
    public init(
        channels: Int, meaning: PredictionTarget, features: InputFeatures = InputFeatures(),
        scaling: InputScaling = .robust, rangeHalfLife halfLife: Int
    ) {
        let scaler = RangeScaler(halfLife: halfLife, isRobust: scaling == .robust)
        self.init(Array(repeating: scaler, count: channels), meaning, features)
    }

    /// Starts from ranges that are known, and widens them where later values lie outside.
    ///
    /// - Parameter ranges: one for each channel; finite.
    public init(
        ranges: [ClosedRange<Double>], meaning: PredictionTarget, features: InputFeatures = InputFeatures()
    ) {
        self.init(
            ranges.map { range in
                var scaler = RangeScaler(halfLife: 0, isRobust: false)
                scaler.observe(range.lowerBound)
                scaler.observe(range.upperBound)
                return scaler
            }, meaning, features)
    }

    private init(_ scalers: [RangeScaler], _ meaning: PredictionTarget, _ features: InputFeatures) {
        channels = scalers.map { Channel(scaler: $0) }
        self.meaning = meaning
        self.features = features
        input = Array(repeating: 0, count: features.width(channels: scalers.count))
    }

    /// The value that was observed last of each channel; NaN before the first.
    public var last: [Double] { channels.map(\.last) }

    /// Of memory, without itself.
    var bytes: Int { ArrayBytes.of(channels) + ArrayBytes.of(input) }

    /// Says where it lies.
    func locate(in map: MemoryMap) {
        map.add(channels)
        map.add(input)
    }

    /// Completes the inputs for the next point by what is known of it before its value.
    ///
    /// - Parameters:
    ///   - time: of that point, in microseconds since 1970.
    ///   - elapsed: microseconds since the point before; 0 for the first.
    ///   - usual: microseconds between two points of the stream, as far as it is known; else 0.
    ///   - zone: whose days and weeks the calendar shows.
    public mutating func prepare(time: Int64, elapsed: Int64, usual: Int64, zone: LocalTime) {
        var place = features.widthOfChannel * channels.count
        if features.calendar {
            let local = zone.local(time)
            for period in [LocalTime.day, LocalTime.week] {
                let angle = 2 * Double.pi * Double((local % period + period) % period) / Double(period)
                input[place] = Float(Double.sin(angle))
                input[place + 1] = Float(Double.cos(angle))
                place += 2
            }
        }
        if features.elapsed {
            // 0 is as usual, 1 is sixteen times as long.
            let ratio = usual > 0 && elapsed > 0 ? Double(elapsed) / Double(usual) : 1
            input[place] = Float(max(-1, min(1, Double.log2(ratio) / 4)))
        }
    }

    /// Says what the value of a channel changed by at this place of the season before, in its own units; NaN: not known.
    ///
    /// - Precondition: `features.season`.
    mutating func prepare(seasonalChange change: Double, channel c: Int) {
        let unit = channels[c].scaler.unit
        let scaled = unit > 0 && change.isFinite ? change / unit : 0
        input[c * features.widthOfChannel + 2] = Float(max(-2, min(2, scaled)))
    }

    /// The value that an output of the network stands for; NaN before the first value.
    func prediction(_ output: Float, channel c: Int) -> Double {
        if channels[c].last.isNaN { return .nan }
        let y = output.isFinite ? Double(output) : 0
        let scaler = channels[c].scaler
        return switch meaning {
        case .change: channels[c].last + y * scaler.unit
        case .value: scaler.low + (y + 1) * scaler.unit
        }
    }

    /// The change from the last value to another one, in scaled units; 0 while there is no unit.
    func change(to value: Double, channel c: Int) -> Double {
        let unit = channels[c].scaler.unit
        // Halves first: a difference can overflow.
        return unit > 0 ? (value / 2 - channels[c].last / 2) / unit * 2 : 0
    }

    /// The output that would have been right for `value`, from what was observed before it; NaN if either is missing.
    public func target(_ value: Double, channel c: Int) -> Float {
        if value.isNaN || channels[c].last.isNaN { return .nan }
        let wanted =
            switch meaning {
            case .change: change(to: value, channel: c)
            case .value: channels[c].scaler.scale(value)
            }
        return Float(max(-Self.largestTarget, min(Self.largestTarget, wanted)))
    }

    /// Takes the next value of a channel; finite.
    ///
    /// - Parameters:
    ///   - isMissing: the value was missing, and this is what was expected of it.
    ///   - isHeld: the range shall not follow it.
    public mutating func observe(_ value: Double, channel c: Int, isMissing: Bool = false, isHeld: Bool = false) {
        if !isHeld { channels[c].scaler.observe(value) }
        let scaled = max(-1, min(1, channels[c].scaler.scale(value)))
        let change = channels[c].last.isNaN ? 0 : max(-2, min(2, self.change(to: value, channel: c)))
        let place = c * features.widthOfChannel
        input[place] = Float(scaled)
        input[place + 1] = Float(change)
        if features.missing { input[place + features.widthOfChannel - 1] = isMissing ? 1 : 0 }
        channels[c].last = value
    }

    /// `input` comes first.
    mutating func exchange(_ coding: inout some MemberCoding) {
        for i in input.indices { coding.exchange(&input[i]) }
        for c in channels.indices {
            channels[c].scaler.exchange(&coding)
            coding.exchange(&channels[c].last)
        }
    }

    /// Goes on as if these had been the last values, and had been for long; what is NaN stays as it is.
    mutating func goOn(from values: [Double]) {
        for (c, value) in values.enumerated() {
            if !value.isNaN { channels[c].last = value }
            if !channels[c].last.isNaN { observe(channels[c].last, channel: c, isHeld: true) }
        }
    }
}
