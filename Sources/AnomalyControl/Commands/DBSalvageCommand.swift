package import ArgumentParser
import PointStore
import Presentation

/// `anomalyctl db salvage`: what can be read of a damaged database, as a new one.
package struct DBSalvageCommand: ReportingCommand {
    package static let configuration = CommandConfiguration(
        commandName: "salvage",
        abstract: "Bring over what can be read of a damaged database.",
        discussion: """
            Looks at every page of the file and its -wal by itself, whether or not the pages that lead to it are good, \
            and writes all rows that it finds to a new database: streams, points, anomalies, hindsight, and models \
            whose checksum is right. Lost points leave no gap in the numbers of their streams, so that anomalyd can go \
            on with the new file. The damaged file is only read. The daemon may be running, but not on that file.

            What is salvaged is a database of its own; it is not merged into another one. To go on with it in place of \
            the one that the daemon has begun since: stop anomalyd, move that one away together with its -wal and \
            -shm, and put the new file in its place, owned by anomalyd's user.

            EXAMPLES:
              What the daemon has set aside:
                anomalyctl db salvage anomaly.db.damaged-2026-11-25T12:34:56Z -o old.db
              Ask it:
                anomalyctl --database old.db query --since 2026-11-01
            """)

    @Argument(help: ArgumentHelp("The damaged database.", valueName: "damaged"), completion: .file())
    var damaged: String

    @Option(
        name: [.customShort("o", allowingJoined: true), .customLong("output")],
        help: ArgumentHelp("The new database, which must not exist.", valueName: "new"), completion: .file())
    var new: String

    @Flag(help: "Print one JSON object.")
    var json = false

    @OptionGroup(title: "GLOBAL OPTIONS")
    var common: CommonOptions

    package init() {}

    package func run(in surroundings: Surroundings, output: Output) throws {
        let line = ProgressLine(on: surroundings.progress, after: .seconds(2))
        defer { line.leave() }
        var salvage = try Salvage(damaged, to: new)
        let report = try salvage.run { done, pages in
            line.show(Double(done) / Double(max(1, pages))) { seconds in
                let text = "\(NumberText.grouped(Int64(done)))/\(NumberText.grouped(Int64(pages))) pages"
                return ["\(text), \(NumberText.grouped(Int64(Double(done) / max(seconds, 1e-3)))) pages/s", text]
            }
        }
        line.leave()
        if json {
            output.write(try DBReportText.json(report))
        } else {
            for line in DBReportText.lines(report, new: new) { output.write(line + "\n") }
        }
    }
}
