/// What the network sees besides the last value and its last change.
public struct InputFeatures: Sendable, Hashable {
    /// Time of day and day of the week, each as sine and cosine.
    public var calendar = false
    /// How long the point came after the one before, compared with what is usual: log₂ of the ratio, 1 for sixteen times.
    public var elapsed = false
    /// For each channel, what its value changed by one season before.
    public var season = false
    /// For each channel, 1 after a missing value, else 0.
    public var missing = false

    public init() {}

    /// All inputs by name, such as "value,change,season": what a model was made for.
    public var names: String {
        let extra = [(season, "season"), (missing, "missing"), (calendar, "calendar"), (elapsed, "elapsed")]
        return (["value", "change"] + extra.filter(\.0).map(\.1)).joined(separator: ",")
    }

    /// Inputs that each channel has: value, change, and what is on of `season` and `missing`, in this order.
    public var widthOfChannel: Int { 2 + (season ? 1 : 0) + (missing ? 1 : 0) }

    /// Inputs of a stream with so many channels: those of each channel in turn, then calendar and elapsed time.
    public func width(channels: Int) -> Int {
        channels * widthOfChannel + (calendar ? 4 : 0) + (elapsed ? 1 : 0)
    }
}

/// How values are brought to (−1, 1).
public enum InputScaling: String, Sendable, CaseIterable {
    /// By the smallest and the largest value, as far as they have come by steps that no single outlier can exceed.
    case robust
    /// By the smallest and the largest value.
    case minmax
}
