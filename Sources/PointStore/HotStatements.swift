import GRDB

/// The prepared statements for new points. Belongs to one connection and is used on its queue only.
final class HotStatements {
    private let insert: Statement
    private let newest: [Statement]
    private let connection: SQLiteConnection?
    private let meantime: () -> Void
    private var row = HotRow()
    private var known = NewestTimes()

    /// - Parameter meantime: see ``PointStore/meantime``.
    init(_ database: Database, meantime: @escaping () -> Void) throws {
        self.meantime = meantime
        insert = try database.makeStatement(
            sql: """
                INSERT INTO hot (stream_id, channel, first_time, last_time, first_sequence, count, step, points)
                VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)
                """)
        newest = try [
            "SELECT last_time FROM hot WHERE stream_id = ?1 AND channel = ?2 ORDER BY first_time DESC LIMIT 1",
            "SELECT last_time FROM chunk WHERE stream_id = ?1 AND channel = ?2 ORDER BY first_time DESC LIMIT 1",
            // Those of an older version; or late ones, which are not after others.
            "SELECT time FROM point_row WHERE stream_id = ?1 ORDER BY time DESC LIMIT 1",
        ].map { try database.makeStatement(sql: $0) }
        connection = database.sqliteConnection
    }

    /// Writes points that are sorted as ``Commit/sortPoints()`` does.
    ///
    /// - returns: rows that they are now, by their streams.
    /// - throws: A ``StoreError`` with the cause `conflict` if a point is not after the stream's newest one.
    func write(_ points: [PointRow], path: String) throws -> HotSlices {
        var rows = HotSlices()
        var start = 0
        // Of the channel at hand: the newest time so far, and before these points.
        var channel: (stream: Int32, channel: Int32, time: Int64, before: Int64)?
        while start < points.count {
            let first = points[start]
            if first.stream != channel?.stream || first.channel != channel?.channel {
                let before: Int64
                if let channel, channel.stream == first.stream {
                    before = channel.before
                } else {
                    before = try known.time(of: first.stream) ?? newestTime(first.stream, first.channel)
                }
                channel = (first.stream, first.channel, before, before)
            }
            var end = start
            repeat {
                guard points[end].time > channel?.time ?? .min else { throw conflict(points[end], path) }
                channel?.time = points[end].time
                end += 1
            } while end < points.count
                && !HotRow.isBorder(points[end - 1], points[end], count: end - start)
            meantime()
            row.assign(points[start..<end])
            // The message is made only when it is needed: this runs for every stream.
            do { try run() } catch { try CommitStatements.naming(name(first), path, on: connection) { throw error } }
            rows.add(rows: 1, values: end - start, of: first.stream)
            known.note(points[end - 1].time, of: first.stream)
            start = end
        }
        return rows
    }

    /// What was written last was taken back.
    func forget() { known = NewestTimes() }

    private func newestTime(_ stream: Int32, _ channel: Int32) throws -> Int64 {
        for statement in newest {
            statement.bind(stream, at: 1)
            if statement !== newest.last { statement.bind(channel, at: 2) }
            var time: Int64?
            try statement.forEachRow {
                time = $0.int64(0)
                return false
            }
            if let time { return time }
        }
        return .min
    }

    private func run() throws {
        insert.bind(row.stream, at: 1)
        insert.bind(row.channel, at: 2)
        insert.bind(row.firstTime, at: 3)
        insert.bind(row.lastTime, at: 4)
        insert.bind(row.firstSequence, at: 5)
        insert.bind(Int64(row.count), at: 6)
        insert.bind(row.step, at: 7)
        try insert.bindingText(row.text, at: 8) { try insert.run() }
    }

    private func name(_ row: PointRow) -> String {
        "channel \(row.channel) of point \(row.sequence) of stream \(row.stream), time \(row.time)"
    }

    private func conflict(_ row: PointRow, _ path: String) -> StoreError {
        StoreError(
            operation: "commit to", path: path, cause: .conflict,
            detail: "\(name(row)): the stream has a point of that time, or a later one")
    }
}
