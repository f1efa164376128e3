import AnomalyConfiguration
import AnomalyDetection
package import ArgumentParser
import ControlProtocol
import PointStore
import Presentation

/// `anomalyctl explain`: an anomaly in words.
package struct ExplainCommand: ReportingCommand {
    package static let configuration = CommandConfiguration(
        commandName: "explain",
        abstract: "Explain an anomaly in words.",
        discussion: """
            Says what was expected and what came, how rare that is, of which kind it is and what that means, which \
            channels it is about, what it resembles, what began elsewhere at the same time, and whether the model \
            learns from it. Works with the daemon running or stopped; what the model does is told by the configuration \
            of now.

            EXAMPLES:
              Number 17:
                anomalyctl explain 17
              The newest anomaly of a stream:
                anomalyctl explain cpu.load
              The channels that it is about, for a script:
                anomalyctl explain 17 -o json | jq -c .attribution
            """)

    @Argument(
        help: ArgumentHelp(
            "The number of an anomaly (see anomalyctl anomalies), or a stream for its newest one.",
            valueName: "id|stream"),
        completion: .anomaliesAndStreams)
    var anomaly: String

    @Option(
        name: [.customShort("o", allowingJoined: true), .customLong("output")],
        help: ArgumentHelp("How to print: text for people, or one JSON object.", valueName: "format"))
    var format = AnomalyFormat.text

    @Flag(help: "Print times in UTC rather than in the local zone ($TZ).")
    var utc = false

    @OptionGroup(title: "CONFIGURATION OPTIONS")
    var configurationOptions: ConfigurationOptions

    @OptionGroup(title: "GLOBAL OPTIONS")
    var common: CommonOptions

    package init() {}

    package func run(in surroundings: Surroundings, output: Output) throws {
        let configuration = try configurationOptions.configuration(in: surroundings, of: common.instance)
        let store = try common.openStore(in: surroundings)
        let streams = try store.streams()
        let details = try AnomalyDetails(named: anomaly, in: store, of: streams)
        let model = configuration.settings(forStream: details.stream.name).detector.model
        let explanation = try Explanation(details, in: store, of: streams, model: model)
        switch format {
        case .json: output.write(try ControlLine.encode(ExplanationSummary(explanation)))
        case .text:
            let text = ExplanationText(explanation, now: surroundings.now(), zone: surroundings.zone(utc: utc))
            text.heading.write(to: output, terminal: surroundings.terminal)
            var lines = LabelledLines()
            lines.add(text.lines)
            lines.write(to: output, columns: surroundings.terminal.columns)
        }
    }
}
