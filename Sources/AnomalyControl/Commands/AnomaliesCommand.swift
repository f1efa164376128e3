package import ArgumentParser

/// `anomalyctl anomalies`: what was found, each anomaly as one.
package struct AnomaliesCommand: ParsableCommand {
    package static let configuration = CommandConfiguration(
        commandName: "anomalies",
        abstract: "List anomalies, one by one or by event, show all that is stored of one, acknowledge and mute them.",
        discussion: """
            Points that were flagged one after the other are one anomaly, which has a number, a beginning, a peak and, \
            once ordinary points have followed, an end. Without another command, anomalies are listed.

            EXAMPLES:
              What began since yesterday, or was still going on then:
                anomalyctl anomalies --since yesterday
              What is going on now:
                anomalyctl anomalies --open
              All that is stored of number 17, with its points:
                anomalyctl anomalies show 17
              What it means:
                anomalyctl explain 17
              What began together, in whatever streams:
                anomalyctl anomalies groups --since yesterday
              Somebody has seen it, or it was none:
                anomalyctl anomalies ack 17
                anomalyctl label 17 --false-positive
              Not to hear of a stream's for a while:
                anomalyctl anomalies mute web.cpu --for 2h
            """,
        subcommands: [
            AnomaliesListCommand.self, AnomaliesGroupsCommand.self, AnomaliesShowCommand.self,
            AnomaliesAckCommand.self, AnomaliesMuteCommand.self, AnomaliesUnmuteCommand.self,
        ],
        defaultSubcommand: AnomaliesListCommand.self)

    package init() {}
}

/// How `show` and `explain` print.
enum AnomalyFormat: String, CaseIterable, ExpressibleByArgument {
    case text, json
}
