import AnomalyDetection
import CPoints
import GRDB

/// Reading the tables `chunk` and `hot`. Each runs inside a read of the caller's. All points of a stream that are in
/// `chunk` come before those in `hot`.
enum PackedQueries {
    enum Tier: String, CaseIterable {
        case chunk, hot

        /// What ``points(in:_:of:)`` reads; other columns may follow, from number 5 on.
        var columns: String {
            "first_time, first_sequence, count, points, " + (self == .chunk ? "checksum" : "step")
        }
    }

    /// Calls `body` with the points of each row that may have some in `times`, in the order of time, until it returns
    /// false. The first and the last one may have others, too.
    ///
    /// - Throws: `DatabaseError` with `SQLITE_CORRUPT` where points are damaged.
    static func forEach(
        _ database: Database, of stream: Int32, channels: Int, times: ClosedRange<Int64>,
        order: TimeOrder = .oldestFirst, _ body: (PackedPoints) throws -> Bool
    ) throws {
        var goesOn = true
        for tier in order == .oldestFirst ? [Tier.chunk, .hot] : [.hot, .chunk] where goesOn {
            let direction = order == .oldestFirst ? "ASC" : "DESC"
            let rows = try database.cachedStatement(
                sql: """
                    SELECT \(tier.columns) FROM \(tier.rawValue)
                    WHERE stream_id = ?1 AND channel = 0 AND first_time <= ?3 AND first_time >= ifnull((
                        SELECT max(first_time) FROM \(tier.rawValue)
                        WHERE stream_id = ?1 AND channel = 0 AND first_time <= ?2), ?2)
                    ORDER BY first_time \(direction)
                    """)
            rows.bind(stream, at: 1)
            rows.bind(times.lowerBound, at: 2)
            rows.bind(times.upperBound, at: 3)
            try rows.forEachRow { row in
                var packed = PackedPoints(
                    firstSequence: row.int64(1), channels: [try points(in: row, tier, of: stream)])
                for channel in 1..<max(1, channels) {
                    packed.channels.append(
                        try points(
                            database, tier, of: stream, channel: channel, at: row.int64(0), expecting: packed.count))
                }
                goesOn = try body(packed)
                return goesOn
            }
        }
    }

    /// Calls `body` with the points of each row that may have some with a larger sequence number, in their order, until it
    /// returns false.
    static func forEach(
        _ database: Database, of stream: Int32, channels: Int, after sequence: Int64,
        _ body: (PackedPoints) throws -> Bool
    ) throws {
        var from = Int64.min
        if sequence > 0 { from = try start(database, of: stream, after: sequence) }
        try forEach(database, of: stream, channels: channels, times: from...Int64.max, body)
    }

    /// The time from which on the points after a sequence number are read.
    private static func start(_ database: Database, of stream: Int32, after sequence: Int64) throws -> Int64 {
        // Restarts replay the newest points only, so that the way back from the end is short.
        var from = Int64.max
        for tier in [Tier.hot, .chunk] {
            let back = try database.cachedStatement(
                sql: """
                    SELECT first_time, first_sequence FROM \(tier.rawValue) WHERE stream_id = ?1 AND channel = 0
                    ORDER BY first_time DESC
                    """)
            back.bind(stream, at: 1)
            var isFound = false
            try back.forEachRow { row in
                from = row.int64(0)
                isFound = row.int64(1) <= sequence + 1
                return !isFound
            }
            if isFound { break }
        }
        return from
    }

    /// Whether a stream has a point of this time in these tables.
    static func contains(_ database: Database, stream: Int32, time: Int64) throws -> Bool {
        var isThere = false
        try forEach(database, of: stream, channels: 1, times: time...time) { packed in
            let index = packed.firstIndex(notBefore: time)
            isThere = index < packed.count && packed.time(at: index) == time
            return !isThere
        }
        return isThere
    }

    /// The first stored point of a stream in these tables; nil if there is none.
    static func first(_ database: Database, of stream: Int32) throws -> StreamPosition? {
        for tier in Tier.allCases {
            let position = try position(
                database, of: stream,
                "SELECT first_sequence, first_time FROM \(tier.rawValue) WHERE stream_id = ?1 AND channel = 0 "
                    + "ORDER BY first_time LIMIT 1")
            if let position { return position }
        }
        return nil
    }

    /// The newest one.
    static func newest(_ database: Database, of stream: Int32) throws -> StreamPosition? {
        for tier in [Tier.hot, .chunk] {
            let position = try position(
                database, of: stream,
                "SELECT first_sequence + count - 1, last_time FROM \(tier.rawValue) WHERE stream_id = ?1 "
                    + "AND channel = 0 ORDER BY first_time DESC LIMIT 1")
            if let position { return position }
        }
        return nil
    }

    /// The row of one channel that begins at this time.
    static func points(
        _ database: Database, _ tier: Tier, of stream: Int32, channel: Int, at time: Int64, expecting count: Int
    ) throws -> [anomalyd_point] {
        let statement = try database.cachedStatement(
            sql:
                "SELECT \(tier.columns) FROM \(tier.rawValue) WHERE stream_id = ?1 AND channel = ?2 AND first_time = ?3"
        )
        statement.bind(stream, at: 1)
        statement.bind(Int64(channel), at: 2)
        statement.bind(time, at: 3)
        var found: [anomalyd_point]?
        try statement.forEachRow {
            found = try points(in: $0, tier, of: stream)
            return false
        }
        guard let found, found.count == count else {
            throw PointPacking.damaged(tier.rawValue, of: stream, at: time)
        }
        return found
    }

    /// - Parameter row: one with the columns of the tier first.
    static func points(in row: Statement, _ tier: Tier, of stream: Int32) throws -> [anomalyd_point] {
        let points =
            switch tier {
            case .chunk: PointPacking.points(ofChunk: row.bytes(3), count: row.int64(2), checksum: row.int64(4))
            case .hot:
                PointPacking.points(
                    ofHot: row.bytes(3), count: row.int64(2), firstTime: row.int64(0), step: row.double(4))
            }
        guard let points, points[0].time == row.int64(0) else {
            throw PointPacking.damaged(tier.rawValue, of: stream, at: row.int64(0))
        }
        return points
    }

    private static func position(
        _ database: Database, of stream: Int32, _ sql: String
    ) throws -> StreamPosition? {
        let statement = try database.cachedStatement(sql: sql)
        statement.bind(stream, at: 1)
        var position: StreamPosition?
        try statement.forEachRow {
            position = StreamPosition(sequence: $0.int64(0), time: $0.int64(1))
            return false
        }
        return position
    }
}
