import AnomalyConfiguration
package import ArgumentParser
import ControlProtocol
import PointStore
import Presentation

/// `anomalyctl db vacuum`: the database as small as it can be.
package struct DBVacuumCommand: ReportingCommand {
    package static let configuration = CommandConfiguration(
        commandName: "vacuum",
        abstract: "Delete what has expired, and give free pages back to the file system.",
        discussion: """
            Moves the newest points into chunks, deletes what [retention] no longer keeps, and makes the file shorter by \
            all pages that nothing uses. The daemon does most of that by itself, in time, and keeps some free pages for \
            what comes; this does it at once, and leaves none.

            With the daemon running, it is asked to do it, by its own configuration: in steps of milliseconds, so that no \
            client waits. That changes something, and needs the right to (control.allow_users). Interrupt this command as \
            you like: the daemon goes on. With the daemon stopped, or for a file that is not the daemon's (--database), \
            the file is worked on here.

            --full writes the whole file anew, which also closes gaps inside of pages. The daemon must be stopped, and \
            the disk have room for two more copies of the file.

            EXAMPLES:
              Now:
                anomalyctl db vacuum
              What a shorter retention would leave, on a copy:
                anomalyctl --database copy.db db vacuum --set retention.raw=30d
            """)

    @Flag(help: "Write the whole file anew; with the daemon stopped only.")
    var full = false

    @OptionGroup(title: "CONFIGURATION OPTIONS")
    var configurationOptions: ConfigurationOptions

    @OptionGroup(title: "GLOBAL OPTIONS")
    var common: CommonOptions

    package init() {}

    package func validate() throws {
        if full, common.socket != nil {
            throw ValidationError("Leave out --socket: with --full, the daemon must be stopped.")
        }
    }

    package func run(in surroundings: Surroundings, output: Output) throws {
        let line = ProgressLine(on: surroundings.progress, after: .seconds(1))
        defer { line.leave() }
        let reply = try reply(in: surroundings, line)
        line.leave()
        output.write(Self.text(reply))
    }

    private func reply(in surroundings: Surroundings, _ line: ProgressLine) throws -> VacuumReply {
        let isOurs = common.database == nil && configurationOptions.isEmpty
        if !full, isOurs || common.socket != nil, let reply = try askDaemon(in: surroundings, line) { return reply }
        let configuration = try configurationOptions.configuration(in: surroundings, of: common.instance)
        let vacuum = StoreVacuum(
            path: common.databasePath(in: surroundings), retention: Retention(configuration), isFull: full,
            now: surroundings.now())
        let work = BackgroundWork<StoreVacuum.Step, VacuumReply>(begun: .init(text: "opening", share: nil)) { report in
            try vacuum.run(report)
        }
        do {
            return try work.wait { step, _ in line.show(step.share) { _ in [step.text] } }
        } catch let error as StoreError {
            guard case .locked = error.cause else { throw error }
            let hint =
                full
                ? "stop it first: systemctl stop anomalyd"
                : "that is a running daemon: leave out --database, --config and --set, or name its control socket with "
                    + "--socket"
            throw Failure(.failure, Failure(error).message, hint: hint)
        }
    }

    /// - Returns: nil if no daemon runs; then the database is ours to write to.
    private func askDaemon(in surroundings: Surroundings, _ line: ProgressLine) throws -> VacuumReply? {
        let client = common.controlClient(in: surroundings)
        do {
            var reply = try client.vacuum(begin: true)
            while !reply.isDone {
                let told = reply
                line.show(told.share) { _ in [told.phase] }
                reply = try client.vacuum(begin: false)
            }
            return reply
        } catch {
            if error.status == .daemonNotRunning { return nil }
            throw error
        }
    }

    private static func text(_ reply: VacuumReply) -> String {
        var deleted: [String] = []
        if reply.points > 0 { deleted.append(DBReportText.count(reply.points, "point")) }
        if reply.rollups > 0 { deleted.append(DBReportText.count(reply.rollups, "roll-up")) }
        if reply.anomalies > 0 { deleted.append(DBReportText.count(reply.anomalies, "anomaly", "anomalies")) }
        let freed = max(0, reply.bytesBefore - reply.bytes)
        return "freed \(NumberText.grouped(freed)) of \(NumberText.grouped(reply.bytesBefore)) bytes; deleted "
            + (deleted.isEmpty ? "nothing" : deleted.joined(separator: ", ")) + "\n"
    }
}
