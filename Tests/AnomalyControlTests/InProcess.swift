import AnomalyConfiguration
import AnomalyControl
import Presentation

/// Runs command lines inside the test's process, where clock, zone and terminal are parameters.
struct InProcess {
    /// 2026-11-23 15:00:00 UTC
    static let now = SampleStore.start + 3_600_000_000

    var columns: Int?
    var colour = false
    var isUnicode = true
    var zone: any Zone = FixedZone.utc
    var database: String?

    /// What the command line writes.
    func output(_ arguments: String...) throws -> String {
        try output(arguments)
    }

    func output(_ arguments: [String]) throws -> String {
        let global = database.map { ["--database", $0] } ?? []
        guard let command = try Anomalyctl.command(for: global + arguments) as? any ReportingCommand else { return "" }
        let output = Output(descriptor: nil)
        let surroundings = Surroundings(
            now: { Self.now }, zone: zone,
            terminal: Terminal(columns: columns, colour: colour, isUnicode: isUnicode), paths: .system)
        try command.run(in: surroundings, output: output)
        return output.text
    }
}
