import AnomalyDetection
import GRDB

/// Points of a stream that lie in one bucket of time, summed up.
public struct StoredRollup: Sendable, Equatable {
    public var stream: Int32
    /// Begin of the bucket, in microseconds since 1970.
    public var start: Int64
    public var channels: [Channel]

    /// What is known of one channel's points.
    public struct Channel: Sendable, Equatable {
        /// Values, and points without one.
        public var count: Int64 = 0
        public var missing: Int64 = 0
        /// Points that were flagged.
        public var anomalies: Int64 = 0
        /// NaN without values.
        public var minimum = Double.nan
        public var maximum = Double.nan
        public var mean = Double.nan
        /// The highest score; NaN if no point was scored.
        public var worstScore = Double.nan

        public init() {}
    }
}

/// Looking for roll-ups. Each runs inside a read of the caller's.
enum RollupQueries {
    /// How far a stream has come, of which no points may be left; nil if it has had none.
    static func newest(
        _ database: Database, of stream: Int32, parts: StoreSchema.Parts
    ) throws -> StreamPosition? {
        guard parts.contains(.rollups) else { return nil }
        let statement = try database.cachedStatement(
            sql: "SELECT last_sequence, last_time FROM rolled WHERE stream_id = ?1 AND last_sequence > 0")
        statement.bind(stream, at: 1)
        var position: StreamPosition?
        try statement.forEachRow {
            position = StreamPosition(sequence: $0.int64(0), time: $0.int64(1))
            return false
        }
        return position
    }

    static func oldest(
        _ database: Database, _ tier: RollupTier, of streams: [StreamRecord]
    ) throws -> [Int32: Int64] {
        let statement = try database.cachedStatement(
            sql: "SELECT time FROM \(tier.table) WHERE stream_id = ?1 AND channel = 0 ORDER BY time LIMIT 1")
        var oldest: [Int32: Int64] = [:]
        for stream in streams {
            statement.bind(stream.id, at: 1)
            try statement.forEachRow {
                oldest[stream.id] = $0.int64(0)
                return false
            }
        }
        return oldest
    }

    /// The first buckets in a range of time, or the last ones.
    static func page(
        _ database: Database, _ part: RollupPart, order: TimeOrder, most: Int
    ) throws -> [StoredRollup] {
        let direction = order == .oldestFirst ? "ASC" : "DESC"
        let statement = try database.cachedStatement(
            sql: """
                SELECT time, count, missing, anomalies, minimum, maximum, mean, worst_score FROM \(part.tier.table)
                WHERE stream_id = ?1 AND channel = ?2 AND time >= ?3 AND time < ?4 ORDER BY time \(direction) LIMIT ?5
                """)
        let width = max(1, part.stream.channels)
        var page: [StoredRollup] = []
        for channel in 0..<width {
            statement.bind(part.stream.id, at: 1)
            statement.bind(Int64(channel), at: 2)
            statement.bind(part.times.lowerBound, at: 3)
            statement.bind(part.times.upperBound, at: 4)
            statement.bind(Int64(most), at: 5)
            var place = 0
            try statement.forEachRow { row in
                let time = row.int64(0)
                if channel == 0 {
                    page.append(
                        StoredRollup(
                            stream: part.stream.id, start: time, channels: Array(repeating: .init(), count: width)))
                    place = page.count - 1
                } else {
                    // Every bucket has all channels, but in a damaged file.
                    while place < page.count,
                        order == .oldestFirst ? page[place].start < time : page[place].start > time
                    { place += 1 }
                    guard place < page.count, page[place].start == time else { return place < page.count }
                }
                page[place].channels[channel] = self.channel(row)
                return true
            }
        }
        return page
    }

    /// - Parameter row: count, missing, anomalies, minimum, maximum, mean and score, from its second column on.
    static func channel(_ row: Statement) -> StoredRollup.Channel {
        var channel = StoredRollup.Channel()
        (channel.count, channel.missing, channel.anomalies) = (row.int64(1), row.int64(2), row.int64(3))
        (channel.minimum, channel.maximum, channel.mean) = (row.double(4), row.double(5), row.double(6))
        channel.worstScore = row.double(7)
        return channel
    }
}
