/// A state of a stream's detector that somebody keeps, to go back to.
public struct SnapshotRecord: Sendable, Equatable {
    /// Snapshots of one stream that are kept; one more makes the oldest go, unless a restart may still need it.
    public static let mostOfStream = 8

    public var checkpoint: CheckpointRecord
    /// When it was taken, in microseconds since 1970.
    public var time: Int64
    /// Words of whoever took it.
    public var message: String
    /// Who that was; nil if nobody knows.
    public var user: UInt32?

    public init(checkpoint: CheckpointRecord, time: Int64, message: String = "", user: UInt32? = nil) {
        self.checkpoint = checkpoint
        self.time = time
        self.message = message
        self.user = user
    }
}

/// What is stored of a snapshot beside its state.
public struct StoredSnapshot: Sendable, Equatable, Identifiable {
    /// Positive, never given twice.
    public var id: Int64
    public var stream: Int32
    /// Sequence number of the last point that the state has seen.
    public var sequence: Int64
    /// When it was taken, in microseconds since 1970.
    public var time: Int64
    /// Version of the layout of the state.
    public var format: Int32
    /// Size of the state.
    public var bytes: Int64
    /// Words of whoever took it.
    public var message: String
    /// Who that was; nil if nobody knows.
    public var user: UInt32?

    public init(
        id: Int64, stream: Int32, sequence: Int64, time: Int64, format: Int32, bytes: Int64, message: String = "",
        user: UInt32? = nil
    ) {
        self.id = id
        self.stream = stream
        self.sequence = sequence
        self.time = time
        self.format = format
        self.bytes = bytes
        self.message = message
        self.user = user
    }
}
