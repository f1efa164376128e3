import CPoints
import GRDB

/// Makes chunks of points. Runs inside a transaction of the caller's.
struct Sealing {
    private let database: Database
    private let before: Statement
    private let insert: Statement
    private let update: Statement

    init(_ database: Database) throws {
        self.database = database
        before = try database.cachedStatement(
            sql: """
                SELECT \(PackedQueries.Tier.chunk.columns), id FROM chunk
                WHERE stream_id = ?1 AND channel = ?2 AND first_time < ?3 ORDER BY first_time DESC LIMIT 1
                """)
        insert = try database.cachedStatement(
            sql: """
                INSERT INTO chunk
                    (stream_id, channel, first_time, last_time, first_sequence, count, checksum, points)
                VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)
                """)
        update = try database.cachedStatement(
            sql: "UPDATE chunk SET last_time = ?2, count = ?3, checksum = ?4, points = ?5 WHERE id = ?1")
    }

    /// Moves all that is in `hot` into chunks, and adds to the roll-ups what they lack of it.
    ///
    /// - throws: `DatabaseError`; with `SQLITE_CORRUPT` if points are damaged.
    func sealHot() throws {
        let rollups = try RollupWriting(database)
        try HotRuns.forEach(database) { points, first, stream, channel in
            try append(points, from: first, to: stream, channel)
            try rollups.add(points, from: first, of: stream, channel)
        }
        try rollups.finish()
        // All of a table at once: SQLite frees its pages without looking at the rows.
        try database.execute(sql: "DELETE FROM hot")
    }

    /// Moves points that have rows of their own into chunks: those of a file of an older version, or a salvaged one. Late
    /// ones stay where they are. The roll-ups have these points already, or are given them from their chunks.
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
        try database.execute(
            sql: "DELETE FROM point_row WHERE stream_id = ? AND sequence > 0", arguments: [stream])
        return sealed
    }

    /// Appends points of one channel to its chunks.
    ///
    /// - Parameter first: sequence number of the first one; those of the others follow it.
    func append(_ points: [anomalyd_point], from first: Int64, to stream: Int32, _ channel: Int32) throws {
        if points.isEmpty { return }
        var start = 0
        before.bind(stream, at: 1)
        before.bind(channel, at: 2)
        before.bind(points[0].time, at: 3)
        var open: (id: Int64, points: [anomalyd_point])?
        try before.forEachRow { row in
            // Only the chunk in which the stream's next point lies is open.
            let end = row.int64(1) + row.int64(2)
            guard end == first, first <= PointPacking.chunkEnd(of: row.int64(1)) else { return false }
            open = (row.int64(5), try PackedQueries.points(in: row, .chunk, of: stream))
            return false
        }
        if var open {
            start = take(points, from: 0, first: first)
            open.points.append(contentsOf: points[..<start])
            let chunk = PointPacking.chunk(of: open.points[...])
            update.bind(open.id, at: 1)
            update.bind(points[start - 1].time, at: 2)
            update.bind(Int64(open.points.count), at: 3)
            update.bind(chunk.checksum, at: 4)
            try chunk.bytes.withUnsafeBytes { try update.binding($0, at: 5) { try update.run() } }
        }
        while start < points.count {
            let end = take(points, from: start, first: first)
            let chunk = PointPacking.chunk(of: points[start..<end])
            insert.bind(stream, at: 1)
            insert.bind(channel, at: 2)
            insert.bind(points[start].time, at: 3)
            insert.bind(points[end - 1].time, at: 4)
            insert.bind(first + Int64(start), at: 5)
            insert.bind(Int64(end - start), at: 6)
            insert.bind(chunk.checksum, at: 7)
            try chunk.bytes.withUnsafeBytes { try insert.binding($0, at: 8) { try insert.run() } }
            start = end
        }
    }

    /// Where the chunk ends that `points[start]` is in.
    private func take(_ points: [anomalyd_point], from start: Int, first: Int64) -> Int {
        let sequence = first + Int64(start)
        return min(points.count, start + Int(PointPacking.chunkEnd(of: sequence) - sequence + 1))
    }
}
