package import ArgumentParser
import PointStore

/// `anomalyctl rule`: what is an anomaly of a stream, set while the daemon runs.
package struct RuleCommand: ParsableCommand {
    package static let configuration = CommandConfiguration(
        commandName: "rule",
        abstract: "Set, show and take back rules for what is an anomaly of a stream.",
        discussion: """
            Rules are the keys of the configuration's section [score] that need no new model: min_deviation, \
            min_relative_deviation, direction and expected_range. One that is set here holds for the stream from its next \
            point on, over restarts, in place of the configuration's, until it is taken back.

            EXAMPLES:
              Only what is too high:
                anomalyctl rule set web.latency direction=above
              A percentage, of which a change by less than five is nobody's business:
                anomalyctl rule set 'disk.*' 'expected_range=[0,100]' min_deviation=5
              What is set:
                anomalyctl rule show
            """,
        subcommands: [RuleSetCommand.self, RuleUnsetCommand.self, RuleShowCommand.self])

    package init() {}
}
