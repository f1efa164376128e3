package import ArgumentParser
import ControlProtocol
import PointStore
import Presentation

/// `anomalyctl anomalies ack`: notes that somebody has seen anomalies.
package struct AnomaliesAckCommand: ReportingCommand {
    package static let configuration = CommandConfiguration(
        commandName: "ack",
        abstract: "Note that somebody has seen an anomaly.",
        discussion: """
            The note, with the time, the user and the words, is kept with the anomaly; list, show and explain tell of it, \
            and so are the sinks that know of the anomaly, which do not tell of it again then (alerts.repeat_interval). \
            It changes nothing of what the stream does: to say that an anomaly was none, try anomalyctl label. The daemon \
            must be running.

            EXAMPLES:
              Number 17:
                anomalyctl anomalies ack 17 -m "ticket 4711"
              What nobody has seen yet:
                anomalyctl anomalies --open -o json | jq 'select(.feedback == null) | .id'
            """)

    @OptionGroup
    var named: NamedAnomalies

    @OptionGroup(title: "GLOBAL OPTIONS")
    var common: CommonOptions

    package init() {}

    package func run(in surroundings: Surroundings, output: Output) throws {
        try named.tell(common, in: surroundings, to: output) { details, _ in
            FeedbackRequest(
                stream: details.stream.name, action: FeedbackRecord.Action.acknowledged.rawValue,
                anomaly: details.stored.id)
        } outcome: { _, _, _ in
            "acknowledged"
        }
    }
}
