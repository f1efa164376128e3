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
    /// Points that the next page may look at, and that the largest may.
    private var points = 1
    private var maximumPoints = 1

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

    mutating func setPages(first points: Int, rows: Int) {
        maximumPoints = max(1, rows / channels)
        self.points = min(points, maximumPoints)
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

    /// Replaces the page with the next one. It may be empty although more follow: a page is a number of points that are
    /// looked at, so that a rare match does not make one read long.
    mutating func load(_ database: Database, query: PointQuery, parts: StoreSchema.Parts) throws {
        var request = PageRequest(
            stream: stream, channels: channels, from: from, to: to, order: order, points: points,
            isWanted: { [stream] in query.matches(flags: $0, score: $1, of: stream) })
        let loaded = try PointPage(database, request, parts: parts)
        page = loaded.points
        index = 0
        if hasHindsight {
            try addHindsight(database, minimum: query.minimumHindsight)
        } else if query.minimumHindsight != nil {
            page = []
        }
        if let end = loaded.end {
            request.goOn(behind: end)
            (from, to) = (request.from, request.to)
        } else {
            (from, to) = (1, 0)
        }
        points = min(2 * points, maximumPoints)
    }

    /// Looks up what `anomalyctl rescore` has stored of the points of the page.
    private mutating func addHindsight(_ database: Database, minimum: Double?) throws {
        guard let first = page.first?.time, let last = page.last?.time else { return }
        let found = try HindsightQueries.hindsight(database, of: stream, in: min(first, last)...max(first, last))
        for index in page.indices { page[index].hindsight = found[page[index].time] }
        if let minimum { page.removeAll { !($0.hindsight?.score ?? .nan >= minimum) } }
    }
}

extension PointQuery {
    /// But for hindsight.
    fileprivate func matches(flags: PointFlags, score: Double, of stream: Int32) -> Bool {
        if anomaliesOnly, !flags.contains(.anomaly) { return false }
        if let filter, !filter.matches(flags, of: stream) { return false }
        if let minimumScore, !(score >= minimumScore) { return false }
        return true
    }
}
