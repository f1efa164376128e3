/// What becomes of a point whose time is before that of a point which its stream has already.
public enum LatePoints: String, Sendable, CaseIterable {
    /// It is dropped and counted.
    case drop
    /// Points wait for a while and are put in order; what comes later than that is dropped and counted.
    case reorder
    /// It is stored in its place, but neither predicted nor scored nor learned.
    case keep
}

/// The part of `[feed]` that streams may have values of their own for.
public struct StreamFeedSettings: Sendable, Equatable {
    public var late = LatePoints.drop
    /// With `reorder`, a point waits until one that is later by at least this has come, in microseconds.
    public var reorderWindow: Int64 = 10_000_000
    /// With `reorder`, most points that wait.
    public var reorderPoints = 1000

    public init() {}
}
