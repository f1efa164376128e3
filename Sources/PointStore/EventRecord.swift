/// Something that befell a stream between two points, which restoring it must repeat.
public struct EventRecord: Sendable, Equatable {
    public enum Kind: String, Sendable, CaseIterable {
        /// No point came for longer than the stream had ever been silent.
        case silence
    }

    public var stream: Int32
    /// Of the last point before it.
    public var sequence: Int64
    public var kind: Kind
    /// From when it was one, in microseconds since 1970.
    public var time: Int64

    public init(stream: Int32, sequence: Int64, kind: Kind, time: Int64) {
        self.stream = stream
        self.sequence = sequence
        self.kind = kind
        self.time = time
    }
}
