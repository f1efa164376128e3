import AnomalyDetection
import ControlProtocol
import FeedProtocol
import PointStore
import Presentation

/// What `anomalyctl rescore` prints of one stream.
struct RescoreReport {
    /// Anomalies shown of each kind, the worst ones.
    static let shown = 5

    let result: RescoreResult

    /// An anomaly that is shown, and who found it.
    private struct Row {
        var found: Finding
        var group: HindsightComparison.Group
    }

    enum Finding: String, Encodable {
        case both, hindsight, online

        var note: Note? {
            switch self {
            case .both: nil
            case .hindsight: Note(text: "only in hindsight", style: .alarm)
            case .online: Note(text: "only online", style: .faint)
            }
        }
    }

    /// The worst ones of each kind, in the order of time.
    private var rows: [Row] {
        let comparison = result.comparison
        let both = comparison.hindsight.filter { !comparison.onlyHindsight.contains($0) }
        let kinds: [(Finding, [HindsightComparison.Group], [Double])] = [
            (.both, both, result.found.scores), (.hindsight, comparison.onlyHindsight, result.found.scores),
            (.online, comparison.onlyOnline, result.range.scores),
        ]
        return kinds.flatMap { found, groups, scores in
            groups.sorted { (scores[$1.peak], $0.peak) < (scores[$0.peak], $1.peak) }.prefix(Self.shown)
                .map { Row(found: found, group: $0) }
        }.sorted { $0.group.peak < $1.group.peak }
    }

    // MARK: Table

    func write(to output: Output, terminal: Terminal, zone: any Zone) {
        var clock = ZoneClock(zone: zone)
        let series = result.range.series
        let comparison = result.comparison
        let times = series.times
        output.write("\(TextWidth.harmless(result.range.stream.name))\n")
        let seconds = RelativeSpan.text(Int64(result.seconds * 1e6))
        let points = result.found.anomalies.count { $0 }
        let lines = [
            (
                "Points",
                "\(count(series.count)) from \(clock.text(times[0])) to \(clock.text(times[series.count - 1]))"
            ), ("Read with", "\(TextWidth.harmless(result.description)) (\(seconds))"),
            ("In hindsight", "\(count(comparison.hindsight.count)) anomalies of \(count(points)) points"),
            ("Online", "\(count(comparison.online.count)) anomalies"), ("In both", count(comparison.agreeing)),
            ("Only in hindsight", count(comparison.onlyHindsight.count)),
            ("Only online", count(comparison.onlyOnline.count)),
            ("Stored", result.run.map { "as run \($0)" } ?? "no"),
        ]
        var labelled = LabelledLines()
        for (key, value) in lines { labelled.add(key, value) }
        labelled.write(to: output)
        if rows.isEmpty { return }
        output.write("\n")
        var table = TableWriter(options: FormatOptions(schema: Self.schema, terminal: terminal, zone: zone))
        for row in rows { table.write(record(row), to: output) }
        table.finish(output)
    }

    private func count(_ number: Int) -> String { NumberText.grouped(Int64(number)) }

    private static let schema = Schema(
        columns: [
            Column("time", "TIME", .time), Column("points", "POINTS", .integer, textWidth: 6),
            Column("value", "VALUE", .number), Column("hindsight_prediction", "IN HINDSIGHT", .number, textWidth: 12),
            Column("score", "SCORE", .score), Column("hindsight", "HINDSIGHT", .score),
        ], emptyText: "no anomalies")

    private func record(_ row: Row) -> Record {
        let verdict = worst(at: row.group.peak)
        return Record(
            fields: [
                .time(result.range.series.times[row.group.peak]),
                .integer(Int64(row.group.last - row.group.first + 1)), .number(verdict.value),
                .number(verdict.prediction), .number(result.range.scores[row.group.peak]),
                .number(result.found.scores[row.group.peak]),
            ], note: row.found.note)
    }

    /// The channel of a point that lies farthest outside its band, in widths of it.
    private func worst(at point: Int) -> ChannelVerdict {
        let channels = result.range.series.channels
        let verdicts = result.found.verdicts[(point * channels)..<((point + 1) * channels)]
        func size(_ verdict: ChannelVerdict) -> Double {
            let size = abs(verdict.residual) / (verdict.upper - verdict.lower)
            return size.isNaN ? -1 : size
        }
        return verdicts.max { size($0) < size($1) } ?? verdicts[verdicts.startIndex]
    }

    // MARK: JSON

    /// One line.
    func json() throws -> [UInt8] {
        let comparison = result.comparison
        let times = result.range.series.times
        return try ControlLine.encode(
            Summary(
                stream: result.range.stream.name, points: times.count, first: rfc3339(times[0]),
                last: rfc3339(times[times.count - 1]), model: result.description, seconds: result.seconds,
                run: result.run, threshold: result.found.threshold,
                flaggedPoints: result.found.anomalies.count { $0 }, hindsightAnomalies: comparison.hindsight.count,
                onlineAnomalies: comparison.online.count, both: comparison.agreeing,
                onlyHindsight: comparison.onlyHindsight.count, onlyOnline: comparison.onlyOnline.count,
                worst: rows.map { row in
                    let verdict = worst(at: row.group.peak)
                    return Summary.Worst(
                        found: row.found, time: rfc3339(times[row.group.peak]),
                        start: rfc3339(times[row.group.first]), end: rfc3339(times[row.group.last]),
                        value: number(verdict.value), hindsightPrediction: number(verdict.prediction),
                        score: number(result.range.scores[row.group.peak]),
                        hindsight: number(result.found.scores[row.group.peak]))
                }))
    }

    /// Keys in snake case; times in UTC as RFC 3339 has them.
    private struct Summary: Encodable {
        var stream: String
        var points: Int
        var first, last: String
        var model: String
        var seconds: Double
        var run: Int64?
        var threshold: Double
        var flaggedPoints, hindsightAnomalies, onlineAnomalies: Int
        var both, onlyHindsight, onlyOnline: Int
        var worst: [Worst]

        struct Worst: Encodable {
            var found: Finding
            var time, start, end: String
            var value, hindsightPrediction, score, hindsight: Double?
        }
    }

    private func rfc3339(_ time: Int64) -> String {
        var bytes: [UInt8] = []
        RFC3339.append(time, to: &bytes)
        return String(decoding: bytes, as: UTF8.self)
    }

    /// JSON has no word for NaN.
    private func number(_ number: Double) -> Double? { number.isFinite ? number : nil }
}
