import GRDB

/// Hands out the points of a query one by one, in the order of time over all streams.
///
/// What it hands out is what was stored when it was made: stored points never change, so it is enough to remember how
/// far each stream had come. (A late point that is kept meanwhile may be among them or not.) Between two pages no transaction is open, and a long query keeps nobody's WAL from being
/// copied into the database.
///
/// The streams are merged with a heap of their next times. A stream's first page is read when its turn comes, so that
/// the newest ten points of a thousand streams cost ten small pages. Pages begin small and double.
public final class PointCursor {
    /// How far each stream of the query had come when it began, whether or not its points matched; streams without
    /// points are absent.
    public let positions: [Int32: StreamPosition]

    private let connection: ReadConnection
    private let query: PointQuery
    private var sources: [PointSource] = []
    private var heap = MergeHeap()
    private var remaining: Int

    /// Points in the first page of a stream, and rows in all pages together when they have grown.
    private static let firstPage = 16
    private static let pageRows = 1000
    private static let totalRows = 50_000

    init(connection: ReadConnection, query: PointQuery) throws {
        self.connection = connection
        self.query = query
        remaining = max(0, query.limit ?? .max)
        let bounds = try connection.read("read the streams of") {
            try StreamQueries.bounds($0, ids: query.streams, parts: connection.parts)
        }
        positions = bounds.reduce(into: [:]) { $0[$1.stream.id] = $1.newest }
        sources = bounds.compactMap { PointSource($0, query: query) }
        if connection.parts.contains(.hindsight), !sources.isEmpty {
            try connection.read("read the hindsight of") { database in
                for index in sources.indices { try sources[index].lookForHindsight(database) }
            }
        }
        let rows = min(PointCursor.pageRows, PointCursor.totalRows / max(1, sources.count))
        for index in sources.indices {
            sources[index].setPages(first: PointCursor.firstPage, rows: rows)
            heap.insert(entry(index))
        }
    }

    /// Whether any stream of the query has hindsight in the range of time, whether or not its points match.
    public var hasHindsight: Bool { sources.contains(where: \.hasHindsight) }

    /// The next point, or nil after the last.
    public func next() throws -> StoredPoint? {
        while remaining > 0, let top = heap.first {
            let point = sources[top.source].takeFirst()
            if point == nil {
                try connection.read("read the points of") {
                    try sources[top.source].load($0, query: query, parts: connection.parts)
                }
            }
            if sources[top.source].isFinished {
                heap.removeFirst()
            } else {
                heap.replaceFirst(with: entry(top.source))
            }
            if let point {
                remaining -= 1
                return point
            }
        }
        return nil
    }

    /// ~ turns an order round without the overflow of −.
    private func entry(_ index: Int) -> MergeHeap.Entry {
        let source = sources[index]
        switch query.order {
        case .oldestFirst: return MergeHeap.Entry(time: source.nextTime, stream: source.stream, source: index)
        case .newestFirst: return MergeHeap.Entry(time: ~source.nextTime, stream: ~source.stream, source: index)
        }
    }
}
