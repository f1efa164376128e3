/// Hands out the anomalies of a query one by one, in its order.
///
/// They are read page by page, and between two pages no transaction is open. An anomaly that grows meanwhile may move in
/// an order by what grows, and be missed or handed out twice; in the order of starts, nothing moves.
public final class AnomalyCursor {
    private let connection: ReadConnection
    private let query: AnomalyQuery
    private var page = AnomalyQueries.Page()
    private var index = 0
    private var isAtEnd = false
    private var remaining: Int
    /// Anomalies that the next page looks at. Pages begin small and double.
    private var rows = 16

    /// A few MiB. In an order without an index each page looks at all anomalies.
    private static let mostRows = 8192

    init(connection: ReadConnection, query: AnomalyQuery) {
        self.connection = connection
        self.query = query
        remaining = max(0, query.limit ?? .max)
    }

    /// The next anomaly, or nil after the last.
    public func next() throws -> StoredAnomaly? {
        while remaining > 0 {
            if index < page.anomalies.count {
                index += 1
                remaining -= 1
                return page.anomalies[index - 1]
            }
            if isAtEnd { return nil }
            try load()
        }
        return nil
    }

    /// All that are left: for queries that few anomalies match.
    public func rest() throws -> [StoredAnomaly] {
        var anomalies: [StoredAnomaly] = []
        while let anomaly = try next() { anomalies.append(anomaly) }
        return anomalies
    }

    private func load() throws {
        page = try connection.read("read the anomalies of") {
            try AnomalyQueries.page($0, query, parts: connection.parts, after: page.last, rows: rows)
        }
        index = 0
        isAtEnd = page.rows < rows
        rows = min(2 * rows, Self.mostRows)
    }
}
