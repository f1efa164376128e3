import CPoints
import GRDB

/// Adds points to the roll-ups, each once. Runs inside transactions of the caller's; belongs to one connection.
///
/// A commit adds none, and sealing those of whole chunks: the buckets of ten thousand streams lie all over the file, and
/// are written once for each chunk of a stream, not for every few points. What has come since is added every five minutes.
final class RollupWriting {
    private let packs: RollupPacks
    private let hours: RollupRows
    private let known: Statement
    private let extend: Statement
    private let open: Statement
    /// The stream at hand, how far its roll-ups had come, and how far they come with what was added: the number and time
    /// of the last point.
    private var stream: Int32 = 0
    private var rolled: Int64?
    private var first: Int64 = 0
    private var last: (sequence: Int64, time: Int64)?

    init(_ database: Database) throws {
        packs = try RollupPacks(database)
        hours = try RollupRows(database, .oneHour)
        known = try database.cachedStatement(sql: "SELECT last_sequence FROM rolled WHERE stream_id = ?1")
        extend = try database.cachedStatement(
            sql: """
                INSERT INTO rolled (stream_id, first_sequence, last_sequence, last_time, behind) VALUES (?1, ?2, ?3, ?4, 0)
                ON CONFLICT (stream_id) DO UPDATE SET
                    last_sequence = excluded.last_sequence, last_time = excluded.last_time
                """)
        open = try database.cachedStatement(
            sql: """
                SELECT \(PackedQueries.Tier.chunk.columns) FROM chunk WHERE stream_id = ?1 AND channel = ?2
                ORDER BY first_time DESC
                """)
    }

    /// Adds those of some points that the roll-ups lack: all whose numbers are above the last one that they have. To be
    /// called with all channels of a stream one after the other, the points of each in their order; then ``finish()``.
    ///
    /// - Parameters:
    ///   - first: sequence number of the first one; those of the others follow it.
    ///   - isWhole: whether they are a whole chunk, whose buckets are packed then.
    func add(
        _ points: [anomalyd_point], from first: Int64, of stream: Int32, _ channel: Int32, isWhole: Bool = false
    ) throws {
        guard let end = points.last else { return }
        if stream != self.stream { try begin(stream) }
        // Not `rolled + 1 - first`, which a damaged number could make overflow.
        let fresh = rolled.map { $0 < first ? 0 : Int(min($0 - first, Int64(points.count - 1)) + 1) } ?? 0
        if fresh == points.count, !isWhole { return }
        try sum(points, from: fresh, of: stream, channel, isWhole: isWhole)
        if fresh == points.count { return }
        if last == nil { self.first = first + Int64(fresh) }
        let number = first + Int64(points.count) - 1
        if number > last?.sequence ?? .min { last = (number, end.time) }
    }

    /// Adds those points of the stream's newest chunk that the roll-ups lack, as ``add(_:from:of:_:isWhole:)`` does. All
    /// before it are in the roll-ups, as they are when a chunk is full. Damaged ones are passed over: what becomes of them
    /// is for those to say who need them.
    func addNewestChunk(of stream: Int32, channels: Int32) throws {
        if stream != self.stream { try begin(stream) }
        var found: [(channel: Int32, first: Int64, points: [anomalyd_point])] = []
        var isDamaged = false
        for channel in 0..<channels {
            open.bind(stream, at: 1)
            open.bind(channel, at: 2)
            let others = found.count
            try open.forEachRow { row in
                let (first, count) = (row.int64(1), row.int64(2))
                guard first > 0, first.addingClamped(count - 1) > rolled ?? 0 else { return false }
                let points = PointPacking.points(ofChunk: row.bytes(3), count: count, checksum: row.int64(4))
                guard let points else {
                    isDamaged = true
                    return false
                }
                // In the order of time.
                found.insert((channel, first, points), at: others)
                return true
            }
        }
        if isDamaged { return }
        for it in found { try add(it.points, from: it.first, of: stream, it.channel) }
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
    /// - Parameters:
    ///   - start: the place of the first one that is added.
    ///   - isWhole: whether the points are a whole chunk.
    func sum(
        _ points: [anomalyd_point], from start: Int = 0, of stream: Int32, _ channel: Int32, isWhole: Bool = false
    ) throws {
        let (fine, coarse) = points.withUnsafeBufferPointer { Self.buckets(of: $0, from: start) }
        for bucket in coarse { try hours.add(bucket, of: stream, channel) }
        // The buckets at both ends have points of the chunks beside it.
        var whole: ClosedRange<Int64>?
        if isWhole, let first = points.first, let last = points.last {
            let tier = RollupTier.fiveMinutes
            let (low, high) = (tier.start(of: first.time), tier.start(of: last.time))
            if low < high, UInt64(bitPattern: high &- low) >= UInt64(2 * tier.width) {
                whole = low + tier.width...high - tier.width
            }
        }
        try packs.add(fine, packing: whole, of: stream, channel)
    }

    private static func buckets(
        of points: UnsafeBufferPointer<anomalyd_point>, from start: Int
    ) -> (fine: [RollupBucket], coarse: [RollupBucket]) {
        var (fine, coarse): ([RollupBucket], [RollupBucket]) = ([], [])
        var begin = start
        while begin < points.count {
            let bucket = RollupTier.fiveMinutes.start(of: points[begin].time)
            let next = bucket.addingReportingOverflow(RollupTier.fiveMinutes.width)
            let border = next.overflow ? .max : next.partialValue
            var end = begin + 1
            while end < points.count, points[end].time < border, points[end].time >= bucket { end += 1 }
            let five = RollupBucket(start: bucket, points[begin..<end])
            fine.append(five)
            let hour = RollupTier.oneHour.start(of: bucket)
            if coarse.last?.start != hour { coarse.append(RollupBucket(start: hour)) }
            coarse[coarse.count - 1].add(five)
            begin = end
        }
        return (fine, coarse)
    }
}
