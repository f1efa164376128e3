import GRDB

/// The buckets of five minutes: some in rows of their own, neighbouring ones in packs. Each is in one of the two. Runs
/// inside transactions of the caller's; belongs to one connection.
final class RollupPacks {
    /// Rows that make it worth while to write a pack anew.
    private static let worthPacking = 16

    private let packs: Statement
    private let insert: Statement
    private let deletePack: Statement
    private let rows: Statement
    private let deleteRows: Statement
    private let row: RollupRows

    init(_ database: Database) throws {
        packs = try database.cachedStatement(
            sql: """
                SELECT \(RollupPack.columns), id FROM rollup_5m_pack
                WHERE stream_id = ?1 AND channel = ?2 AND first_time <= ?3 ORDER BY first_time DESC
                """)
        insert = try database.cachedStatement(
            sql: """
                INSERT INTO rollup_5m_pack
                    (stream_id, channel, first_time, last_time, points, usual, base, scale, buckets)
                VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)
                """)
        deletePack = try database.cachedStatement(sql: "DELETE FROM rollup_5m_pack WHERE id = ?1")
        let range = "stream_id = ?1 AND channel = ?2 AND time BETWEEN ?3 AND ?4"
        rows = try database.cachedStatement(
            sql: "SELECT \(RollupQueries.columns) FROM rollup_5m_row WHERE \(range) ORDER BY time")
        deleteRows = try database.cachedStatement(sql: "DELETE FROM rollup_5m_row WHERE \(range)")
        row = try RollupRows(database, .fiveMinutes)
    }

    /// Adds points that are summed up in these buckets, which are in the order of time.
    ///
    /// - Parameter whole: begins of buckets to which nothing but late points will come any more: they are packed if that
    ///   pays, with what is there of them already.
    func add(
        _ buckets: [RollupBucket], packing whole: ClosedRange<Int64>?, of stream: Int32, _ channel: Int32
    ) throws {
        guard let whole else { return try put(buckets, of: stream, channel) }
        let fresh = buckets.filter { whole.contains($0.start) }
        let old = try self.rows(in: whole, of: stream, channel)
        guard fresh.count + old.count >= Self.worthPacking else { return try put(buckets, of: stream, channel) }
        try put(buckets.filter { !whole.contains($0.start) }, of: stream, channel)
        var all = Self.merged(old, fresh)
        for pack in try packs(in: whole, of: stream, channel) {
            all = Self.merged(pack.buckets, all)
            try delete(pack.id)
        }
        if !old.isEmpty {
            bind(deleteRows, stream, channel, whole)
            try deleteRows.run()
        }
        try write(all, of: stream, channel)
    }

    /// Adds to the rows, or to the packs that have these buckets.
    private func put(_ buckets: [RollupBucket], of stream: Int32, _ channel: Int32) throws {
        guard let first = buckets.first, let last = buckets.last else { return }
        var rest = buckets
        for pack in try packs(in: first.start...last.start, of: stream, channel) {
            let range = pack.buckets[0].start...pack.buckets[pack.buckets.count - 1].start
            let inside = rest.filter { range.contains($0.start) }
            if inside.isEmpty { continue }
            rest.removeAll { range.contains($0.start) }
            try delete(pack.id)
            try write(Self.merged(pack.buckets, inside), of: stream, channel)
        }
        for bucket in rest { try row.add(bucket, of: stream, channel) }
    }

    /// Buckets of which neither rows nor packs are there.
    private func write(_ buckets: [RollupBucket], of stream: Int32, _ channel: Int32) throws {
        for segment in RollupPack.segments(of: buckets) {
            if segment.count < RollupPack.leastBuckets {
                for bucket in segment { try row.add(bucket, of: stream, channel) }
                continue
            }
            let pack = RollupPack(segment)
            insert.bind(stream, at: 1)
            insert.bind(channel, at: 2)
            insert.bind(pack.firstTime, at: 3)
            insert.bind(pack.lastTime, at: 4)
            insert.bind(pack.points, at: 5)
            insert.bind(pack.usual, at: 6)
            insert.bind(pack.base, at: 7)
            insert.bind(pack.scale, at: 8)
            try insert.bindingText(pack.text, at: 9) { try insert.run() }
        }
    }

    /// Those that have some of these buckets, the last one first.
    private func packs(
        in times: ClosedRange<Int64>, of stream: Int32, _ channel: Int32
    ) throws -> [(id: Int64, buckets: [RollupBucket])] {
        packs.bind(stream, at: 1)
        packs.bind(channel, at: 2)
        packs.bind(times.upperBound, at: 3)
        var found: [(Int64, [RollupBucket])] = []
        try packs.forEachRow { row in
            // They don't overlap each other.
            guard row.int64(1) >= times.lowerBound else { return false }
            found.append((row.int64(7), try RollupPack.buckets(in: row, of: stream)))
            return true
        }
        return found
    }

