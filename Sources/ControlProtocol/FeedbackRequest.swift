/// Say something of a stream, or of one of its anomalies: what `anomalyctl label`, `anomalies ack` and
/// `model freeze`, `reset`, `snapshot` and `rollback`, `exclude`, `anomalies mute` and `rule` ask.
public struct FeedbackRequest: Sendable, Equatable, Codable {
    /// Name of the stream.
    public var stream: String
    /// "false-positive", "true", "ack", "freeze", "thaw", "reset", "snapshot", "rollback", "exclude", "include", "mute",
    /// "unmute" or "rule".
    public var action: String
    /// Number of the anomaly; nil of what is about the stream.
    public var anomaly: Int64?
    /// Of "false-positive" and "true".
    public var label: Label?
    /// Number of the snapshot; of "rollback".
    public var snapshot: Int64?
    /// Number of the anomaly's first point in its stream; of "mute" and "unmute" of an anomaly.
    public var start: Int64?
    /// Of "exclude" and "include": first time of the range, in microseconds since 1970.
    public var since: Int64?
    /// Of these, and of "mute" of a stream: the first time behind it.
    public var until: Int64?
    /// Of "rule": such as `direction = "above"`; the key alone takes it back.
    public var rule: String?
    /// Words of whoever says it.
    public var message: String

    /// What the stream's detector is to know of the anomaly.
    public struct Label: Sendable, Equatable, Codable {
        /// Number of the anomaly's first point in its stream.
        public var start: Int64
        /// As stored.
        public var kind: String
        /// At the peak, 0 to 1.
        public var score: Double
        /// That stood out most at the peak.
        public var channel: Int
        /// Its residuals up to the peak; none if they say nothing of the anomaly.
        public var shape: [Float]

        public init(start: Int64, kind: String, score: Double, channel: Int, shape: [Float]) {
            self.start = start
            self.kind = kind
            self.score = score
            self.channel = channel
            self.shape = shape
        }
    }

    public init(
        stream: String, action: String, anomaly: Int64? = nil, label: Label? = nil, snapshot: Int64? = nil,
        message: String = ""
    ) {
        self.stream = stream
        self.action = action
        self.anomaly = anomaly
        self.label = label
        self.snapshot = snapshot
        self.message = message
    }
}

/// The stream knows, and it is on the disk.
public struct FeedbackReply: Sendable, Equatable, Codable {
    /// Points that the stream had; it holds for the next one.
    public var points: Int64

    public init(points: Int64) { self.points = points }
}
