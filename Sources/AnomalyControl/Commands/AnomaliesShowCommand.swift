package import ArgumentParser
import PointStore
import Presentation

/// `anomalyctl anomalies show`: all that is stored of anomalies.
package struct AnomaliesShowCommand: ReportingCommand {
    package static let configuration = CommandConfiguration(
        commandName: "show",
        abstract: "Show all that is stored of anomalies, with their points.",
        discussion: """
            Prints each anomaly with its points, some ordinary ones before it and some after. Works with the daemon \
            running or stopped. anomalyctl anomalies lists the numbers.

            EXAMPLES:
              Number 17, with 20 points before and after it:
                anomalyctl anomalies show 17 --context 20
              The values of its points:
                anomalyctl anomalies show 17 -o json | jq -c '[.points[].value]'
            """)

    @Argument(help: ArgumentHelp("Numbers of anomalies.", valueName: "id"), completion: .anomalies)
    var ids: [Int64]

    @Option(help: ArgumentHelp("Points to print before and after it.", valueName: "number"))
    var context = 5

    @Option(
        name: [.customShort("o", allowingJoined: true), .customLong("output")],
        help: ArgumentHelp("How to print: text for people, or one JSON object a line.", valueName: "format"))
    var format = AnomalyFormat.text

    @Flag(help: "Print times in UTC rather than in the local zone ($TZ).")
    var utc = false

    @OptionGroup(title: "GLOBAL OPTIONS")
    var common: CommonOptions

    package init() {}

    package func validate() throws {
        if context < 0 { throw ValidationError("--context \(context) is less than no point.") }
    }

    package func run(in surroundings: Surroundings, output: Output) throws {
        let store = try common.openStore(in: surroundings)
        let streams = try store.streams()
        // All are looked up first: a number that does not exist should not follow pages of others.
        let anomalies = try ids.map { try AnomalyDetails(id: $0, in: store, of: streams) }
        for (index, details) in anomalies.enumerated() {
            let report = AnomalyReport(
                details: details, points: try details.points(context: context, in: store), store: store)
            switch format {
            case .json: try report.writeJSON(to: output)
            case .text:
                if index > 0 { output.write("\n") }
                try report.write(
                    to: output, terminal: surroundings.terminal, zone: surroundings.zone(utc: utc),
                    now: surroundings.now())
            }
        }
    }
}
