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
        var newestScore: Double
        var newestFlags: PointFlags
    }

    /// All streams, by id.
    static func streams(_ database: Database) throws -> [StreamRecord] {
        let statement = try database.cachedStatement(sql: "SELECT id, name, channels, created FROM stream ORDER BY id")
        var streams: [StreamRecord] = []
        try statement.forEachRow {
            streams.append(stream($0))
            return true
        }
        return streams
    }

    /// Names from `name` on, along their index.
    static func forEachName(_ database: Database, from name: String, _ body: (String) throws -> Bool) throws {
        let statement = try database.cachedStatement(sql: "SELECT name FROM stream WHERE name >= ?1 ORDER BY name")
        try statement.binding(name, at: 1) { try statement.forEachRow { try body($0.string(0)) } }
    }

    /// The bounds of the streams in `ids`, or of all for nil, by id. Streams without points are absent.
    ///
    /// Two look-ups in the key for each stream, and no scan: with one clustered table, its neighbours in the key are
    /// the ends of a stream.
    static func bounds(_ database: Database, ids: Set<Int32>?) throws -> [Bounds] {
        var bounds: [Bounds] = []
        let add: (Statement) -> Bool = { row in
            bounds.append(
                Bounds(
                    stream: stream(row), first: StreamPosition(sequence: row.int64(4), time: row.int64(5)),
                    newest: StreamPosition(sequence: row.int64(6), time: row.int64(7)), newestScore: row.double(8),
                    newestFlags: PointFlags(rawValue: UInt16(truncatingIfNeeded: row.int64(9)))))
            return true
        }
        let select = """
            SELECT stream.id, stream.name, stream.channels, stream.created, first.sequence, first.time,
                newest.sequence, newest.time, newest.score, newest.flags
            FROM stream
            JOIN point AS first ON first.stream_id = stream.id AND first.channel = 0 AND first.time =
                (SELECT time FROM point WHERE stream_id = stream.id ORDER BY time LIMIT 1)
            JOIN point AS newest ON newest.stream_id = stream.id AND newest.channel = 0 AND newest.time =
                (SELECT time FROM point WHERE stream_id = stream.id ORDER BY time DESC LIMIT 1)
            """
        guard let ids else {
            try database.cachedStatement(sql: select + " ORDER BY stream.id").forEachRow(add)
            return bounds
        }
        let statement = try database.cachedStatement(sql: select + " WHERE stream.id = ?1")
        for id in ids.sorted() {
            statement.bind(id, at: 1)
            try statement.forEachRow(add)
        }
        return bounds
    }

    static func newest(_ database: Database) throws -> [Int32: StreamPosition] {
        try bounds(database, ids: nil).reduce(into: [:]) { $0[$1.stream.id] = $1.newest }
    }

    /// By the bytes of the names. Streams without points are there too.
    static func summaries(
        _ database: Database, ids: Set<Int32>?, parts: StoreSchema.Parts
    ) throws -> [StreamSummary] {
        let pending = parts.contains(.late) ? try PendingQueries.counts(database) : [:]
        let late = parts.contains(.late) ? try lateCounts(database) : [:]
        let bounds = try bounds(database, ids: ids).reduce(into: [Int32: Bounds]()) { $0[$1.stream.id] = $1 }
        let values = try database.cachedStatement(
            sql: "SELECT value FROM point WHERE stream_id = ?1 AND time = ?2 ORDER BY channel")
        let anomalies = try database.cachedStatement(sql: "SELECT count(*) FROM anomaly WHERE stream_id = ?1 AND open")
        var summaries: [StreamSummary] = []
        for stream in try streams(database) where ids?.contains(stream.id) ?? true {
            var summary = StreamSummary(
                stream: stream, points: 0, firstTime: nil, lastTime: nil, lastValues: [], lastScore: .nan,
                openAnomalies: 0, pending: pending[stream.id] ?? 0)
            if let bounds = bounds[stream.id] {
                // Sequence numbers have no gaps, and late points are counted, so that nothing needs counting here.
                let first = try firstSequence(database, bounds)
                summary.points = bounds.newest.sequence - first + 1 + (late[stream.id] ?? 0)
                summary.firstTime = bounds.first.time
                summary.lastTime = bounds.newest.time
                summary.lastScore = bounds.newestScore
                if bounds.newestFlags.contains(.warmup) {
                    summary.warmingPoints = bounds.newest.sequence - (try lastReset(database, of: stream.id, parts))
                }
                values.bind(stream.id, at: 1)
                values.bind(bounds.newest.time, at: 2)
                try values.forEachRow {
                    summary.lastValues.append($0.double(0))
                    return true
                }
            }
            anomalies.bind(stream.id, at: 1)
            try anomalies.forEachRow {
                summary.openAnomalies = Int($0.int64(0))
                return false
            }
            summaries.append(summary)
        }
        return summaries.sorted { $0.stream.name.utf8.lexicographicallyPrecedes($1.stream.name.utf8) }
    }

    /// The sequence number of the first point that is not late.
    private static func firstSequence(_ database: Database, _ bounds: Bounds) throws -> Int64 {
        if bounds.first.sequence > 0 { return bounds.first.sequence }
        let statement = try database.cachedStatement(
            sql: "SELECT sequence FROM point WHERE stream_id = ?1 AND sequence > 0 ORDER BY time LIMIT 1")
        statement.bind(bounds.stream.id, at: 1)
        var sequence: Int64 = 1
        try statement.forEachRow {
            sequence = $0.int64(0)
            return false
        }
        return sequence
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
