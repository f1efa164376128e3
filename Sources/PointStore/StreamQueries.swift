import AnomalyDetection
import GRDB

/// What writer and reader both ask of the stream table. Each runs inside a read of the caller's.
enum StreamQueries {
    /// The first and the newest point of a stream. The first one may be a late point; the newest is none, as late points
    /// have later ones.
    struct Bounds {
        var stream: StreamRecord
        var first: StreamPosition
        var newest: StreamPosition
    }

    /// Those of the streams in `ids` that there are, by id; all for nil.
    static func streams(_ database: Database, ids: Set<Int32>? = nil) throws -> [StreamRecord] {
        var streams: [StreamRecord] = []
        try forEach(database, ids: ids) { streams.append($0) }
        return streams
    }

    /// Calls `body` with each of the streams in `ids` that there are, by id; with all for nil.
    ///
    /// A few are looked up, so that a question about one stream does not read the names of a hundred thousand.
    private static func forEach(
        _ database: Database, ids: Set<Int32>?, _ body: (StreamRecord) throws -> Void
    ) throws {
        guard let ids, ids.count <= mostLookedUp else {
            let all = try database.cachedStatement(sql: "SELECT id, name, channels, created FROM stream ORDER BY id")
            return try all.forEachRow { row in
                if ids?.contains(row.int32(0)) ?? true { try body(stream(row)) }
                return true
            }
        }
        let statement = try database.cachedStatement(
            sql: "SELECT id, name, channels, created FROM stream WHERE id = ?1")
        for id in ids.sorted() {
            statement.bind(id, at: 1)
            try statement.forEachRow {
                try body(stream($0))
                return false
            }
        }
    }

    private static let mostLookedUp = 256

    /// The stream of that name, compared byte by byte; nil if there is none.
    static func stream(_ database: Database, named name: String) throws -> StreamRecord? {
        let statement = try database.cachedStatement(
            sql: "SELECT id, name, channels, created FROM stream WHERE name = ?1")
        var found: StreamRecord?
        try statement.binding(name, at: 1) {
            try statement.forEachRow {
                found = stream($0)
                return false
            }
        }
        return found
    }

    /// Names from `name` on, along their index.
    static func forEachName(_ database: Database, from name: String, _ body: (String) throws -> Bool) throws {
        let statement = try database.cachedStatement(sql: "SELECT name FROM stream WHERE name >= ?1 ORDER BY name")
        try statement.binding(name, at: 1) { try statement.forEachRow { try body($0.string(0)) } }
    }

    /// The bounds of the streams in `ids`, or of all for nil, by id. Streams without points are absent.
    ///
    /// A few look-ups for each stream, and no scan.
    static func bounds(
        _ database: Database, ids: Set<Int32>?, parts: StoreSchema.Parts
    ) throws -> [Bounds] {
        var bounds: [Bounds] = []
        try forEach(database, ids: ids) { stream in
            if let found = try self.bounds(database, of: stream, parts: parts) { bounds.append(found) }
        }
        return bounds
    }

    /// Nil for a stream without points.
    private static func bounds(
        _ database: Database, of stream: StreamRecord, parts: StoreSchema.Parts
    ) throws -> Bounds? {
        guard let newest = try newest(database, of: stream.id, parts: parts) else { return nil }
        let packed = parts.contains(.packed) ? try PackedQueries.first(database, of: stream.id) : nil
        let row = try end(database, of: stream.id, parts.rowTable, "ASC", isLate: true)
        let first = [packed, row].compactMap(\.self).min { $0.time < $1.time } ?? newest
        return Bounds(stream: stream, first: first, newest: newest)
    }

    /// How far a stream has come; nil if it has no points.
    static func newest(
        _ database: Database, of stream: Int32, parts: StoreSchema.Parts
    ) throws -> StreamPosition? {
        if parts.contains(.packed), let packed = try PackedQueries.newest(database, of: stream) { return packed }
        return try end(database, of: stream, parts.rowTable, "DESC", isLate: false)
    }

    /// The oldest stored point that is not late; nil if there is none. Points before it may have expired.
    static func oldest(
        _ database: Database, of stream: Int32, parts: StoreSchema.Parts
    ) throws -> StreamPosition? {
        if let row = try end(database, of: stream, parts.rowTable, "ASC", isLate: false) { return row }
        return parts.contains(.packed) ? try PackedQueries.first(database, of: stream) : nil
    }

    /// How far each stream has come; streams without points are absent.
    static func newest(_ database: Database, parts: StoreSchema.Parts) throws -> [Int32: StreamPosition] {
        try streams(database).reduce(into: [:]) { $0[$1.id] = try newest(database, of: $1.id, parts: parts) }
    }

