import AnomalyDetection

/// What tells an anomaly from all others, in any database: a number it has only in one.
public struct AlertKey: Sendable, Hashable {
    public var stream: Int32
    /// The anomaly's `startSequence`.
    public var start: Int64

    public init(stream: Int32, start: Int64) {
        self.stream = stream
        self.start = start
    }
}

/// What a sink has been told of an anomaly.
public struct AlertRecord: Sendable, Equatable {
    public enum State: String, Sendable, CaseIterable {
        /// It is being told that the anomaly is open; whether that has arrived, nobody knows.
        case sending
        case firing
        /// Told that it is over, or needs not to be told any more.
        case resolved
        /// It was told nothing, and needs to be told nothing.
        case done

        /// Whether the sink may believe that the anomaly is open.
        public var isOwed: Bool { self == .sending || self == .firing }
    }

    public var key: AlertKey
    public var sink: String
    /// Number of the anomaly; 0 if this database has not given it one.
    public var anomaly: Int64
    public var state: State
    /// When it was told first, and when last, in microseconds since 1970.
    public var since: Int64
    public var told: Int64
    /// Score of the peak, and how far it was from the prediction, as told last; NaN if there was none.
    public var score: Double
    public var deviation: Double
    /// Whether the sink was told that somebody has seen it.
    public var isAcknowledged: Bool
    /// Whether the sink was told of it by name; else it was only counted, among too many.
    public var isListed: Bool

    public init(
        key: AlertKey, sink: String, anomaly: Int64, state: State, since: Int64, told: Int64, score: Double,
        deviation: Double, isAcknowledged: Bool = false, isListed: Bool = true
    ) {
        self.key = key
        self.sink = sink
        self.anomaly = anomaly
        self.state = state
        self.since = since
        self.told = told
        self.score = score
        self.deviation = deviation
        self.isAcknowledged = isAcknowledged
        self.isListed = isListed
    }
}

/// How far a sink has come.
public struct AlertSinkRecord: Sendable, Equatable {
    public var sink: String
    /// Of anomalies up to this number, it is to be told only of those that are open, or that it may know as firing.
    public var through: Int64
    /// What it was told before this time, in microseconds since 1970, of anomalies that are over is forgotten; nil to
    /// forget nothing now.
    public var forgetBefore: Int64?

    public init(sink: String, through: Int64, forgetBefore: Int64? = nil) {
        self.sink = sink
        self.through = through
        self.forgetBefore = forgetBefore
    }
}

/// An anomaly, and all that people have said that decides who is told of it.
public struct AlertSubject: Sendable, Equatable {
    public var stored: StoredAnomaly
    /// What somebody said who has seen it first; nil if nobody has.
    public var acknowledgement: FeedbackRecord?
    /// Somebody has said that it is none.
    public var isFalsePositive: Bool
    /// Nobody wants to hear of it.
    public var isMuted: Bool
    /// Somebody has taken a mute back since it began. If it is over and mute all the same, it may have been told of as open
    /// in between, and then it is mute for nobody who knows of it.
    public var isToldAgain: Bool
    /// It began in a range of time that is left out.
    public var isExcluded: Bool

    public var key: AlertKey { AlertKey(stream: stored.stream, start: stored.anomaly.startSequence) }

    public init(
        stored: StoredAnomaly, acknowledgement: FeedbackRecord? = nil, isFalsePositive: Bool = false,
        isMuted: Bool = false, isToldAgain: Bool = false, isExcluded: Bool = false
    ) {
        self.stored = stored
        self.acknowledgement = acknowledgement
        self.isFalsePositive = isFalsePositive
        self.isMuted = isMuted
        self.isToldAgain = isToldAgain
        self.isExcluded = isExcluded
    }

    /// - Parameter said: all that was said of its stream, in that order.
    init(_ stored: StoredAnomaly, said: [FeedbackRecord]) {
        self.init(stored: stored)
        if said.isEmpty { return }
        let own = said.filter { $0.anomaly == stored.id }
        acknowledgement = own.first { $0.action == .acknowledged }
        isFalsePositive = own.last { [.falsePositive, .truePositive].contains($0.action) }?.action == .falsePositive
        // Only lists of exclusions need the numbers of the orders.
        let orders = StreamOrders(said.map { (0, $0) })
        isMuted = orders.holdsBack(stored)
        isToldAgain = orders.isToldAgain(stored)
        isExcluded = orders.isExcluded(stored)
    }
}
