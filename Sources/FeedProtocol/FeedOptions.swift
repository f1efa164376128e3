/// What decoders of some formats need to be told, as their lines do not say it.
public struct FeedOptions: Sendable, Equatable {
    /// What becomes of a line that has several fields with names.
    public enum Fields: String, Sendable, CaseIterable {
        /// Each is a stream.
        case streams
        /// All together are one stream, whose channels are the fields in the order of their names.
        case channels
    }

    /// Unit of the times in Influx and JSON lines. nil: nanoseconds in the former, seconds in the latter.
    public var timeUnit: FeedTimeUnit?
    /// Of Influx lines and telegraf's objects.
    public var fields = Fields.streams

    public init(timeUnit: FeedTimeUnit? = nil, fields: Fields = .streams) {
        self.timeUnit = timeUnit
        self.fields = fields
    }
}
