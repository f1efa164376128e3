package import ArgumentParser
import Glibc
import PointStore
import Presentation

/// `anomalyctl report`: a page about what was wrong.
package struct ReportCommand: ReportingCommand {
    package static let configuration = CommandConfiguration(
        commandName: "report",
        abstract: "Write a page about what was wrong, with charts.",
        discussion: """
            Writes one HTML page that needs nothing else, from nowhere: charts of the worst streams, in which one can look \
            closer; their anomalies, with what was expected and found and what people said; how the models do, and which \
            streams are silent. A stream is as bad as its worst anomaly, and one that is still open is worse than all \
            that are over. Works with the daemon running or stopped.

            EXAMPLES:
              The last week:
                anomalyctl report -o week.html
              Yesterday, of the three worst streams:
                anomalyctl report --since yesterday --until today --streams 3 -o yesterday.html
              By mail:
                anomalyctl report --since -1d | mail -a 'Content-Type: text/html' -s anomalies ops

            TIMES:
              \(TimeExpressionError.exampleLines)
            """)

    @OptionGroup
    var range: TimeRangeOptions

    @Option(help: ArgumentHelp("Streams that are drawn at most.", valueName: "number"))
    var streams = 8

    @Option(
        name: [.customShort("o", allowingJoined: true), .customLong("output")],
        help: ArgumentHelp("Where to write the page (default: standard output).", valueName: "file"),
        completion: .file())
    var output: String?

    @Flag(help: "Print times in UTC rather than in the local zone ($TZ).")
    var utc = false

    @OptionGroup(title: "GLOBAL OPTIONS")
    var common: CommonOptions

    package init() {}

    package func validate() throws {
        guard (0...100).contains(streams) else { throw ValidationError("--streams \(streams) is outside of 0 to 100.") }
    }

    package func run(in surroundings: Surroundings, output standardOutput: Output) throws {
        let query = try range.query(in: surroundings)
        if output == nil, standardOutput.isTerminal {
            throw Failure(
                .usage, "a page of HTML is nothing for a terminal", hint: "try: anomalyctl report -o report.html")
        }
        let store = try common.openStore(in: surroundings)
        let reader = ReportReader(store: store, zone: surroundings.zone(utc: utc), now: surroundings.now())
        let line = ProgressLine(on: surroundings.progress, after: .seconds(2))
        defer { line.leave() }
        let report = try reader.report(since: query.since, until: query.until, streams: streams) { done, all, share in
            line.show(share) { _ in ["reading \(done)/\(all) streams"] }
        }
        line.leave()
        guard let report else {
            throw Failure(
                .failure, "cannot make a report: no point is stored", hint: "send some numbers first; see anomalyd(8)")
        }
        guard let path = output else { return ReportPage(report, output: standardOutput).write() }
        let page = Output(descriptor: nil)
        ReportPage(report, output: page).write()
        try FileBytes.replace(path, with: page.bytes)
        let anomalies = DBReportText.count(Int64(report.anomalies), "anomaly", "anomalies")
        standardOutput.write("\(path): \(anomalies), \(DBReportText.count(Int64(report.charts.count), "chart"))\n")
    }
}
