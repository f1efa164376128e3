import AnomalyConfiguration
import AnomalyDetection
import PointStore

/// All streams as the page lists them, the worst first: what they are sorted and searched by, in few bytes for each, as
/// there may be a hundred thousand. What else is shown of a stream is read when it is shown.
struct StreamBoard: Sendable {
    /// How far back an anomaly makes a stream bad: a day before the newest point of all, in microseconds.
    static let memory: Int64 = 86_400_000_000

    struct Row: Sendable {
        /// The stream's id.
        var stream: Int32
        /// Where its name lies.
        fileprivate var name: Range<Int32>
        var isOpen: Bool
        /// The highest score of the newest point and of the anomalies of the last day that nobody has called a false
        /// positive; NaN if there is none.
        var worst: Double
        /// Number of the worst of these anomalies; 0 if there is none.
        var anomaly: Int64 = 0
    }

    /// A row, and what it is sorted by.
    private struct Draft {
        var row: Row
        /// Of the newest point; `.min` if there is none.
        var lastTime: Int64
        var points: Int64
    }

    enum Order: String, CaseIterable {
        case score, name, last, points
    }

    /// By the bytes of their names.
    private let rows: [Row]
    /// All names, one behind the other.
    private let names: [UInt8]
    /// Places in `rows`, in the orders but that of names.
    private let orders: [Order: [Int32]]
    /// Of the streams that are mute, until when.
    let mutes: [Int32: Int64]

    /// How many streams there are.
    var count: Int { rows.count }

    /// - Parameter now: microseconds since 1970.
    /// - Throws: `StoreError`.
    init(_ store: StoreReader, now: Int64) throws {
        var (drafts, names): ([Draft], [UInt8]) = ([], [])
        drafts.reserveCapacity(try store.streamCount())
        try store.forEachStreamSummary { summary in
            let name = summary.stream.name.utf8
            let row = Row(
                stream: summary.stream.id, name: Int32(names.count)..<Int32(names.count + name.count),
                isOpen: summary.openAnomalies > 0, worst: summary.lastScore)
            drafts.append(Draft(row: row, lastTime: summary.lastTime ?? .min, points: summary.points))
            names += name
        }
        names.withUnsafeBufferPointer { names in
            drafts.sort { names[$0.row.place].lexicographicallyPrecedes(names[$1.row.place]) }
        }
        let newest = drafts.lazy.map(\.lastTime).max() ?? .min
        let worst = try Self.worst(in: store, since: (newest == .min ? now : min(now, newest)) - Self.memory)
        for place in drafts.indices {
            guard let anomaly = worst[drafts[place].row.stream] else { continue }
            drafts[place].row.anomaly = anomaly.id
            if !(drafts[place].row.worst >= anomaly.score) { drafts[place].row.worst = anomaly.score }
        }
        mutes = try store.orders().compactMapValues { $0.standing.mutedUntil.flatMap { $0 > now ? $0 : nil } }
        orders = Self.orders(of: drafts)
        rows = drafts.map(\.row)
        self.names = names
    }

    private static func orders(of drafts: [Draft]) -> [Order: [Int32]] {
        func order(_ isBefore: (Draft, Draft) -> Bool?) -> [Int32] {
            // Equal ones by their names.
            drafts.indices.map(Int32.init).sorted { isBefore(drafts[Int($0)], drafts[Int($1)]) ?? ($0 < $1) }
        }
        func larger<Value: Comparable>(_ one: Value, _ other: Value) -> Bool? { one == other ? nil : one > other }
        return [
            // What goes on is worse than what is over.
            .score: order { one, other in
                let (one, other) = (one.row, other.row)
                if one.isOpen != other.isOpen { return one.isOpen }
                return larger(one.worst.isNaN ? -1 : one.worst, other.worst.isNaN ? -1 : other.worst)
            },
            .last: order { larger($0.lastTime, $1.lastTime) },
            .points: order { larger($0.points, $1.points) },
        ]
    }

    /// The worst anomaly of each stream that has one.
    private static func worst(in store: StoreReader, since: Int64) throws -> [Int32: (score: Double, id: Int64)] {
        let said = try store.feedbackOfAnomalies()
        var worst: [Int32: (score: Double, id: Int64)] = [:]
        func add(_ query: AnomalyQuery) throws {
            let cursor = store.anomalies(query)
            while let stored = try cursor.next() {
                let score = stored.anomaly.peakScore
                if score.isNaN || said[stored.id]?.last(where: \.isLabel)?.action == .falsePositive { continue }
                if let other = worst[stored.stream], other.score >= score { continue }
                worst[stored.stream] = (score, stored.id)
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
        let isWanted = filter(search)
        var (chosen, matching): ([Row], Int) = ([], 0)
        func add(_ row: Row) {
            guard isWanted(row) else { return }
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

    private func filter(_ search: String?) -> (Row) -> Bool {
        guard let search, !search.isEmpty else { return { _ in true } }
        func name(_ row: Row) -> String { String(decoding: names[row.place], as: UTF8.self) }
        if search.contains(where: { "*?[".contains($0) }), let glob = try? Glob(search) {
            // A name stands for itself even where it looks like a pattern.
            return { glob.matches(name($0)) || names[$0.place].elementsEqual(search.utf8) }
        }
        let text = search.lowercased()
        return { name($0).lowercased().contains(text) }
    }
}

extension StreamBoard.Row {
    fileprivate var place: Range<Int> { Int(name.lowerBound)..<Int(name.upperBound) }
}

extension FeedbackRecord {
    fileprivate var isLabel: Bool { action == .falsePositive || action == .truePositive }
}
