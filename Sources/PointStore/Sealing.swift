import CPoints
import GRDB

/// Makes chunks of points. Runs inside a transaction of the caller's.
struct Sealing {
    /// Points of a row that is no whole chunk from which on the next ones have a row of their own.
    private static let partPoints = 128

    private let database: Database
    private let before: Statement
    private let insert: Statement
    private let delete: Statement
    private let rollups: RollupWriting
    private let meantime: () -> Void

    /// - Parameter meantime: see ``PointStore/meantime``.
    init(_ database: Database, meantime: @escaping () -> Void) throws {
        self.meantime = meantime
        self.database = database
        before = try database.cachedStatement(
            sql: """
                SELECT \(PackedQueries.Tier.chunk.columns), id FROM chunk
                WHERE stream_id = ?1 AND channel = ?2 AND first_time < ?3 ORDER BY first_time DESC
                """)
        insert = try database.cachedStatement(
            sql: """
                INSERT INTO chunk
                    (stream_id, channel, first_time, last_time, first_sequence, count, checksum, points)
                VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)
                """)
        delete = try database.cachedStatement(sql: "DELETE FROM chunk WHERE id = ?1")
        rollups = try RollupWriting(database)
    }

    /// Moves what is in `hot` into chunks, and adds to the roll-ups what they lack of those that are full now.
    ///
    /// - Parameter streams: the ids of those whose points are moved.
    /// - throws: `DatabaseError`; with `SQLITE_CORRUPT` if points are damaged.
    func sealHot(_ streams: ClosedRange<Int32>) throws {
        try HotRuns.forEach(database, streams: streams) { points, first, stream, channel in
            try append(points, from: first, to: stream, channel)
        }
        try rollups.finish()
        if streams == HotSlices.allStreams {
            // All of a table at once: SQLite frees its pages without looking at the rows.
            try database.execute(sql: "DELETE FROM hot")
        } else {
            try database.cachedStatement(sql: "DELETE FROM hot WHERE stream_id BETWEEN ? AND ?").execute(
                arguments: [streams.lowerBound, streams.upperBound])
        }
    }

    /// Moves points that have rows of their own into chunks: those of a file of an older version, or a salvaged one. Late
    /// ones stay where they are. The roll-ups have these points already, or are given them from their chunks; those of
    /// full chunks are packed.
    ///
    /// - Parameter limit: values after which no other stream is begun, so that the work is done bit by bit.
    func sealRows(limit: Int) throws {
        var (done, stream) = (0, Int64.min)
        while done < limit {
            // From one stream to the next along the key. Where all are late, little is read in vain: they are few.
            let next = try Row.fetchOne(
                database,
                sql: """
                    SELECT stream.id, stream.channels FROM stream WHERE id > ? AND EXISTS
                        (SELECT 1 FROM point_row WHERE stream_id = stream.id AND sequence > 0)
                    ORDER BY id LIMIT 1
                    """, arguments: [stream])
            guard let next else { return }
            stream = next[0]
            done += try sealRows(of: next[0], channels: next[1])
        }
    }

    private func sealRows(of stream: Int32, channels: Int) throws -> Int {
        let rows = try database.cachedStatement(
            sql: """
                SELECT time, sequence, value, prediction, lower, upper, residual, score, flags FROM point_row
                WHERE stream_id = ?1 AND channel = ?2 AND sequence > 0 ORDER BY time
                """)
        var sealed = 0
        for channel in 0..<Int32(max(1, channels)) {
            var run: [anomalyd_point] = []
            var first: Int64 = 0
            rows.bind(stream, at: 1)
            rows.bind(channel, at: 2)
            try rows.forEachRow { row in
                // Written chunk by chunk, for the sake of memory.
                if row.int64(1) != first + Int64(run.count) || run.count >= 16 * PointPacking.chunkPoints {
                    try append(run, from: first, to: stream, channel)
                    run.removeAll(keepingCapacity: true)
                    first = row.int64(1)
                }
                run.append(
                    anomalyd_point(
                        time: row.int64(0), value: row.double(2), prediction: row.double(3), lower: row.double(4),
                        upper: row.double(5), residual: row.double(6), score: row.double(7),
                        flags: UInt16(truncatingIfNeeded: row.int64(8))))
                sealed += 1
                return true
            }
            try append(run, from: first, to: stream, channel)
        }
        try rollups.finish()
        try database.execute(
            sql: "DELETE FROM point_row WHERE stream_id = ? AND sequence > 0", arguments: [stream])
        return sealed
    }

    /// Appends points of one channel to its chunks.
    ///
    /// The points of a chunk that is not full yet lie in several rows: were they in one, it would be written anew with
    /// every few points that come, and ten times until it is full.
    ///
    /// - Parameter first: sequence number of the first one; those of the others follow it.
    func append(_ points: [anomalyd_point], from first: Int64, to stream: Int32, _ channel: Int32) throws {
        if points.isEmpty { return }
        meantime()
        let end = take(points, from: 0, first: first)
        let isFull = first + Int64(end) - 1 == PointPacking.chunkEnd(of: first)
        var taken = Array(points[..<end])
        var sequence = first
        var replaced: [Int64] = []
        before.bind(stream, at: 1)
        before.bind(channel, at: 2)
        before.bind(points[0].time, at: 3)
        try before.forEachRow { row in
            let (begin, count) = (row.int64(1), row.int64(2))
            // Only those of the chunk in which the stream's next point lies.
            guard begin.addingClamped(count) == sequence, begin > 0,
                PointPacking.chunkEnd(of: begin) == PointPacking.chunkEnd(of: first),
                isFull || count < Self.partPoints
            else { return false }
            taken.insert(contentsOf: try PackedQueries.points(in: row, .chunk, of: stream), at: 0)
            sequence = begin
            replaced.append(row.int64(5))
            return isFull
        }
        for id in replaced {
            delete.bind(id, at: 1)
            try delete.run()
        }
        try write(taken, from: sequence, to: stream, channel)
        var start = end
        while start < points.count {
            let end = take(points, from: start, first: first)
            try write(Array(points[start..<end]), from: first + Int64(start), to: stream, channel)
            start = end
        }
    }

    /// Writes a row, and adds its points to the roll-ups if it is a full chunk.
    private func write(_ points: [anomalyd_point], from first: Int64, to stream: Int32, _ channel: Int32) throws {
        let chunk = PointPacking.chunk(of: points[...])
        insert.bind(stream, at: 1)
        insert.bind(channel, at: 2)
        insert.bind(points[0].time, at: 3)
        insert.bind(points[points.count - 1].time, at: 4)
        insert.bind(first, at: 5)
        insert.bind(Int64(points.count), at: 6)
        insert.bind(chunk.checksum, at: 7)
        try chunk.bytes.withUnsafeBytes { try insert.binding($0, at: 8) { try insert.run() } }
        guard first + Int64(points.count) - 1 == PointPacking.chunkEnd(of: first) else { return }
        try rollups.add(points, from: first, of: stream, channel, isWhole: true)
    }

    /// Where the chunk ends that `points[start]` is in.
    private func take(_ points: [anomalyd_point], from start: Int, first: Int64) -> Int {
        let sequence = first + Int64(start)
        return min(points.count, start + Int(PointPacking.chunkEnd(of: sequence) - sequence + 1))
    }
}
