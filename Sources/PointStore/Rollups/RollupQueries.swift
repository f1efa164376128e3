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
        _ database: Database, _ tier: RollupTier, of streams: [StreamRecord], parts: StoreSchema.Parts
    ) throws -> [Int32: Int64] {
        func oldest(_ time: String, _ table: String) -> String {
            "SELECT \(time) FROM \(table) WHERE stream_id = ?1 AND channel = 0 ORDER BY \(time) LIMIT 1"
        }
        var statements = [try database.cachedStatement(sql: oldest("time", tier.rowTable(parts)))]
        if tier == .fiveMinutes, parts.contains(.packedRollups) {
            statements.append(try database.cachedStatement(sql: oldest("first_time", "rollup_5m_pack")))
        }
        var oldest: [Int32: Int64] = [:]
        for stream in streams {
            for statement in statements {
                statement.bind(stream.id, at: 1)
                try statement.forEachRow {
                    oldest[stream.id] = min(oldest[stream.id] ?? .max, $0.int64(0))
                    return false
                }
            }
        }
        return oldest
    }

    /// The first buckets in a range of time, or the last ones.
    static func page(
        _ database: Database, _ part: RollupPart, order: TimeOrder, most: Int, parts: StoreSchema.Parts
    ) throws -> [StoredRollup] {
        let width = max(1, part.stream.channels)
        var page: [StoredRollup] = []
        for channel in 0..<width {
            var place = 0
            for bucket in try buckets(database, part, channel: channel, order: order, most: most, parts: parts) {
                if channel == 0 {
                    page.append(
                        StoredRollup(
                            stream: part.stream.id, start: bucket.start,
                            channels: Array(repeating: .init(), count: width)))
                    place = page.count - 1
                } else {
                    // Every bucket has all channels, but in a damaged file.
                    while place < page.count, isBefore(page[place].start, bucket.start, order) { place += 1 }
                    guard place < page.count else { break }
                    guard page[place].start == bucket.start else { continue }
                }
                page[place].channels[channel] = bucket.channel
            }
        }
        return page
    }

    /// The first buckets of one channel in a range of time, or the last ones.
    static func buckets(
        _ database: Database, _ part: RollupPart, channel: Int, order: TimeOrder = .oldestFirst, most: Int = .max,
        parts: StoreSchema.Parts
    ) throws -> [RollupBucket] {
        let direction = order == .oldestFirst ? "ASC" : "DESC"
        let rows = try database.cachedStatement(
            sql: """
                SELECT \(columns) FROM \(part.tier.rowTable(parts))
                WHERE stream_id = ?1 AND channel = ?2 AND time >= ?3 AND time < ?4 ORDER BY time \(direction) LIMIT ?5
                """)
        bind(rows, part, channel)
        rows.bind(Int64(most), at: 5)
        var single: [RollupBucket] = []
        try rows.forEachRow {
            single.append(bucket($0))
            return true
        }
        guard part.tier == .fiveMinutes, parts.contains(.packedRollups) else { return single }
        let packs = try database.cachedStatement(
            sql: """
                SELECT \(RollupPack.columns) FROM rollup_5m_pack
                WHERE stream_id = ?1 AND channel = ?2 AND first_time < ?4 AND first_time >= ifnull((
                    SELECT max(first_time) FROM rollup_5m_pack
                    WHERE stream_id = ?1 AND channel = ?2 AND first_time <= ?3), ?3)
                ORDER BY first_time \(direction)
                """)
        bind(packs, part, channel)
        var packed: [RollupBucket] = []
        try packs.forEachRow { row in
            let buckets = try RollupPack.buckets(in: row, of: part.stream.id).filter { part.times.contains($0.start) }
            packed.append(contentsOf: order == .oldestFirst ? buckets : buckets.reversed())
            return packed.count < most
        }
        return merged(single, packed, order, most)
    }

    private static func bind(_ statement: Statement, _ part: RollupPart, _ channel: Int) {
        statement.bind(part.stream.id, at: 1)
        statement.bind(Int64(channel), at: 2)
        statement.bind(part.times.lowerBound, at: 3)
        statement.bind(part.times.upperBound, at: 4)
    }

    private static func merged(
        _ one: [RollupBucket], _ other: [RollupBucket], _ order: TimeOrder, _ most: Int
    ) -> [RollupBucket] {
        if other.isEmpty { return one }
        var merged: [RollupBucket] = []
        merged.reserveCapacity(min(most, one.count + other.count))
        var (left, right) = (one[...], other[...])
        while merged.count < most {
            guard let first = left.first else {
                merged.append(contentsOf: right.prefix(most - merged.count))
                break
            }
            if let second = right.first, isBefore(second.start, first.start, order) {
                merged.append(right.removeFirst())
            } else {
                merged.append(left.removeFirst())
            }
        }
        return merged
    }

    private static func isBefore(_ one: Int64, _ other: Int64, _ order: TimeOrder) -> Bool {
        order == .oldestFirst ? one < other : one > other
    }

    /// What ``bucket(_:)`` reads.
    static let columns = "time, count, missing, anomalies, minimum, maximum, mean, worst_score"

    static func bucket(_ row: Statement) -> RollupBucket {
        var bucket = RollupBucket(start: row.int64(0))
        (bucket.count, bucket.missing, bucket.anomalies) = (row.int64(1), row.int64(2), row.int64(3))
        (bucket.minimum, bucket.maximum, bucket.mean) = (row.double(4), row.double(5), row.double(6))
        bucket.worst = row.double(7)
        return bucket
    }
}

extension RollupBucket {
    var channel: StoredRollup.Channel {
        var channel = StoredRollup.Channel()
        (channel.count, channel.missing, channel.anomalies) = (count, missing, anomalies)
        (channel.minimum, channel.maximum, channel.mean) = (minimum, maximum, mean)
        channel.worstScore = worst
        return channel
    }
}
