package import ArgumentParser
import PointStore
import Presentation

/// `anomalyctl db backup`: a copy, with the daemon running.
package struct DBBackupCommand: ReportingCommand {
    package static let configuration = CommandConfiguration(
        commandName: "backup",
        abstract: "Copy the database, with the daemon running or stopped.",
        discussion: """
            Copies what is committed when it begins into a new file, and verifies that (see anomalyctl db verify). The \
            file appears under its name when it is whole and sound. The daemon goes on meanwhile; its write-ahead log \
            can only grow until the copy is done.

            To go back to a copy: stop anomalyd, move its database away together with its -wal and -shm, and put the \
            copy in its place, owned by anomalyd's user. Clients that wait for !sync send again what it lacks.

            EXAMPLES:
              Every night:
                anomalyctl db backup /mnt/backup/anomaly-$(date +%F).db
              Ask it:
                anomalyctl --database /mnt/backup/anomaly-2026-11-23.db query --anomalies
            """)

    @Argument(help: ArgumentHelp("The new file, which must not exist.", valueName: "new"), completion: .file())
    var new: String

    @OptionGroup(title: "GLOBAL OPTIONS")
    var common: CommonOptions

    package init() {}

    package func run(in surroundings: Surroundings, output: Output) throws {
        let (path, new) = (common.databasePath(in: surroundings), new)
        let line = ProgressLine(on: surroundings.progress)
        let work = BackgroundWork<StoreBackup.Step, VerifyReport>(begun: .copying) { report in
            try StoreBackup(of: path, at: new).run { report($0) }
        }
        defer { line.leave() }
        let report = try work.wait { step, seconds in
            if seconds < 2 { return }
            line.rewrite { columns in
                TextWidth.shorten("\(step == .copying ? "copying" : "verifying"), \(Int(seconds)) s", to: columns)
            }
        }
        line.leave()
        guard report.isSound else {
            throw Failure(
                .damagedDatabase, "\(path) is damaged: \(DBReportText.count(Int64(report.damages), "finding"))",
                hint: "there is no copy; to see what is wrong, try: anomalyctl db verify")
        }
        for line in DBReportText.lines(report, path: new) { output.write(line + "\n") }
    }
}