    /// The first or last point of a stream that has rows of its own.
    ///
    /// - Parameter isLate: whether it may be one that came late.
    private static func end(
        _ database: Database, of stream: Int32, _ table: String, _ direction: String, isLate: Bool
    ) throws -> StreamPosition? {
        let statement = try database.cachedStatement(
            sql: """
                SELECT sequence, time FROM \(table) WHERE stream_id = ?1 \(isLate ? "" : "AND sequence > 0")
                ORDER BY time \(direction) LIMIT 1
                """)
        statement.bind(stream, at: 1)
        var position: StreamPosition?
        try statement.forEachRow {
            position = StreamPosition(sequence: $0.int64(0), time: $0.int64(1))
            return false
        }
        return position
    }

    /// Calls `body` with a summary of each of the streams in `ids`, or of all for nil, by id. Streams without points are
    /// there too.
    ///
    /// One at a time, as those of a hundred thousand are not to be in memory together.
    static func forEachSummary(
        _ database: Database, ids: Set<Int32>?, parts: StoreSchema.Parts, _ body: (StreamSummary) throws -> Void
    ) throws {
        let pending = parts.contains(.late) ? try PendingQueries.counts(database) : [:]
        let late = parts.contains(.late) ? try lateCounts(database) : [:]
        let anomalies = try database.cachedStatement(sql: "SELECT count(*) FROM anomaly WHERE stream_id = ?1 AND open")
        try forEach(database, ids: ids) { stream in
            var summary = StreamSummary(
                stream: stream, points: 0, firstTime: nil, lastTime: nil, lastValues: [], lastScore: .nan,
                openAnomalies: 0, pending: pending[stream.id] ?? 0)
            if let bounds = try bounds(database, of: stream, parts: parts) {
                // Sequence numbers have no gaps, and late points are counted, so that nothing needs counting here.
                let first = try firstSequence(database, bounds, parts)
                summary.points = bounds.newest.sequence - first + 1 + (late[stream.id] ?? 0)
                summary.firstTime = bounds.first.time
                summary.lastTime = bounds.newest.time
                if let last = try newestPoint(database, bounds, parts) {
                    summary.lastScore = last.score
                    if last.flags.contains(.warmup) {
                        summary.warmingPoints = bounds.newest.sequence - (try lastReset(database, of: stream.id, parts))
                    }
                    summary.lastValues = last.channels.map(\.value)
                }
            }
            anomalies.bind(stream.id, at: 1)
            try anomalies.forEachRow {
                summary.openAnomalies = Int($0.int64(0))
                return false
            }
            try body(summary)
        }
    }

    private static func newestPoint(
        _ database: Database, _ bounds: Bounds, _ parts: StoreSchema.Parts
    ) throws -> StoredPoint? {
        let request = PageRequest(
            stream: bounds.stream.id, channels: bounds.stream.channels, from: bounds.newest.time,
            to: bounds.newest.time, order: .newestFirst, points: 1, isWanted: { _, _ in true })
        return try PointPage(database, request, parts: parts).points.first
    }

    /// The sequence number of the first point that is not late.
    private static func firstSequence(
        _ database: Database, _ bounds: Bounds, _ parts: StoreSchema.Parts
    ) throws -> Int64 {
        if bounds.first.sequence > 0 { return bounds.first.sequence }
        return try oldest(database, of: bounds.stream.id, parts: parts)?.sequence ?? 1
    }

    /// The sequence number behind which the stream's model began anew last; 0 if it never did.
    private static func lastReset(
        _ database: Database, of stream: Int32, _ parts: StoreSchema.Parts
    ) throws -> Int64 {
        guard parts.contains(.steering) else { return 0 }
        let statement = try database.cachedStatement(
            sql: "SELECT ifnull(max(sequence), 0) FROM feedback WHERE stream_id = ?1 AND action = 'reset'")
        statement.bind(stream, at: 1)
        var sequence: Int64 = 0
        try statement.forEachRow {
            sequence = $0.int64(0)
            return false
        }
        return sequence
    }

    /// Late points that were kept, of each stream that has some.
    private static func lateCounts(_ database: Database) throws -> [Int32: Int64] {
        var counts: [Int32: Int64] = [:]
        try database.cachedStatement(sql: "SELECT id, late FROM stream WHERE late > 0").forEachRow {
            counts[$0.int32(0)] = $0.int64(1)
            return true
        }
        return counts
    }

    private static func stream(_ row: Statement) -> StreamRecord {
        StreamRecord(id: row.int32(0), name: row.string(1), channels: Int(row.int64(2)), created: row.int64(3))
    }
}
