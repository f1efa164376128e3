public import AnomalyDetection

/// One point as it was stored, with all of its channels.
public struct StoredPoint: Sendable, Equatable {
    public var stream: Int32
    /// Place of the point in its stream, from 1; 0 for a late point that was kept.
    public var sequence: Int64
    /// Microseconds since 1970.
    public var time: Int64
    /// In [0, 1]; NaN if the point was not scored.
    public var score: Double
    public var flags: PointFlags
    /// One entry for each channel, in order. NaN stands for "none".
    public var channels: [ChannelVerdict]
    /// What `anomalyctl rescore` stored of it; nil if nothing.
    public var hindsight: StoredHindsight?

    public init(
        stream: Int32, sequence: Int64, time: Int64, score: Double, flags: PointFlags, channels: [ChannelVerdict],
        hindsight: StoredHindsight? = nil
    ) {
        self.stream = stream
        self.sequence = sequence
        self.time = time
        self.score = score
        self.flags = flags
        self.channels = channels
        self.hindsight = hindsight
    }

    public var isAnomaly: Bool { flags.contains(.anomaly) }
}

/// How far a stream has come.
public struct StreamPosition: Sendable, Equatable {
    /// Sequence number of the newest stored point.
    public var sequence: Int64
    /// Its time, in microseconds since 1970.
    public var time: Int64

    public init(sequence: Int64, time: Int64) {
        self.sequence = sequence
        self.time = time
    }
}

/// What `anomalyctl streams` shows of a stream.
public struct StreamSummary: Sendable, Equatable {
    public var stream: StreamRecord
    /// Points stored; 0 for a stream whose first point is not committed yet. Then the fields below are nil or NaN.
    public var points: Int64
    /// Times of the oldest and the newest stored point, in microseconds since 1970.
    public var firstTime: Int64?
    public var lastTime: Int64?
    /// Values of the newest point, one for each channel; NaN for a missing one.
    public var lastValues: [Double]
    /// Score of the newest point; NaN if it was not scored.
    public var lastScore: Double
    /// Anomalies that are not over yet (0 or 1 as the detector works today).
    public var openAnomalies: Int
    /// Points that wait for others, which are not among `points` yet.
    public var pending: Int64
    /// Points that the stream's warm-up has come to; nil if it is over, or has not begun.
    public var warmingPoints: Int64?

    public init(
        stream: StreamRecord, points: Int64, firstTime: Int64?, lastTime: Int64?, lastValues: [Double],
        lastScore: Double, openAnomalies: Int, pending: Int64 = 0, warmingPoints: Int64? = nil
    ) {
        self.stream = stream
        self.points = points
        self.firstTime = firstTime
        self.lastTime = lastTime
        self.lastValues = lastValues
        self.lastScore = lastScore
        self.openAnomalies = openAnomalies
        self.pending = pending
        self.warmingPoints = warmingPoints
    }
}

/// An anomaly with its number in the store.
public struct StoredAnomaly: Sendable, Equatable, Identifiable {
    /// Positive, never changes while the anomaly is extended and closed, never given twice.
    public var id: Int64
    public var stream: Int32
    /// Nil if an older version has stored it.
    public var kind: AnomalyKind?
    /// Of its evidence, only the kind is stored.
    public var anomaly: Anomaly

    public init(id: Int64, stream: Int32, kind: AnomalyKind? = nil, anomaly: Anomaly) {
        self.id = id
        self.stream = stream
        self.kind = kind
        self.anomaly = anomaly
    }
}
