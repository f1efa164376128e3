/// The order in which points are handed out: by time over all streams, then by stream id.
public enum TimeOrder: Sendable, Equatable {
    case oldestFirst, newestFirst
}

/// Which points ``StoreReader/points(_:)`` hands out. The default is all of them, oldest first.
public struct PointQuery: Sendable, Equatable {
    /// Only these streams; nil for all. Ids that do not exist match nothing.
    public var streams: Set<Int32>?
    /// First time, inclusive, and last time, exclusive, in microseconds since 1970.
    public var since: Int64?
    public var until: Int64?
    /// For each stream that is named here, only points after this time (exclusive). To follow: put in what
    /// ``PointCursor/positions`` said of the query before.
    public var after: [Int32: Int64] = [:]
    /// Only points whose score is at least this.
    public var minimumScore: Double?
    /// Only points whose score in hindsight is at least this. Points without hindsight never match.
    public var minimumHindsight: Double?
    /// Only points with ``PointFlags/anomaly``.
    public var anomaliesOnly = false
    /// At most so many points, each with all of its channels.
    public var limit: Int?
    public var order = TimeOrder.oldestFirst

    public init() {}
}

/// Which anomalies ``StoreReader/anomalies(_:)`` hands out.
public struct AnomalyQuery: Sendable, Equatable {
    /// Only these streams; nil for all.
    public var streams: Set<Int32>?
    /// Only anomalies that touch the time from `since` (inclusive) to `until` (exclusive), in microseconds since 1970.
    public var since: Int64?
    public var until: Int64?
    /// Only anomalies whose peak score is at least this.
    public var minimumScore: Double?
    public var openOnly = false
    public var limit: Int?

    public init() {}
}
