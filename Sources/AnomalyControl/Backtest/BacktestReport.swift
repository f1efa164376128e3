import Presentation
import RecurrentModel

/// A row of the table that a backtest ends with: one or more results taken together.
package struct BacktestSummary: Sendable, Equatable {
    /// The file, or `total`.
    package var name: String
    package var cell: String
    package var files: Int
    package var points: Int
    package var dropped: Int
    /// Means over the files that have one.
    package var scaledError: Double?
    package var seasonalError: Double?
    /// Share of the values that lay in their band.
    package var coverage: Double?
    package var alarms: Int
    /// Of the files with labels together; nil without any.
    package var events: EventCounts?
    /// Rate of one thread, reading and writing included.
    package var pointsPerSecond: Double?
    /// CPU time of one step of the detector.
    package var cpuMicroseconds: Double?
    /// Season in rows; nil for more than one file.
    package var season: Int?

    package init(_ name: String, of results: [BacktestResult]) {
        self.name = name
        // Streams may have cells of their own by the configuration.
        cell = CellKind.allCases.filter { cell in results.contains { $0.cell == cell } }.map(\.rawValue)
            .joined(separator: "+")
        files = results.count
        points = results.reduce(0) { $0 + $1.points }
        dropped = results.reduce(0) { $0 + $1.dropped }
        scaledError = results.compactMap(\.scaledError).mean
        seasonalError = results.compactMap(\.seasonalError).mean
        let banded = results.reduce(0) { $0 + $1.banded }
        coverage = banded > 0 ? Double(results.reduce(0) { $0 + $1.covered }) / Double(banded) : nil
        alarms = results.reduce(0) { $0 + $1.alarms }
        let labelled = results.compactMap(\.events)
        events = labelled.isEmpty ? nil : labelled.reduce(EventCounts(), +)
        let seconds = results.reduce(0) { $0 + $1.seconds }
        pointsPerSecond = points > 0 && seconds > 0 ? Double(points) / seconds : nil
        cpuMicroseconds = points > 0 ? results.reduce(0) { $0 + $1.stepSeconds } / Double(points) * 1e6 : nil
        season = results.count == 1 ? results.first?.season : nil
    }

    /// The rows of the table.
    ///
    /// - Parameters:
    ///   - results: as `Backtest.run` returns them: for each file one for each cell.
    ///   - cells: how many results each file has.
    ///   - perFile: whether each file has a row before the totals.
    package static func rows(_ results: [BacktestResult], cells: Int, perFile: Bool) -> [BacktestSummary] {
        let files = perFile ? results.map { BacktestSummary($0.input.name, of: [$0]) } : []
        let totals = (0..<cells).map { cell in
            BacktestSummary("total", of: stride(from: cell, to: results.count, by: cells).map { results[$0] })
        }
        return files + totals
    }
}

extension Schema {
    /// What `anomalyctl backtest` prints.
    static func backtest(_ summaries: [BacktestSummary], perFile: Bool) -> Schema {
        func widest(_ text: (BacktestSummary) -> String) -> Int { summaries.map { TextWidth.of(text($0)) }.max() ?? 0 }
        func count(_ key: String, _ title: String, rank: Int, _ number: (BacktestSummary) -> Int) -> Column {
            Column(key, title, .integer, textWidth: widest { NumberText.grouped(Int64(number($0))) }, rank: rank)
        }
        func share(_ key: String, _ title: String, rank: Int = 0, _ number: (BacktestSummary) -> Double?) -> Column {
            Column(key, title, .score, textWidth: widest { NumberText.score(number($0) ?? .nan) }, rank: rank)
        }
        let first = perFile ? [Column("file", "FILE", .text, textWidth: widest(\.name))] : []
        return Schema(
            columns: first + [
                Column("cell", "CELL", .text, textWidth: widest(\.cell)),
                count("files", "FILES", rank: 5, \.files),
                count("points", "POINTS", rank: 4, \.points),
                count("dropped", "DROPPED", rank: 6, \.dropped),
                share("mase", "MASE", \.scaledError),
                share("seasonal_mase", "SEASONAL", rank: 1, \.seasonalError),
                perFile ? count("season", "SEASON", rank: 6) { $0.season ?? 0 } : Column("season", "", .hidden),
                share("coverage", "COVER", \.coverage),
                count("alarms", "ALARMS", rank: 1, \.alarms),
                count("events", "EVENTS", rank: 2) { $0.events?.events ?? 0 },
                share("precision", "PREC", { $0.events?.precision }),
                share("recall", "RECALL", { $0.events?.recall }),
                share("f1", "F1", { $0.events?.f1 }),
                count("points_per_second", "POINTS/S", rank: 3) { Int($0.pointsPerSecond ?? 0) },
                share("cpu_microseconds_per_point", "CPU µs", rank: 3, \.cpuMicroseconds),
            ],
            emptyText: "no files")
    }
}

extension Record {
    /// A row of the table as a record of the schema `backtest(_:perFile:)`.
    init(_ summary: BacktestSummary, perFile: Bool) {
        func number(_ number: Double?) -> Field { .number(number ?? .nan) }
        func count(_ number: Int?) -> Field { number.map { .integer(Int64($0)) } ?? .number(.nan) }
        let events = summary.events
        self.init(
            fields: (perFile ? [.text(summary.name)] : []) + [
                .text(summary.cell), count(summary.files), count(summary.points), count(summary.dropped),
                number(summary.scaledError), number(summary.seasonalError), count(summary.season),
                number(summary.coverage), count(summary.alarms), count(events?.events), number(events?.precision),
                number(events?.recall), number(events?.f1), count(summary.pointsPerSecond.map { Int($0.rounded()) }),
                number(summary.cpuMicroseconds),
            ])
    }
}
