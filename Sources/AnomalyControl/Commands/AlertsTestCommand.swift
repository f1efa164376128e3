package import ArgumentParser
import ControlProtocol
import Presentation

/// `anomalyctl alerts test`: whether sinks can be told.
package struct AlertsTestCommand: ReportingCommand {
    package static let configuration = CommandConfiguration(
        commandName: "test",
        abstract: "Send sinks a test, and show what each answers.",
        discussion: """
            The daemon sends each sink, or the one that is named, a notification that says it is a test ("test": true for \
            programs, the event "test" for webhooks), and waits for the answers for up to 50 s. Exit status 1 means that one \
            could not be told. The daemon must be running.

            EXAMPLES:
              All:
                anomalyctl alerts test
              One:
                anomalyctl alerts test pager
            """)

    @Argument(help: ArgumentHelp("The sink: journal, socket or the name of a [[sink]].", valueName: "sink"))
    var sink: String?

    @OptionGroup(title: "GLOBAL OPTIONS")
    var common: CommonOptions

    package init() {}

    package func run(in surroundings: Surroundings, output: Output) throws {
        let results = try common.controlClient(in: surroundings).testAlerts(sink).sinks
        var lines = LabelledLines(margin: 0)
        for result in results {
            let outcome =
                result.isTold
                ? "told in \(result.milliseconds) ms" : "not told: \(TextWidth.harmless(result.cause ?? ""))"
            lines.add(TextWidth.harmless(result.sink), "\(outcome) (\(TextWidth.harmless(result.kind)))")
        }
        lines.write(to: output)
        let failed = results.filter { !$0.isTold }.map { TextWidth.harmless($0.sink) }
        guard failed.isEmpty else {
            throw Failure(
                .failure, "not told: \(failed.joined(separator: ", "))",
                hint: "the journal has more; try: journalctl -u anomalyd -e")
        }
    }
}
