/// One event that a StatsD client tells of.
public struct StatsDSample: Sendable, Equatable {
    /// What is told, and what it adds to.
    public enum Kind: Sendable, Equatable {
        /// So many more: `c`.
        case count(Double)
        /// It is so much now: `g`.
        case gauge(Double)
        /// It is so much more or less now: `g` with a sign.
        case change(Double)
        /// One duration or size: `ms`, `h`, `d`.
        case timing(Double)
        /// One member, by a hash of what it is called: `s`.
        case member(UInt64)
    }

    /// Numbers are finite.
    public var kind: Kind
    /// Share of the events that are told of, above 0 and at most 1.
    public var rate: Double

    public init(_ kind: Kind, rate: Double = 1) {
        self.kind = kind
        self.rate = rate
    }
}
