package import ArgumentParser
import ControlProtocol
import PointStore

/// `anomalyctl anomalies ack`: notes that somebody has seen anomalies.
package struct AnomaliesAckCommand: ReportingCommand {
    package static let configuration = CommandConfiguration(
        commandName: "ack",
        abstract: "Note that somebody has seen an anomaly.",
        discussion: """
            The note, with the time, the user and the words, is kept with the anomaly; list, show and explain tell of it. \
            It changes nothing of what the stream does: to say that an anomaly was none, try anomalyctl label. The daemon \
            must be running.

            EXAMPLES:
              Number 17:
                anomalyctl anomalies ack 17 -m "ticket 4711"
              What nobody has seen yet:
                anomalyctl anomalies --open -o json | jq 'select(.feedback == null) | .id'
            """)

    @Argument(help: ArgumentHelp("Numbers of anomalies.", valueName: "id"))
    var ids: [Int64]

    @OptionGroup
    var words: MessageOption

    @OptionGroup(title: "GLOBAL OPTIONS")
    var common: CommonOptions

    package init() {}

    package func run(in surroundings: Surroundings, output: Output) throws {
        let store = try common.openStore(in: surroundings)
        let streams = try store.streams()
        for details in try ids.map({ try AnomalyDetails(id: $0, in: store, of: streams) }) {
            _ = try common.controlClient(in: surroundings).tell(
                FeedbackRequest(
                    stream: details.stream.name, action: FeedbackRecord.Action.acknowledged.rawValue,
                    anomaly: details.stored.id, message: words.message))
            output.write("anomaly \(details.stored.id) of \(TextWidth.harmless(details.stream.name)): acknowledged\n")
        }
    }
}
