import AnomalyDetection
package import PointStore
package import Presentation

/// Gathers a report from the store.
package struct ReportReader {
    private let store: StoreReader
    private let zone: any Zone
    private let now: Int64

    /// Anomalies, and models, that are listed at most.
    static let mostAnomalies = 200
    static let mostModels = 50
    /// What a report is about unless somebody says otherwise: a week, in microseconds.
    private static let week: Int64 = 7 * 86_400_000_000

    /// - Parameter now: microseconds since 1970.
    package init(store: StoreReader, zone: any Zone, now: Int64) {
        self.store = store
        self.zone = zone
        self.now = now
    }

    /// - Parameters:
    ///   - since, until: the range; without a begin, it is the week before its end, and without an end it ends with the
    ///     newest point.
    ///   - streams: how many are drawn at most.
    ///   - report: told how many of them have been read, and which share of all of them, 0 to 1.
    /// - Returns: nil if no stream has a point.
    /// - Throws: `StoreError`.
    package func report(
        since: Int64?, until: Int64?, streams most: Int, _ report: (_ done: Int, _ all: Int, _ share: Double) -> Void
    ) throws -> Report? {
        let positions = try store.newest()
        guard let newest = positions.values.map(\.time).max() else { return nil }
        let end = until.map { $0 &- 1 } ?? newest
        let range = min(since ?? end &- Self.week, end)...end
        let summaries = try store.streamSummaries()
        let records = Dictionary(summaries.map { ($0.stream.id, $0.stream) }, uniquingKeysWith: { first, _ in first })
        let feedback = try store.feedbackOfAnomalies()

        var tally = AnomalyTally(limit: Self.mostAnomalies)
        var query = AnomalyQuery()
        query.since = range.lowerBound
        query.until = range.upperBound &+ 1
        let cursor = store.anomalies(query)
        while let anomaly = try cursor.next() {
            tally.add(anomaly, isDismissed: feedback[anomaly.id]?.verdict == .falsePositive)
        }
        var charts: [Report.Chart] = []
        let reader = PictureReader(store: store, zone: zone, columns: ChartData.finest)
        var points = PointQuery()
        points.since = range.lowerBound
        points.until = range.upperBound &+ 1
        // Where nothing is wrong, some streams are shown all the same.
        let worst = tally.worstStreams
        let chosen = worst.isEmpty ? summaries.filter { $0.points > 0 }.map(\.stream.id) : worst
        let all = min(most, chosen.count)
        for (place, id) in chosen.prefix(most).enumerated() {
            report(place, all, Double(place) / Double(all))
            guard let stream = records[id] else { continue }
            let anomaly = tally.worst(of: id)
            let channel = min(anomaly?.anomaly.peakChannel ?? 0, stream.channels - 1)
            let picture = try reader.picture(of: stream, points, newest: nil, channels: [channel]) {
                report(place, all, (Double(place) + $0) / Double(all))
            }
            if let picture { charts.append(Report.Chart(picture: picture, worst: anomaly)) }
        }
        let silences = try silences(of: summaries, positions)
        let drawn = Set(charts.map(\.picture.stream.id))
        let models =
            (summaries.filter { drawn.contains($0.stream.id) }
            + summaries.filter { !drawn.contains($0.stream.id) && silences[$0.stream.id] != nil }
            + summaries.filter { !drawn.contains($0.stream.id) && silences[$0.stream.id] == nil })
            .prefix(Self.mostModels)
        let groups = try store.networkGroups()
        return Report(
            made: now, range: range, zone: zone, streams: summaries.count,
            points: summaries.reduce(0) { $0 + $1.points }, anomalies: tally.count, openAnomalies: tally.open,
            charts: charts,
            listed: tally.strangest.compactMap { stored in
                records[stored.stream].map {
                    Report.Listed(stored: stored, stream: $0, feedback: feedback[stored.id] ?? [])
                }
            },
            models: try models.map { try ModelHealth($0, silent: silences[$0.stream.id], in: store, groups: groups) },
            silent: summaries.compactMap { summary in
                silences[summary.stream.id].map { (summary.stream.name, $0) }
            })
    }

    /// From when on streams have been silent for longer than ever.
    private func silences(
        of summaries: [StreamSummary], _ positions: [Int32: StreamPosition]
    ) throws -> [Int32: Int64] {
        var silences: [Int32: Int64] = [:]
        for summary in summaries {
            guard let newest = positions[summary.stream.id]?.sequence else { continue }
            // Events stand behind the point before them.
            let events = try store.events(of: summary.stream.id, from: newest)
            silences[summary.stream.id] = events.last { $0.kind == .silence && $0.sequence == newest }?.time
        }
        return silences
    }
}

/// Counts anomalies, keeps the strangest, and knows the worst of each stream.
private struct AnomalyTally {
    private let limit: Int
    private(set) var count = 0
    private(set) var open = 0
    private var kept: [StoredAnomaly] = []
    private var worst: [Int32: StoredAnomaly] = [:]

    init(limit: Int) { self.limit = limit }

    mutating func add(_ anomaly: StoredAnomaly, isDismissed: Bool) {
        count += 1
        if anomaly.anomaly.isOpen { open += 1 }
        kept.append(anomaly)
        if kept.count >= 2 * limit { prune() }
        if isDismissed { return }
        if let other = worst[anomaly.stream], !Self.isWorse(anomaly, other) { return }
        worst[anomaly.stream] = anomaly
    }

    /// Those that are kept, the newest first.
    var strangest: [StoredAnomaly] {
        var copy = self
        copy.prune()
        return copy.kept.sorted { ($0.anomaly.start, $0.id) > ($1.anomaly.start, $1.id) }
    }

    /// The streams by their worst anomalies, the worst first.
    var worstStreams: [Int32] {
        worst.values.sorted { Self.isWorse($0, $1) }.map(\.stream)
    }

    func worst(of stream: Int32) -> StoredAnomaly? { worst[stream] }

    private mutating func prune() { kept = Array(kept.sorted(by: Self.isWorse).prefix(limit)) }

    /// What goes on is worse than what is over, then the score decides.
    private static func isWorse(_ left: StoredAnomaly, _ right: StoredAnomaly) -> Bool {
        if left.anomaly.isOpen != right.anomaly.isOpen { return left.anomaly.isOpen }
        let scores = [left, right].map { $0.anomaly.peakScore.isNaN ? -1 : $0.anomaly.peakScore }
        return scores[0] != scores[1] ? scores[0] > scores[1] : left.id > right.id
    }
}
