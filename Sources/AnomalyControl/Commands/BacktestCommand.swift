import AnomalyConfiguration
package import ArgumentParser
import Glibc
import Presentation
import RecurrentModel

/// `anomalyctl backtest`: what the daemon would have said of files.
package struct BacktestCommand: ReportingCommand {
    package static let configuration = CommandConfiguration(
        commandName: "backtest",
        abstract: "Run the detector over files and measure how well it predicts and finds.",
        discussion: """
            Runs each FILE through the detector of the daemon, point by point as it would have come, and prints one \
            row for each cell. Files are CSV with a header timestamp,value[,value2…][,label]; times are Unix seconds \
            or ISO 8601. The label (or is_anomaly) is never shown to the detector. A file's stream is named after \
            the file, without its extension; the name seeds the network and chooses [[stream]] sections.

            EXAMPLES:
              Compare the cells on a file of your own:
                anomalyctl backtest taxi.csv --cell rnn,lstm,gru
              The Numenta Anomaly Benchmark, scores into a folder:
                anomalyctl backtest --nab nab -o scores
              Other settings, a row for each file:
                anomalyctl backtest *.csv --set model.hidden=32 --per-file

            COLUMNS:
              MASE      mean absolute scaled error: the mean absolute error divided by that of the forecast "as the \
            row before" on the same file (Hyndman & Koehler 2006); mean over channels, then over files. Below 1 is \
            better than that forecast.
              SEASONAL  the same of the forecast "as one season before", over the rows that have one. Without \
            --season it is the lag of at most \(Season.longest) rows, and a third of the file, at which the \
            autocorrelation rises highest above its lowest value before; without such a peak it is 1. It knows the \
            whole file beforehand, the detector does not.
              COVER     share of the values that lay between lower and upper, wanted is score.band (0.9).
              ALARMS    anomalies opened.
              PREC, RECALL, F1  by event, over the files with labels: an event is a run of labelled rows or a window \
            of NAB's. It is found if a flagged row lies in it; an anomaly is right if one of its flagged rows lies \
            in an event. Counts of all files are added up before they are divided.
              POINTS/S  of one thread, reading and writing included.
              CPU µs    CPU time of the detector for one point.

            SCORES:
              With -o OUT each file's scores are written to OUT/FOLDER/FILE.csv, where FOLDER is the folder that the \
            file lies in; with more than one cell to OUT/CELL/FOLDER/FILE.csv. The columns are timestamp,value,\
            prediction,lower,upper,residual,score,anomaly, with a row for each row of the file and its timestamp as \
            it stands there. Of several channels, the numbers are parted by semicolons. A row whose time is not after \
            that of the newest row before it is dropped, as the daemon does: it has its value, an empty prediction \
            and the score 0.

            FORMATS:
              \(RecordFormat.explanation)
            """)

    @Argument(help: ArgumentHelp("CSV files.", valueName: "file"), completion: .file())
    var files: [String] = []

    @Option(
        help: ArgumentHelp(
            "Also run the corpus in this folder, which has NAB's data/ and labels/.", valueName: "dir"),
        completion: .directory)
    var nab: String?

    @Option(
        name: [.customShort("o", allowingJoined: true), .customLong("output")],
        help: ArgumentHelp("Write the scores of each file into this folder.", valueName: "out"),
        completion: .directory)
    var output: String?

    @Option(
        help: ArgumentHelp(
            "Cells to compare, with commas between them: \(CellKind.allCases.map(\.rawValue).joined(separator: ", ")) "
                + "(default: the configured one).",
            valueName: "cells"),
        transform: CellList.init(_:))
    var cell: CellList?

    @Option(
        help: ArgumentHelp("Rows of a season, for the seasonal forecast (default: found).", valueName: "rows"))
    var season: Int?

    @Option(help: ArgumentHelp("Threads (default: one for each core). No result depends on it.", valueName: "n"))
    var threads: Int?

    @Flag(name: [.customShort("v"), .customLong("per-file")], help: "A row for each file before the totals.")
    var perFile = false

    @Option(help: ArgumentHelp("How to print the table.", valueName: "format"))
    var format = RecordFormat.table

    @OptionGroup(title: "CONFIGURATION OPTIONS")
    var configurationOptions: ConfigurationOptions

    package init() {}

    package func validate() throws {
        if files.isEmpty, nab == nil { throw ValidationError("Name a FILE, or a corpus with --nab DIR.") }
        if let season, season < 1 { throw ValidationError("--season \(season): expected 1 row or more.") }
        if let threads, !(1...1024).contains(threads) {
            throw ValidationError("--threads \(threads): expected 1 to 1024.")
        }
    }

    package func run(in surroundings: Surroundings, output: Output) throws {
        let configuration = try configurationOptions.configuration(in: surroundings)
        let corpus = try nab.map { try NABCorpus.inputs(in: $0) } ?? []
        let cells = cell?.cells ?? []
        let backtest = try Backtest(
            inputs: corpus + files.map { BacktestInput(path: $0) }, cells: cells, configuration: configuration,
            output: self.output, season: season, threads: threads ?? max(1, sysconf(Int32(_SC_NPROCESSORS_ONLN))))
        let line = ProgressLine(on: surroundings.progress)
        let results: [BacktestResult]
        do {
            results = try backtest.run(show: line.show)
        } catch {
            line.leave()
            throw error
        }
        let rows = BacktestSummary.rows(results, cells: max(1, cells.count), perFile: perFile)
        var writer = format.writer(
            FormatOptions(
                schema: .backtest(rows, perFile: perFile), terminal: surroundings.terminal, zone: surroundings.zone))
        for row in rows { writer.write(Record(row, perFile: perFile), to: output) }
        writer.finish(output)
    }
}

/// What `--cell` takes: `gru`, or `rnn,lstm,gru`.
struct CellList: Equatable {
    var cells: [CellKind] = []

    init(_ text: String) throws {
        let known = CellKind.allCases.map(\.rawValue).joined(separator: ", ")
        for name in text.split(separator: ",", omittingEmptySubsequences: false) {
            guard let cell = CellKind(rawValue: String(name)) else {
                throw ValidationError("\"\(name)\" is no cell; expected one or more of \(known), with commas between.")
            }
            guard !cells.contains(cell) else { throw ValidationError("\(cell) is named twice.") }
            cells.append(cell)
        }
    }
}