    private func rows(in times: ClosedRange<Int64>, of stream: Int32, _ channel: Int32) throws -> [RollupBucket] {
        bind(rows, stream, channel, times)
        var found: [RollupBucket] = []
        try rows.forEachRow {
            found.append(RollupQueries.bucket($0))
            return true
        }
        return found
    }

    private func delete(_ id: Int64) throws {
        deletePack.bind(id, at: 1)
        try deletePack.run()
    }

    private func bind(_ statement: Statement, _ stream: Int32, _ channel: Int32, _ times: ClosedRange<Int64>) {
        statement.bind(stream, at: 1)
        statement.bind(channel, at: 2)
        statement.bind(times.lowerBound, at: 3)
        statement.bind(times.upperBound, at: 4)
    }

    /// Both in the order of time, with one bucket for each begin.
    private static func merged(_ one: [RollupBucket], _ other: [RollupBucket]) -> [RollupBucket] {
        if one.isEmpty { return other }
        var merged: [RollupBucket] = []
        merged.reserveCapacity(one.count + other.count)
        var rest = other[...]
        for var bucket in one {
            while let next = rest.first, next.start < bucket.start { merged.append(rest.removeFirst()) }
            if let next = rest.first, next.start == bucket.start {
                bucket.add(next)
                rest.removeFirst()
            }
            merged.append(bucket)
        }
        return merged + rest
    }
}

/// Writes buckets that have a row each.
final class RollupRows {
    /// What becomes of a bucket that has a row already.
    enum Conflict {
        /// Points are added to it.
        case add
        /// The one of more points stays.
        case keepLarger
    }

    private let upsert: Statement

    init(_ database: Database, _ tier: RollupTier, _ conflict: Conflict = .add) throws {
        upsert = try database.cachedStatement(
            sql: """
                INSERT INTO \(tier.rowTable) (stream_id, channel, time, width, count, missing, anomalies, minimum, maximum,
                    mean, worst_score)
                VALUES (?1, ?2, ?3, \(tier.width / 1_000_000), ?4, ?5, ?6, ?7, ?8, ?9, ?10)
                ON CONFLICT (stream_id, channel, time) DO UPDATE SET
                    \(conflict == .add ? Self.sum : "\(Self.replacement) WHERE \(Self.size("excluded.")) > \(Self.size(""))")
                """)
    }

    private static let sum = """
        mean = coalesce(\(mean), mean, excluded.mean),
            count = count + excluded.count, missing = missing + excluded.missing,
            anomalies = anomalies + excluded.anomalies,
            minimum = coalesce(min(minimum, excluded.minimum), minimum, excluded.minimum),
            maximum = coalesce(max(maximum, excluded.maximum), maximum, excluded.maximum),
            worst_score = coalesce(max(worst_score, excluded.worst_score), worst_score, excluded.worst_score)
        """

    /// The columns of a row as those of the one that comes instead of it.
    static let replacement = """
        count = excluded.count, missing = excluded.missing, anomalies = excluded.anomalies,
            minimum = excluded.minimum, maximum = excluded.maximum, mean = excluded.mean,
            worst_score = excluded.worst_score
        """

    /// How many points a row stands for.
    static func size(_ row: String) -> String { "\(row)count + \(row)missing" }

    /// Two means as one. Equal ones stay what they are, but for such as the difference of two could be infinite of.
    private static let mean = """
        CASE WHEN max(abs(mean), abs(excluded.mean)) < 1e300
            THEN mean + (excluded.mean - mean) * (excluded.count * 1.0 / (count + excluded.count))
            ELSE mean * (count * 1.0 / (count + excluded.count))
                + excluded.mean * (excluded.count * 1.0 / (count + excluded.count)) END
        """

    func add(_ bucket: RollupBucket, of stream: Int32, _ channel: Int32) throws {
        upsert.bind(stream, at: 1)
        upsert.bind(channel, at: 2)
        upsert.bind(bucket.start, at: 3)
        upsert.bind(bucket.count, at: 4)
        upsert.bind(bucket.missing, at: 5)
        upsert.bind(bucket.anomalies, at: 6)
        upsert.bind(bucket.minimum, at: 7)
        upsert.bind(bucket.maximum, at: 8)
        upsert.bind(bucket.mean, at: 9)
        upsert.bind(bucket.worst, at: 10)
        try upsert.run()
    }
}
