import CPoints
import GRDB

/// Adds the chunks of an older version to the roll-ups, of each stream the newest first. Runs inside transactions of the
/// caller's.
struct RollupBackfill {
    /// The stream at hand, and the time before which its next chunk begins; nil before its first.
    private var stream = Int32.min
    private var border: Int64?
    /// Whether some stream waits until points that have rows of their own are in chunks.
    private(set) var isWaiting = false

    /// Goes on with it until `isOver` says that it is enough for now.
    ///
    /// - returns: Whether there is more to do at once.
    mutating func step(_ database: Database, isOver: () -> Bool) throws -> Bool {
        let rollups = try RollupWriting(database)
        repeat {
            guard let next = try next(database) else {
                defer { (stream, border) = (.min, nil) }
                return false
            }
            if next.stream != stream { (stream, border) = (next.stream, nil) }
            guard let chunk = try chunk(database, next) else {
                try end(database)
                continue
            }
            try add(chunk, next, database, rollups)
            border = chunk.time
        } while !isOver()
        return true
    }

    /// A stream whose roll-ups lack older points, its width, and the number of the first point that they have.
    private typealias Behind = (stream: Int32, channels: Int32, first: Int64)

    private func next(_ database: Database) throws -> Behind? {
        let statement = try database.cachedStatement(
            sql: """
                SELECT rolled.stream_id, stream.channels, rolled.first_sequence
                FROM rolled JOIN stream ON stream.id = rolled.stream_id
                WHERE rolled.behind AND rolled.stream_id >= ?1 ORDER BY rolled.stream_id LIMIT 1
                """)
        statement.bind(stream, at: 1)
        var next: Behind?
        try statement.forEachRow {
            next = ($0.int32(0), max(1, $0.int32(1)), $0.int64(2))
            return false
        }
        return next
    }

    /// Time and number of the first point of the newest chunk that the roll-ups lack, or a part of it.
    private func chunk(_ database: Database, _ next: Behind) throws -> (time: Int64, sequence: Int64)? {
        let statement = try database.cachedStatement(
            sql: """
                SELECT first_time, first_sequence FROM chunk
                WHERE stream_id = ?1 AND channel = 0 AND first_time < ?2 AND first_sequence < ?3
                ORDER BY first_time DESC LIMIT 1
                """)
        statement.bind(next.stream, at: 1)
        statement.bind(border ?? .max, at: 2)
        statement.bind(next.first, at: 3)
        var chunk: (Int64, Int64)?
        try statement.forEachRow {
            chunk = ($0.int64(0), $0.int64(1))
            return false
        }
        return chunk
    }

    private func add(
        _ chunk: (time: Int64, sequence: Int64), _ next: Behind, _ database: Database, _ rollups: RollupWriting
    ) throws {
        let rows = try database.cachedStatement(
            sql: """
                SELECT \(PackedQueries.Tier.chunk.columns), channel FROM chunk
                WHERE stream_id = ?1 AND channel = ?2 AND first_time = ?3
                """)
        for channel in 0..<next.channels {
            rows.bind(next.stream, at: 1)
            rows.bind(channel, at: 2)
            rows.bind(chunk.time, at: 3)
            try rows.forEachRow { row in
                // Damaged points are passed over: what becomes of them is for those to say who need them.
                let points = PointPacking.points(ofChunk: row.bytes(3), count: row.int64(2), checksum: row.int64(4))
                guard let points, chunk.sequence > 0, next.first > chunk.sequence else { return false }
                let count = Int(min(next.first - chunk.sequence, Int64(points.count)))
                try rollups.sum(Array(points[..<count]), of: next.stream, channel, isWhole: true)
                return false
            }
        }
        let statement = try database.cachedStatement(
            sql: "UPDATE rolled SET first_sequence = ?2 WHERE stream_id = ?1")
        statement.bind(next.stream, at: 1)
        statement.bind(chunk.sequence, at: 2)
        try statement.run()
    }

    /// The stream has no more chunks that are not added: it is done, unless some of its points have yet to go into one.
    private mutating func end(_ database: Database) throws {
        let done = try database.cachedStatement(
            sql: """
                UPDATE rolled SET behind = 0 WHERE stream_id = ?1
                    AND NOT EXISTS (SELECT 1 FROM point_row WHERE stream_id = ?1 AND sequence > 0)
                """)
        done.bind(stream, at: 1)
        try done.run()
        if done.changes == 0 { isWaiting = true }
        stream += 1
        border = nil
    }
}
