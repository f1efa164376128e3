import AnomalyDetection
import GRDB

/// Reading anomalies back.
enum AnomalyQueries {
    /// Some of the anomalies that match a query.
    struct Page {
        /// In the order of the query.
        var anomalies: [StoredAnomaly] = []
        /// The last one that was looked at, whether or not it is of the query's streams; nil if there was none.
        var last: StoredAnomaly?
        /// How many were looked at.
        var rows = 0
    }

    /// The anomalies that match and come after `last` in the query's order, among the next `rows` ones. The limit is
    /// the caller's concern.
    ///
    /// By default they are read along the index of their starts. Several streams are picked out here: anomalies are
    /// few beside points.
    static func page(
        _ database: Database, _ query: AnomalyQuery, parts: StoreSchema.Parts, after last: StoredAnomaly? = nil,
        rows: Int = .max
    ) throws -> Page {
        var page = Page()
        if query.kinds != nil, !parts.contains(.events) { return page }
        let filter = Filter(query, after: last)
        let direction = query.isAscending ? "ASC" : "DESC"
        let statement = try database.cachedStatement(
            sql: select(parts) + filter.text
                + " ORDER BY \(query.order.expression) \(direction), id \(direction) LIMIT ?")
        for (index, bind) in filter.bindings.enumerated() { bind(statement, Int32(index + 1)) }
        statement.bind(Int64(rows), at: Int32(filter.bindings.count + 1))
        try statement.forEachRow { row in
            let stored = stored(row)
            page.rows += 1
            page.last = stored
            if query.streams?.contains(stored.stream) ?? true { page.anomalies.append(stored) }
            return true
        }
        return page
    }

    /// The anomaly with this number; nil if there is none.
    static func anomaly(_ database: Database, _ id: Int64, parts: StoreSchema.Parts) throws -> StoredAnomaly? {
        let statement = try database.cachedStatement(sql: select(parts) + " WHERE id = ?1")
        statement.bind(id, at: 1)
        var found: StoredAnomaly?
        try statement.forEachRow { row in
            found = stored(row)
            return false
        }
        return found
    }

    /// The anomalies that a condition picks out.
    static func anomalies(
        _ database: Database, where condition: String, parts: StoreSchema.Parts, bind: (Statement) -> Void
    ) throws -> [StoredAnomaly] {
        let statement = try database.cachedStatement(sql: select(parts) + " WHERE " + condition)
        bind(statement)
        var found: [StoredAnomaly] = []
        try statement.forEachRow { row in
            found.append(stored(row))
            return true
        }
        return found
    }

    /// The largest number of an anomaly; 0 if there is none.
    static func largestID(_ database: Database) throws -> Int64 {
        try Int64.fetchOne(database, sql: "SELECT max(id) FROM anomaly") ?? 0
    }

    /// The streams with an anomaly that is not over, along the index of these.
    static func streamsWithOpen(_ database: Database) throws -> Set<Int32> {
        var streams: Set<Int32> = []
        try database.makeStatement(sql: "SELECT stream_id FROM anomaly WHERE open").forEachRow {
            streams.insert($0.int32(0))
            return true
        }
        return streams
    }

    private static func select(_ parts: StoreSchema.Parts) -> String {
        """
        SELECT id, stream_id, start_sequence, start_time, end_time, peak_time, peak_score, peak_channel,
            peak_value, peak_prediction, points, open, \(parts.contains(.events) ? "kind, attribution" : "NULL, NULL")
        FROM anomaly
        """
    }

    private static func stored(_ row: Statement) -> StoredAnomaly {
        StoredAnomaly(
            id: row.int64(0), stream: row.int32(1),
            kind: row.isNull(12) ? nil : AnomalyKind(rawValue: row.string(12)),
            anomaly: Anomaly(
                startSequence: row.int64(2), start: row.int64(3), end: row.int64(4), peak: row.int64(5),
                peakScore: row.double(6), peakChannel: Int(row.int64(7)), peakValue: row.double(8),
                peakPrediction: row.double(9),
                attribution: row.isNull(13) ? [] : Anomaly.attribution(ofText: row.string(13)), points: row.int64(10),
                isOpen: row.int64(11) != 0))
    }
}

/// The WHERE clause of a query for anomalies. It has the conditions that the query makes and no others, so that SQLite
/// can use its indexes for them.
private struct Filter {
    typealias Binding = (_ statement: Statement, _ index: Int32) -> Void

    private var conditions: [String] = []
    /// One for each question mark, in their order.
    private(set) var bindings: [Binding] = []

    init(_ query: AnomalyQuery, after last: StoredAnomaly?) {
        if let streams = query.streams, streams.count == 1, let stream = streams.first {
            add("stream_id = ?") { $0.bind(stream, at: $1) }
        }
        if let until = query.until { add("start_time < ?") { $0.bind(until, at: $1) } }
        if let since = query.since { add("end_time >= ?") { $0.bind(since, at: $1) } }
        if let began = query.began {
            add(
                "start_time BETWEEN ? AND ?", { $0.bind(began.lowerBound, at: $1) },
                { $0.bind(began.upperBound, at: $1) })
        }
        if let kinds = query.kinds {
            add("kind IN (\(kinds.map { "'\($0.rawValue)'" }.sorted().joined(separator: ", ")))")
        }
        if let score = query.minimumScore { add("peak_score >= ?") { $0.bind(score, at: $1) } }
        if query.openOnly { add("open") }
        if let last {
            add(
                "(\(query.order.expression), id) \(query.isAscending ? ">" : "<") (?, ?)",
                { query.order.bind(last.anomaly, to: $0, at: $1) }, { $0.bind(last.id, at: $1) })
        }
    }

    var text: String { conditions.isEmpty ? "" : " WHERE " + conditions.joined(separator: " AND ") }

    private mutating func add(_ condition: String, _ bindings: Binding...) {
        conditions.append(condition)
        self.bindings += bindings
    }
}

extension AnomalyOrder {
    /// In SQL; never NULL, which is neither more nor less than anything.
    fileprivate var expression: String {
        switch self {
        case .start: "start_time"
        case .duration: "end_time - start_time"
        case .points: "points"
        case .score: "coalesce(peak_score, -1)"
        }
    }

    /// Binds what the expression is of an anomaly.
    fileprivate func bind(_ anomaly: Anomaly, to statement: Statement, at index: Int32) {
        switch self {
        case .start: statement.bind(anomaly.start, at: index)
        case .duration: statement.bind(anomaly.end &- anomaly.start, at: index)
        case .points: statement.bind(anomaly.points, at: index)
        case .score: statement.bind(anomaly.peakScore.isNaN ? -1 : anomaly.peakScore, at: index)
        }
    }
}

extension Anomaly {
    /// The shares as JSON; nil for a stream of one channel.
    var attributionText: String? {
        attribution.count > 1 ? Self.text(of: attribution) : nil
    }

    /// Numbers as JSON.
    static func text(of numbers: [Float]) -> String { "[" + numbers.map { "\($0)" }.joined(separator: ",") + "]" }

    /// The shares in such a text; none if it is not one.
    static func attribution(ofText text: String) -> [Float] {
        let shares = text.dropFirst().dropLast().split(separator: ",").map { Float($0) }
        return shares.contains(nil) ? [] : shares.compactMap(\.self)
    }
}
