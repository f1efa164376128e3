public import AnomalyDetection

/// All that becomes durable together: points and the states that follow from them are never apart.
///
/// The writer fills one, hands it to ``PointStore/commit(_:)``, and calls ``removeAll(keepingCapacity:)`` once that
/// has returned. When the commit throws, nothing of it is stored and the same batch can be committed again.
public struct Commit: Sendable {
    /// New streams. Their points may be in the same batch.
    public var streams: [StreamRecord] = []
    public var points: [PointRow] = []
    /// New anomalies and new states of open ones. Later entries replace earlier ones.
    public var anomalies: [AnomalyRecord] = []
    public var checkpoints: [CheckpointRecord] = []
    /// Points that wait from now on, and until which time they wait no longer, be they stored or in the same batch: the
    /// order of these two does not matter, as none waits that is not after all that were released.
    public var pending: [RawRow] = []
    public var released: [PendingRelease] = []
    /// Points to keep that came late, channel after channel. One whose stream has a point of its time is not stored.
    public var late: [RawRow] = []
    /// Behind points that are stored or in the same batch. That one is stored already does no harm.
    public var events: [EventRecord] = []
    /// Behind points that are stored or in the same batch.
    public var feedback: [FeedbackRecord] = []
    public var snapshots: [SnapshotRecord] = []
    /// What sinks have been told. Later entries replace earlier ones.
    public var alerts: [AlertRecord] = []
    public var alertSinks: [AlertSinkRecord] = []
    /// Networks of groups. Later entries replace earlier ones.
    public var groups: [GroupRecord] = []

    public init() {}

    public var isEmpty: Bool {
        streams.isEmpty && rows == 0 && anomalies.isEmpty && checkpoints.isEmpty && released.isEmpty && events.isEmpty
            && feedback.isEmpty && snapshots.isEmpty && alerts.isEmpty && alertSinks.isEmpty
            && groups.isEmpty
    }

    /// Rows of points, of all kinds.
    public var rows: Int { points.count + pending.count + late.count }

    public mutating func removeAll(keepingCapacity: Bool = true) {
        streams.removeAll(keepingCapacity: keepingCapacity)
        points.removeAll(keepingCapacity: keepingCapacity)
        anomalies.removeAll(keepingCapacity: keepingCapacity)
        checkpoints.removeAll(keepingCapacity: keepingCapacity)
        pending.removeAll(keepingCapacity: keepingCapacity)
        released.removeAll(keepingCapacity: keepingCapacity)
        late.removeAll(keepingCapacity: keepingCapacity)
        events.removeAll(keepingCapacity: keepingCapacity)
        feedback.removeAll(keepingCapacity: keepingCapacity)
        // States are large, and few.
        (snapshots, groups) = ([], [])
        (alerts, alertSinks) = ([], [])
    }

    /// Puts the points of each channel of a stream one after the other. Swift's sort merges runs that are in order
    /// already, as those of interleaved streams are.
    mutating func sortPoints() {
        points.sort { left, right in
            if left.stream != right.stream { return left.stream < right.stream }
            if left.channel != right.channel { return left.channel < right.channel }
            return left.time < right.time
        }
    }
}

/// One stream, as the store knows it.
public struct StreamRecord: Sendable, Equatable {
    /// Positive; given by the writer.
    public var id: Int32
    /// Unique, compared byte by byte in UTF-8. (Swift's `==` also equates canonically equivalent spellings; whoever
    /// looks streams up by name must compare the bytes.)
    public var name: String
    /// Values in each point, 1 or more; fixed by the stream's first point.
    public var channels: Int
    /// When the stream was first seen, in microseconds since 1970.
    public var created: Int64

    public init(id: Int32, name: String, channels: Int, created: Int64) {
        self.id = id
        self.name = name
        self.channels = channels
        self.created = created
    }
}

/// One channel of one point. NaN is stored as NULL.
public struct PointRow: Sendable, Equatable {
    public var stream: Int32
    /// 0 for the first value of a point.
    public var channel: Int32
    /// Place of the point in its stream: 1 for the first, then one more for each.
    public var sequence: Int64
    /// Microseconds since 1970. Grows with `sequence` and never repeats within a stream.
    public var time: Int64
    public var value, prediction, lower, upper, residual: Double
    /// Score and flags belong to the point as a whole and are the same in all of its rows.
    public var score: Double
    public var flags: PointFlags

    public init(
        stream: Int32, channel: Int32, sequence: Int64, time: Int64, value: Double, prediction: Double, lower: Double,
        upper: Double, residual: Double, score: Double, flags: PointFlags
    ) {
        self.stream = stream
        self.channel = channel
        self.sequence = sequence
        self.time = time
        self.value = value
        self.prediction = prediction
        self.lower = lower
        self.upper = upper
        self.residual = residual
        self.score = score
        self.flags = flags
    }
}

/// An anomaly of a stream as it stands now; `anomaly.startSequence` tells which one it is.
public struct AnomalyRecord: Sendable, Equatable {
    public var stream: Int32
    public var anomaly: Anomaly

    public init(stream: Int32, anomaly: Anomaly) {
        self.stream = stream
        self.anomaly = anomaly
    }
}

/// The saved state of one stream's detector.
public struct CheckpointRecord: Sendable, Equatable {
    public var stream: Int32
    /// Sequence number of the last point that the state has seen; 0 before the first.
    public var sequence: Int64
    /// Version of the layout of `state`, for whoever decodes it; the store only keeps it.
    public var format: Int32
    public var state: [UInt8]

    public init(stream: Int32, sequence: Int64, format: Int32 = 1, state: [UInt8]) {
        self.stream = stream
        self.sequence = sequence
        self.format = format
        self.state = state
    }
}
