import AnomalyConfiguration
import AnomalyDetection
import PointStore

/// All streams as the page lists them, the worst first.
struct StreamBoard: Sendable {
    /// How far back an anomaly makes a stream bad: a day before the newest point of all, in microseconds.
    static let memory: Int64 = 86_400_000_000

    struct Row: Sendable {
        var summary: StreamSummary
        /// The highest score of the newest point and of the anomalies of the last day that nobody has called a false
        /// positive; NaN if there is none.
        var worst: Double
        /// Number of the worst of these anomalies.
        var anomaly: Int64?
        var mutedUntil: Int64?
        var isOpen: Bool { summary.openAnomalies > 0 }
    }

    enum Order: String, CaseIterable {
        case score, name, last, points
    }

    /// By the bytes of their names.
    let rows: [Row]
    /// Places in `rows`, in the orders but that of names.
    private let orders: [Order: [Int32]]

    /// - Parameter now: microseconds since 1970.
    /// - Throws: `StoreError`.
    init(_ store: StoreReader, now: Int64) throws {
        let summaries = try store.streamSummaries()
        let newest = summaries.lazy.compactMap(\.lastTime).max() ?? now
        let worst = try Self.worst(in: store, since: min(now, newest) - Self.memory)
        let mutes = try store.orders().compactMapValues { $0.standing.mutedUntil.flatMap { $0 > now ? $0 : nil } }
        rows = summaries.map { summary in
            let anomaly = worst[summary.stream.id]
            let scores = [summary.lastScore, anomaly?.anomaly.peakScore ?? .nan].filter { !$0.isNaN }
            return Row(
                summary: summary, worst: scores.max() ?? .nan, anomaly: anomaly?.id,
                mutedUntil: mutes[summary.stream.id])
        }
        let rows = rows
        func order(_ isBefore: (Row, Row) -> Bool?) -> [Int32] {
            // Equal ones by their names.
            rows.indices.map(Int32.init).sorted { isBefore(rows[Int($0)], rows[Int($1)]) ?? ($0 < $1) }
        }
        func larger<Value: Comparable>(_ one: Value, _ other: Value) -> Bool? { one == other ? nil : one > other }
        orders = [
            // What goes on is worse than what is over.
            .score: order { one, other in
                if one.isOpen != other.isOpen { return one.isOpen }
                return larger(one.worst.isNaN ? -1 : one.worst, other.worst.isNaN ? -1 : other.worst)
            },
            .last: order { larger($0.summary.lastTime ?? .min, $1.summary.lastTime ?? .min) },
            .points: order { larger($0.summary.points, $1.summary.points) },
        ]
    }

    /// The worst anomaly of each stream that has one.
    private static func worst(in store: StoreReader, since: Int64) throws -> [Int32: StoredAnomaly] {
        let said = try store.feedbackOfAnomalies()
        var worst: [Int32: StoredAnomaly] = [:]
        func add(_ query: AnomalyQuery) throws {
            let cursor = store.anomalies(query)
            while let stored = try cursor.next() {
                let score = stored.anomaly.peakScore
                if score.isNaN || said[stored.id]?.last(where: \.isLabel)?.action == .falsePositive { continue }
                if let other = worst[stored.stream], other.anomaly.peakScore >= score { continue }
                worst[stored.stream] = stored
            }
        }
        var recent = AnomalyQuery()
        recent.began = since...Int64.max
        try add(recent)
        var open = AnomalyQuery()
        open.openOnly = true
        try add(open)
        return worst
    }

    /// Some of the rows whose names contain a text, whatever its case, or match it as a pattern; and how many there are.
    func rows(
        matching search: String?, in order: Order, from first: Int, limit: Int
    ) -> (rows: [Row], matching: Int) {
        let isWanted = Self.filter(search)
        var (chosen, matching): ([Row], Int) = ([], 0)
        func add(_ row: Row) {
            guard isWanted(row.summary.stream.name) else { return }
            if matching >= first, chosen.count < limit { chosen.append(row) }
            matching += 1
        }
        if let places = orders[order] {
            for place in places { add(rows[Int(place)]) }
        } else {
            for row in rows { add(row) }
        }
        return (chosen, matching)
    }

    private static func filter(_ search: String?) -> (String) -> Bool {
        guard let search, !search.isEmpty else { return { _ in true } }
        if search.contains(where: { "*?[".contains($0) }), let glob = try? Glob(search) {
            // A name stands for itself even where it looks like a pattern.
            return { glob.matches($0) || $0.utf8.elementsEqual(search.utf8) }
        }
        let text = search.lowercased()
        return { $0.lowercased().contains(text) }
    }
}

extension FeedbackRecord {
    fileprivate var isLabel: Bool { action == .falsePositive || action == .truePositive }
}
