/// A range of one stream as it was stored, oldest point first.
public struct HindsightSeries: Sendable {
    /// Width of the stream.
    public let channels: Int
    /// Microseconds since 1970, ascending.
    public private(set) var times: [Int64] = []
    /// For each point one value for each channel, point after point; finite, or NaN where missing.
    public private(set) var values: [Double] = []

    public init(channels: Int) { self.channels = channels }

    public mutating func append(time: Int64, values: some Collection<Double>) {
        precondition(values.count == channels, "one value for each channel")
        times.append(time)
        self.values.append(contentsOf: values)
    }

    public var count: Int { times.count }

    /// Points with at least one value.
    public var present: Int {
        (0..<count).count { point in values[(point * channels)..<((point + 1) * channels)].contains { !$0.isNaN } }
    }
}

/// Which of a channel's values become −1 and 1.
public struct HindsightLimits: Sendable, Equatable {
    public var low: Double
    public var high: Double

    /// Share of the values beyond each limit. Not the smallest and largest value: a single outlier would squash all
    /// others.
    static let outside = 0.01
    /// Scaled values are cut off here, half a range beyond the limits.
    static let largest = 2.0

    public init(low: Double, high: Double) {
        self.low = low
        self.high = high
    }

    /// Those of one channel; 0 and 0 if it has no values.
    init(of series: HindsightSeries, channel: Int) {
        let values = stride(from: channel, to: series.values.count, by: series.channels).lazy.map { series.values[$0] }
            .filter { !$0.isNaN }.sorted()
        guard let least = values.first, let most = values.last else {
            self.init(low: 0, high: 0)
            return
        }
        let cut = Int(Double(values.count) * Self.outside)
        self.init(low: values[cut], high: values[values.count - 1 - cut])
        // Almost always the same value: then what differs is all that there is to see.
        if low == high { self.init(low: least, high: most) }
    }

    // Halves first: high − low can overflow.
    var unit: Double { high / 2 - low / 2 }

    func scale(_ value: Double) -> Float {
        let unit = unit
        if unit <= 0 { return value.isNaN ? .nan : 0 }
        let scaled = (value / 2 - low / 2) / unit * 2 - 1
        return value.isNaN ? .nan : Float(max(-Self.largest, min(Self.largest, scaled)))
    }

    func value(of scaled: Float) -> Double {
        let value = low + (Double(scaled) + 1) * unit
        return max(-Double.greatestFiniteMagnitude, min(Double.greatestFiniteMagnitude, value))
    }
}
