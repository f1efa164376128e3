import AnomalyDetection
import GRDB

/// The points of one stream in a merge, read page by page along the key.
struct PointSource {
    let stream: Int32
    private let channels: Int
    private let order: TimeOrder
    /// The times that are still to be read, both inclusive; empty if `from` is after `to`.
    private var from: Int64
    private var to: Int64
    /// Matching points of the last page, those from `index` on not handed out yet.
    private var page: [StoredPoint] = []
    private var index = 0
    /// False: no point has hindsight, and it costs nothing.
    private(set) var hasHindsight = false
    /// Rows that the next page may scan, and that the largest may.
    private var rows = 0
    private var maximumRows = 0

    /// Nil if no point of the stream can match.
    init?(_ bounds: StreamQueries.Bounds, query: PointQuery) {
        if query.filter?.excludes(bounds.stream.id) == true { return nil }
        stream = bounds.stream.id
        channels = max(1, bounds.stream.channels)
        order = query.order
        from = max(bounds.first.time, query.since ?? .min)
        if let after = query.after[stream] {
            if after >= bounds.newest.time { return nil }
            from = max(from, after + 1)
        }
        to = bounds.newest.time
        if let until = query.until {
            if until <= bounds.first.time { return nil }
            to = min(to, until - 1)
        }
        if from > to { return nil }
    }

    /// Pages hold whole points.
    mutating func setPages(first points: Int, rows: Int) {
        maximumRows = max(1, rows / channels) * channels
        self.rows = min(points * channels, maximumRows)
    }

    /// To be called before the first page.
    mutating func lookForHindsight(_ database: Database) throws {
        hasHindsight = try HindsightQueries.exists(database, of: stream, in: from...to)
    }

    var isFinished: Bool { index == page.count && from > to }

    /// The time of the next point if it has been read, else one that it cannot lie before (in the query's order).
    var nextTime: Int64 {
        if index < page.count { return page[index].time }
        return order == .oldestFirst ? from : to
    }

    /// The next point of the page; nil if the page is used up.
    mutating func takeFirst() -> StoredPoint? {
        if index == page.count { return nil }
        defer { index += 1 }
        return page[index]
    }

    /// Replaces the page with the next one. It may be empty although more follow: a page is a number of rows that are
    /// looked at, so that a rare match does not make one read long.
    mutating func load(_ database: Database, query: PointQuery) throws {
        page.removeAll(keepingCapacity: true)
        index = 0
        let direction = order == .oldestFirst ? "ASC" : "DESC"
        let (columns, join) =
            hasHindsight
            ? (
                ", hindsight.score, anomaly, hindsight.prediction",
                "LEFT JOIN hindsight USING (stream_id, time, channel)"
            )
            : ("", "")
        let statement = try database.cachedStatement(
            sql: """
                SELECT point.time, flags, point.score, sequence, value, point.prediction, point.lower, point.upper,
                    point.residual\(columns)
                FROM point \(join)
                WHERE point.stream_id = ?1 AND point.time BETWEEN ?2 AND ?3
                ORDER BY point.time \(direction), point.channel \(direction) LIMIT ?4
                """)
        statement.bind(stream, at: 1)
        statement.bind(from, at: 2)
        statement.bind(to, at: 3)
        statement.bind(Int64(rows), at: 4)

        var seen = 0
        var last: Int64?
        var isWanted = false
        try statement.forEachRow { row in
            seen += 1
            let time = row.int64(0)
            if time != last {
                finishPoint(isWanted)
                last = time
                isWanted = matches(row, query)
                if isWanted { appendPoint(row) }
            }
            if isWanted { appendChannel(row) }
            return true
        }
        finishPoint(isWanted)

        if seen < rows {
            (from, to) = (1, 0)
        } else if let last {
            // `last` is within from...to, so that neither step can overflow unless nothing is left.
            if last == (order == .oldestFirst ? to : from) {
                (from, to) = (1, 0)
            } else if order == .oldestFirst {
                from = last + 1
            } else {
                to = last - 1
            }
        }
        rows = min(2 * rows, maximumRows)
    }

    /// Score and flags are the point's, so that its first row decides.
    private func matches(_ row: Statement, _ query: PointQuery) -> Bool {
        if query.anomaliesOnly, !flags(row).contains(.anomaly) { return false }
        if let filter = query.filter, !filter.matches(flags(row), of: stream) { return false }
        if let minimum = query.minimumScore, !(row.double(2) >= minimum) { return false }
        if let minimum = query.minimumHindsight, !(hasHindsight && row.double(9) >= minimum) { return false }
        return true
    }

    private mutating func appendPoint(_ row: Statement) {
        var point = StoredPoint(
            stream: stream, sequence: row.int64(3), time: row.int64(0), score: row.double(2), flags: flags(row),
            channels: [])
        point.channels.reserveCapacity(channels)
        // Its flag is never NULL where there is a row.
        if hasHindsight, !row.isNull(10) {
            point.hindsight = StoredHindsight(score: row.double(9), isAnomaly: row.int64(10) != 0, predictions: [])
        }
        page.append(point)
    }

    private mutating func appendChannel(_ row: Statement) {
        page[page.count - 1].channels.append(channel(row))
        if hasHindsight { page[page.count - 1].hindsight?.predictions.append(row.double(11)) }
    }

    /// Backwards, the rows of a point come with the last channel first.
    private mutating func finishPoint(_ isWanted: Bool) {
        guard isWanted, order == .newestFirst, channels > 1 else { return }
        page[page.count - 1].channels.reverse()
        page[page.count - 1].hindsight?.predictions.reverse()
    }

    private func channel(_ row: Statement) -> ChannelVerdict {
        ChannelVerdict(
            value: row.double(4), prediction: row.double(5), lower: row.double(6), upper: row.double(7),
            residual: row.double(8))
    }

    private func flags(_ row: Statement) -> PointFlags {
        PointFlags(rawValue: UInt16(truncatingIfNeeded: row.int64(1)))
    }
}
