public import AnomalyDetection

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
    /// Only points that this lets through; nil for all.
    public var filter: PointFilter?
    /// At most so many points, each with all of its channels.
    public var limit: Int?
    public var order = TimeOrder.oldestFirst

    public init() {}
}

/// What ``StoreReader/anomalies(_:)`` sorts by; equal ones are sorted by their numbers.
public enum AnomalyOrder: String, Sendable, Equatable, CaseIterable {
    case start, duration, points, score
}

/// Which anomalies ``StoreReader/anomalies(_:)`` hands out. The default is all of them, newest start first.
public struct AnomalyQuery: Sendable, Equatable {
    /// Only these streams; nil for all.
    public var streams: Set<Int32>?
    /// Only anomalies that touch the time from `since` (inclusive) to `until` (exclusive), in microseconds since 1970.
    public var since: Int64?
    public var until: Int64?
    /// Only anomalies that began in this time, in microseconds since 1970.
    public var began: ClosedRange<Int64>?
    /// Only anomalies of these kinds. A version that knew of no kinds has stored none that match.
    public var kinds: Set<AnomalyKind>?
    /// Only anomalies whose peak score is at least this.
    public var minimumScore: Double?
    public var openOnly = false
    public var limit: Int?
    public var order = AnomalyOrder.start
    /// Whether the smallest come first, not the largest.
    public var isAscending = false

    public init() {}
}
