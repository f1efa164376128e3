import AnomalyConfiguration
package import ArgumentParser
import PointStore

/// `anomalyctl db verify`: is the database sound?
package struct DBVerifyCommand: ReportingCommand {
    package static let configuration = CommandConfiguration(
        commandName: "verify",
        abstract: "Look for damage in the database.",
        discussion: """
            Reads all of it: SQLite's check of pages, tables and indexes; the write-ahead log; that the points of each \
            stream are numbered without gaps and in the order of time; that anomalies and hindsight refer to points; \
            the checksums of all models. Nothing is written, and the daemon may be running. It takes about as long as \
            reading the file twice. Exit status 6 means that something is damaged.

            EXAMPLES:
              The daemon's database:
                anomalyctl db verify
              A copy, for a script:
                anomalyctl --database copy.db db verify --json | jq .damages
            """)

    @Flag(help: "Print one JSON object.")
    var json = false

    @OptionGroup(title: "GLOBAL OPTIONS")
    var common: CommonOptions

    package init() {}

    package func run(in surroundings: Surroundings, output: Output) throws {
        let path = common.databasePath(in: surroundings)
        let report = try Self.verify(path, ProgressLine(on: surroundings.progress, after: .seconds(2)))
        if json {
            output.write(try DBReportText.json(report))
        } else {
            for line in DBReportText.lines(report, path: path) { output.write(line + "\n") }
        }
        guard !report.isSound else { return }
        throw Failure(
            .damagedDatabase, "\(path) is damaged: \(DBReportText.count(Int64(report.damages), "finding"))",
            hint: "to bring over what can be read, stop anomalyd if it uses this file, and try: "
                + "anomalyctl db salvage '\(path)' -o NEW")
    }

    /// SQLite's check gives no sign while it runs, so that another thread does the work and this one tells the time.
    private static func verify(_ path: String, _ line: ProgressLine) throws -> VerifyReport {
        let work = BackgroundWork<StoreVerification.Step, VerifyReport>(begun: .pages) { report in
            var verification = try StoreVerification(path: path)
            return try verification.run { report($0) }
        }
        defer { line.leave() }
        var begunStreams: Double?
        return try work.wait { step, seconds in
            switch step {
            case .pages: line.show(nil) { _ in ["checking pages, \(Int(seconds))s"] }
            case .streams(let done, let all):
                // The share of the second half of the work alone, and so is the time that is left.
                let begun = begunStreams ?? seconds
                begunStreams = begun
                line.rewrite { columns in
                    Progress(
                        share: Double(done) / Double(max(1, all)),
                        texts: ["checking \(done)/\(all) streams"], seconds: seconds - begun
                    ).line(columns: columns)
                }
            }
        }
    }
}
