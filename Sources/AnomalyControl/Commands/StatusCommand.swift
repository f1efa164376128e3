package import ArgumentParser
import ControlProtocol
import Presentation

/// `anomalyctl status`: what the daemon says of itself.
package struct StatusCommand: ReportingCommand {
    package static let configuration = CommandConfiguration(
        commandName: "status",
        abstract: "Show how the daemon does.",
        discussion: """
            Asks the running daemon through its control socket. Exit status 3 means that it does not run.

            EXAMPLES:
              As text:
                anomalyctl status
              One figure for a script:
                anomalyctl status -o json | jq .points_per_second
              Of a daemon with a socket of its own:
                anomalyctl --socket ~/run/control.sock status
            """)

    @Option(
        name: [.customShort("o", allowingJoined: true), .customLong("output")],
        help: ArgumentHelp(
            "How to print: text for people, or one JSON object with times in microseconds since 1970.",
            valueName: "format"))
    var format = StatusFormat.text

    @Flag(help: "Print times in UTC rather than in the local zone ($TZ).")
    var utc = false

    @OptionGroup(title: "GLOBAL OPTIONS")
    var common: CommonOptions

    package init() {}

    package func run(in surroundings: Surroundings, output: Output) throws {
        let status = try common.controlClient(in: surroundings).status()
        switch format {
        case .json:
            output.write(try ControlLine.encode(status))
        case .text:
            let zone = surroundings.zone(utc: utc)
            let report = StatusReport(status: status, now: surroundings.now(), zone: zone)
            report.write(to: output, terminal: surroundings.terminal)
        }
    }
}

/// How the status is printed.
enum StatusFormat: String, CaseIterable, ExpressibleByArgument {
    case text, json
}
