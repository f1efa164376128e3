/// Tell of points as soon as they are scored, before they are stored: what `anomalyctl query -f --live` asks. It is the
/// connection's last request; from then on the daemon sends a ``FollowReply`` after the other.
public struct FollowRequest: Sendable, Equatable, Codable {
    /// Names of streams, or patterns for them (`* ? [a-z]`); nil for all.
    public var streams: [String]?
    /// Only points whose score is at least this.
    public var minimumScore: Double?
    /// Only points that are flagged.
    public var anomaliesOnly: Bool?

    public init(streams: [String]? = nil, minimumScore: Double? = nil, anomaliesOnly: Bool? = nil) {
        self.streams = streams
        self.minimumScore = minimumScore
        self.anomaliesOnly = anomaliesOnly
    }
}

/// Points that were scored. The first one, which is sent at once, has none.
public struct FollowReply: Sendable, Equatable, Codable {
    public var points: [Point]
    /// Points that were not told of before these, as the follower, or the daemon, was too slow for them.
    public var missed: Int64

    public init(points: [Point], missed: Int64) {
        self.points = points
        self.missed = missed
    }

    /// A point as it will be stored. Times are microseconds since 1970.
    public struct Point: Sendable, Equatable, Codable {
        /// The stream's number and name.
        public var id: Int32
        public var stream: String
        public var sequence: Int64
        public var time: Int64
        /// Absent if the point was not scored.
        public var score: Double?
        /// The bits of the column `flags`.
        public var flags: Int64
        /// Value, prediction, lower, upper and residual of each channel; null for what there is none of.
        public var channels: [[Double?]]

        public init(
            id: Int32, stream: String, sequence: Int64, time: Int64, score: Double?, flags: Int64,
            channels: [[Double?]]
        ) {
            self.id = id
            self.stream = stream
            self.sequence = sequence
            self.time = time
            self.score = score
            self.flags = flags
            self.channels = channels
        }
    }
}
