/// How long what is stored is kept.
public struct Retention: Sendable {
    /// An age that nothing reaches.
    public static let forever = Int64.max

    /// How old what is kept of a stream may be, in microseconds; ``forever`` for all of it.
    public struct Ages: Sendable, Equatable {
        public var raw = Retention.forever
        public var fiveMinutes = Retention.forever
        public var oneHour = Retention.forever
        /// Anomalies that are over, since their ends, and events.
        public var anomalies = Retention.forever

        public init() {}

        public init(raw: Int64, fiveMinutes: Int64, oneHour: Int64, anomalies: Int64) {
            (self.raw, self.fiveMinutes, self.oneHour, self.anomalies) = (raw, fiveMinutes, oneHour, anomalies)
        }

        /// The largest age of a point in a table of roll-ups.
        func age(of tier: RollupTier) -> Int64 { tier == .fiveMinutes ? fiveMinutes : oneHour }

        var shortest: Int64 { min(raw, fiveMinutes, oneHour, anomalies) }
    }

    /// The smallest ages that any stream may have.
    public var shortest = Ages()
    /// Those of the stream with this name.
    public var ages: @Sendable (String) -> Ages = { _ in Ages() }
    /// Bytes that the file and its write-ahead log may have together; 0: as many as there is room for.
    public var maxBytes: Int64 = 0

    /// Everything is kept.
    public init() {}

    /// - Parameters:
    ///   - shortest: the smallest ages that any stream may have.
    ///   - ages: those of the stream with this name.
    public init(shortest: Ages, maxBytes: Int64, ages: @escaping @Sendable (String) -> Ages) {
        (self.shortest, self.maxBytes, self.ages) = (shortest, maxBytes, ages)
    }

    /// The same for all streams.
    public init(_ all: Ages, maxBytes: Int64 = 0) {
        shortest = all
        ages = { _ in all }
        self.maxBytes = maxBytes
    }

    /// Whether anything is ever deleted.
    var isLimited: Bool { shortest.shortest < Self.forever || maxBytes > 0 }

    // MARK: The size

    /// Smallest limit: below, the write-ahead log alone and what a commit needs take it.
    public static let leastBytes: Int64 = 16 << 20

    /// Bytes of the write-ahead log after which it is copied into the database.
    public var walBytes: Int64 {
        let most = PointStore.walCheckpointBytes
        return maxBytes > 0 ? min(most, maxBytes / 8) : most
    }

    /// Values in the hot table from which on it is sealed, and in a commit at most: of up to 96 bytes each, they shall not
    /// fill what there is.
    public var hotValues: Int {
        maxBytes > 0 ? min(HotTable.mostValues, Int(maxBytes / 16 / 96)) : HotTable.mostValues
    }

    /// Bytes in use above which something is deleted.
    ///
    /// - Parameter log: bytes of the write-ahead log, which a single large transaction makes longer.
    func ceiling(log: Int64) -> Int64 {
        // Room for the hot table, and for what comes while something is being deleted.
        max(0, maxBytes - max(walBytes, log) - maxBytes / 16 - min(maxBytes / 8, 128 << 20))
    }

    /// Bytes in use down to which it is.
    func floor(log: Int64) -> Int64 { max(0, ceiling(log: log) - maxBytes / 16) }
}
