public import AnomalyDetection

/// Something that somebody has said of a stream, or of one of its anomalies.
public struct FeedbackRecord: Sendable, Equatable {
    public enum Action: String, Sendable, CaseIterable {
        /// The anomaly was none.
        case falsePositive = "false-positive"
        /// It was one.
        case truePositive = "true"
        /// Somebody has seen it. Changes nothing of the stream.
        case acknowledged = "ack"
        /// The stream's network shall not learn, or learn again.
        case freeze, thaw
        /// The stream's model begins anew; its state is kept in a snapshot; it goes on from a snapshot.
        case reset, snapshot, rollback
        /// A range of time is left out, or is not.
        case exclude, include
        /// Anomalies of the stream (or the one that is named) are not told of, or are.
        case mute, unmute
        /// Another rule holds for what is an anomaly.
        case rule
    }

    public var stream: Int32
    /// Of the stream's last point before it.
    public var sequence: Int64
    /// Whether the stream was silent then.
    public var isSilent: Bool
    /// When it was said, in microseconds since 1970.
    public var time: Int64
    public var action: Action
    /// Number of the anomaly; nil of what is about the stream.
    public var anomaly: Int64?
    /// What the detector is told of a label; nil if nothing.
    public var label: Feedback.Label?
    /// Of what is about an anomaly without being a label: its `startSequence`.
    public var start: Int64?
    /// Number of the snapshot of a rollback.
    public var snapshot: Int64?
    /// First time of a range, and the first one behind it, in microseconds since 1970.
    public var since: Int64?
    public var until: Int64?
    /// Rule that holds from now on.
    public var rule: ScoreRule?
    /// Words of whoever said it.
    public var message: String
    /// Who that was; nil if nobody knows.
    public var user: UInt32?

    public init(
        stream: Int32, sequence: Int64, isSilent: Bool, time: Int64, action: Action, anomaly: Int64? = nil,
        label: Feedback.Label? = nil, message: String = "", user: UInt32? = nil
    ) {
        self.stream = stream
        self.sequence = sequence
        self.isSilent = isSilent
        self.time = time
        self.action = action
        self.anomaly = anomaly
        self.label = label
        self.message = message
        self.user = user
    }

    /// The range from `since` to `until`; nil if it is none.
    public var range: StandingOrders.Exclusion? {
        guard let since, let until, since < until else { return nil }
        return StandingOrders.Exclusion(since: since, until: until)
    }

    /// What the detector is told; nil if nothing, or if another one takes its place.
    public var act: Feedback.Act? {
        switch action {
        case .falsePositive, .truePositive: label.map { .label($0) }
        case .acknowledged, .reset, .snapshot, .rollback: nil
        case .exclude: range.map { .exclude($0) }
        case .include: range.map { .include($0) }
        case .mute: anomaly == nil ? until.map { .mute(until: $0) } : start.map { .muteAnomaly($0) }
        case .unmute: anomaly == nil ? .unmute : start.map { .unmuteAnomaly($0) }
        case .rule: rule.map { .rule($0) }
        case .freeze: .freeze
        case .thaw: .thaw
        }
    }
}
