package import ArgumentParser
import ControlProtocol
import PointStore
import Presentation

/// `anomalyctl anomalies mute`: streams and anomalies that nobody wants to hear of.
package struct AnomaliesMuteCommand: ReportingCommand {
    package static let configuration = CommandConfiguration(
        commandName: "mute",
        abstract: "Do not tell of a stream's anomalies for a while, or of one anomaly.",
        discussion: """
            A mute stream goes on being scored, and learned from; its anomalies are stored and marked as muted, but \
            neither the journal nor any other sink hears of those that begin before the end of the mute, by the time of \
            their points. Of one that is open now nothing more is told, but its end to those who know of it (the journal \
            hears nothing of that either). An anomaly that is muted by its number is marked, and its end is not told of; \
            with --for or --until, its stream is mute as well. To raise no anomalies at all, and learn nothing, see \
            anomalyctl exclude. The daemon must be running.

            EXAMPLES:
              Two hours of rest from two streams:
                anomalyctl anomalies mute web.cpu web.memory --for 2h -m "known, ticket 4711"
              Until Monday:
                anomalyctl anomalies mute 'web.*' --until "2026-11-30 08:00"
              One that is known:
                anomalyctl anomalies mute 17

            TIMES:
              \(TimeExpressionError.exampleLines)
            """)

    @OptionGroup var targets: MuteTargets

    @Option(
        name: .customLong("for"),
        help: ArgumentHelp("How long streams are mute, from now on, such as 2h.", valueName: "time"),
        transform: { text in
            guard let span = RelativeSpan.parse(text), span > 0 else {
                throw ValidationError("expected a length of time such as 90s, 5min, 1h 30min, 2days, 1week")
            }
            return span
        })
    var length: Int64?

    @Option(
        name: [.customShort("U", allowingJoined: true), .long], parsing: .unconditional,
        help: ArgumentHelp("Until when streams are mute.", valueName: "time"), transform: TimeExpression.init(_:))
    var until: TimeExpression?

    @OptionGroup(title: "GLOBAL OPTIONS") var common: CommonOptions

    package init() {}

    package func validate() throws {
        if length != nil, until != nil { throw ValidationError("Give either --for or --until.") }
    }

    package func run(in surroundings: Surroundings, output: Output) throws {
        let now = surroundings.now()
        let end = until?.resolve(now: now, zone: surroundings.zone) ?? length.map { now + min($0, .max - now) }
        if let end, end <= now { throw Failure(.usage, "--until is over already") }
        try targets.tell(.mute, until: end, common, surroundings, output)
    }
}

/// `anomalyctl anomalies unmute`: lets them be told of again.
package struct AnomaliesUnmuteCommand: ReportingCommand {
    package static let configuration = CommandConfiguration(
        commandName: "unmute",
        abstract: "Tell of anomalies again.",
        discussion: """
            Takes anomalyctl anomalies mute back. An anomaly that is open then, and was not told of, is. The daemon must \
            be running.

            EXAMPLES:
              A stream:
                anomalyctl anomalies unmute web.cpu
            """)

    @OptionGroup var targets: MuteTargets
    @OptionGroup(title: "GLOBAL OPTIONS") var common: CommonOptions

    package init() {}

    package func run(in surroundings: Surroundings, output: Output) throws {
        try targets.tell(.unmute, until: nil, common, surroundings, output)
    }
}
