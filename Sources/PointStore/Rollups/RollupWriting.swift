import CPoints
import GRDB

/// Adds points to the roll-ups, each once. Runs inside transactions of the caller's; belongs to one connection.
final class RollupWriting {
    private let upserts: [Statement]
    private let known: Statement
    private let extend: Statement
    /// The stream at hand, how far its roll-ups had come, and how far they come with what was added: the number and time
    /// of the last point.
    private var stream: Int32 = 0
    private var rolled: Int64?
    private var first: Int64 = 0
    private var last: (sequence: Int64, time: Int64)?

    init(_ database: Database) throws {
        upserts = try RollupTier.allCases.map { tier in
            try database.cachedStatement(
                sql: """
                    INSERT INTO \(tier.table) (stream_id, channel, time, width, count, missing, anomalies, minimum, maximum,
                        mean, worst_score)
                    VALUES (?1, ?2, ?3, \(tier.width / 1_000_000), ?4, ?5, ?6, ?7, ?8, ?9, ?10)
                    ON CONFLICT (stream_id, channel, time) DO UPDATE SET
                        mean = coalesce(\(Self.mean), mean, excluded.mean),
                        count = count + excluded.count, missing = missing + excluded.missing,
                        anomalies = anomalies + excluded.anomalies,
                        minimum = coalesce(min(minimum, excluded.minimum), minimum, excluded.minimum),
                        maximum = coalesce(max(maximum, excluded.maximum), maximum, excluded.maximum),
                        worst_score = coalesce(max(worst_score, excluded.worst_score), worst_score, excluded.worst_score)
                    """)
        }
        known = try database.cachedStatement(sql: "SELECT last_sequence FROM rolled WHERE stream_id = ?1")
        extend = try database.cachedStatement(
            sql: """
                INSERT INTO rolled (stream_id, first_sequence, last_sequence, last_time, behind) VALUES (?1, ?2, ?3, ?4, 0)
                ON CONFLICT (stream_id) DO UPDATE SET
                    last_sequence = excluded.last_sequence, last_time = excluded.last_time
                """)
    }

    /// Two means as one. Equal ones stay what they are, but for such as the difference of two could be infinite of.
    private static let mean = """
        CASE WHEN max(abs(mean), abs(excluded.mean)) < 1e300
            THEN mean + (excluded.mean - mean) * (excluded.count * 1.0 / (count + excluded.count))
            ELSE mean * (count * 1.0 / (count + excluded.count))
                + excluded.mean * (excluded.count * 1.0 / (count + excluded.count)) END
        """

    /// Adds those of some points that the roll-ups lack: all whose numbers are above the last one that they have. To be
    /// called with all channels of a stream one after the other, the points of each in their order; then ``finish()``.
    ///
    /// - Parameter first: sequence number of the first one; those of the others follow it.
    func add(_ points: [anomalyd_point], from first: Int64, of stream: Int32, _ channel: Int32) throws {
        guard let end = points.last else { return }
        if stream != self.stream { try begin(stream) }
        // Not `rolled + 1 - first`, which a damaged number could make overflow.
        let fresh = rolled.map { $0 < first ? 0 : Int(min($0 - first, Int64(points.count - 1)) + 1) } ?? 0
        if fresh == points.count { return }
        try sum(points, from: fresh, of: stream, channel)
        if last == nil { self.first = first + Int64(fresh) }
        let number = first + Int64(points.count) - 1
        if number > last?.sequence ?? .min { last = (number, end.time) }
    }

    /// Notes how far the last stream has come.
    func finish() throws {
        defer { (stream, rolled, last) = (0, nil, nil) }
        guard let last else { return }
        extend.bind(stream, at: 1)
        extend.bind(first, at: 2)
        extend.bind(last.sequence, at: 3)
        extend.bind(last.time, at: 4)
        try extend.run()
    }

    private func begin(_ stream: Int32) throws {
        try finish()
        self.stream = stream
        known.bind(stream, at: 1)
        try known.forEachRow {
            rolled = $0.int64(0)
            return false
        }
    }

    /// Adds points, whatever the roll-ups have already.
    ///
    /// - Parameter start: the place of the first one that is added.
    func sum(_ points: [anomalyd_point], from start: Int = 0, of stream: Int32, _ channel: Int32) throws {
        try points.withUnsafeBufferPointer { points in
            var hour: RollupBucket?
            var begin = start
            while begin < points.count {
                let bucket = RollupTier.fiveMinutes.start(of: points[begin].time)
                let next = bucket.addingReportingOverflow(RollupTier.fiveMinutes.width)
                let border = next.overflow ? .max : next.partialValue
                var end = begin + 1
                while end < points.count, points[end].time < border, points[end].time >= bucket { end += 1 }
                let five = RollupBucket(start: bucket, points[begin..<end])
                try add(five, to: .fiveMinutes, of: stream, channel)
                let start = RollupTier.oneHour.start(of: bucket)
                if let done = hour, done.start != start {
                    try add(done, to: .oneHour, of: stream, channel)
                    hour = nil
                }
                var sum = hour ?? RollupBucket(start: start)
                sum.add(five)
                hour = sum
                begin = end
            }
            if let hour { try add(hour, to: .oneHour, of: stream, channel) }
        }
    }

    private func add(_ bucket: RollupBucket, to tier: RollupTier, of stream: Int32, _ channel: Int32) throws {
        let upsert = upserts[tier == .fiveMinutes ? 0 : 1]
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
