public import AnomalyDetection

/// Points of certain streams, of certain kinds or with certain flags: any of the three is enough.
public struct PointFilter: Sendable, Equatable {
    /// All points of these streams.
    public var streams: Set<Int32>
    /// Flagged points of these kinds.
    public var kinds: Set<AnomalyKind>
    /// Points with any of these flags.
    public var flags: PointFlags

    public init(streams: Set<Int32> = [], kinds: Set<AnomalyKind> = [], flags: PointFlags = []) {
        self.streams = streams
        self.kinds = kinds
        self.flags = flags
    }

    func matches(_ pointFlags: PointFlags, of stream: Int32) -> Bool {
        if streams.contains(stream) || !flags.isDisjoint(with: pointFlags) { return true }
        return pointFlags.contains(.anomaly) && pointFlags.kind.map(kinds.contains) ?? false
    }

    /// Whether no point of the stream can match.
    func excludes(_ stream: Int32) -> Bool { kinds.isEmpty && flags.isEmpty && !streams.contains(stream) }
}
