import AnomalyConfiguration
import AnomalyDetection
package import ArgumentParser
import ControlProtocol
import PointStore
import Presentation

/// `anomalyctl rule set`: lets rules hold for streams.
package struct RuleSetCommand: ReportingCommand {
    package static let configuration = CommandConfiguration(
        commandName: "set",
        abstract: "Let rules hold for streams.",
        discussion: """
            \(RuleArguments.explanation)
            The daemon must be running.

            EXAMPLES:
              Only what is too low, and by a tenth at least:
                anomalyctl rule set 'shop.*' direction=below min_relative_deviation=0.1 -m "refunds"
            """)

    @OptionGroup var rules: RuleArguments
    @OptionGroup(title: "GLOBAL OPTIONS") var common: CommonOptions

    package init() {}

    package func validate() throws { _ = try rules.split { $0.value != nil } }

    package func run(in surroundings: Surroundings, output: Output) throws {
        try rules.tell(try rules.split { $0.value != nil }, common, surroundings, output)
    }
}

/// `anomalyctl rule unset`: lets the configuration's rules hold again.
package struct RuleUnsetCommand: ReportingCommand {
    package static let configuration = CommandConfiguration(
        commandName: "unset",
        abstract: "Let the configuration's rules hold for streams again.",
        discussion: """
            Name the keys: \(ScoreRule.keys.joined(separator: ", ")). The daemon must be running.

            EXAMPLES:
              Both directions again:
                anomalyctl rule unset 'shop.*' direction
            """)

    @OptionGroup var rules: RuleArguments
    @OptionGroup(title: "GLOBAL OPTIONS") var common: CommonOptions

    package init() {}

    package func validate() throws { _ = try rules.split { $0.value == nil } }

    package func run(in surroundings: Surroundings, output: Output) throws {
        try rules.tell(try rules.split { $0.value == nil }, common, surroundings, output)
    }
}

/// Streams, and rules for them.
struct RuleArguments: ParsableArguments {
    /// What rules there are, for the help of a command.
    static let explanation = """
        min_deviation=NUMBER (0 or more, in the stream's units) and min_relative_deviation=NUMBER (as a share of the value): \
        smaller deviations are no evidence. direction=above, below or both: values that are off the other way are none. \
        expected_range=[LOW,HIGH]: a value outside is an anomaly of the kind limit, whatever the model thinks.
        """

    @Argument(
        help: ArgumentHelp(
            "Names of streams or patterns for them, and rules: KEY=VALUE (to unset: KEY).", valueName: "stream|rule"),
        completion: .streams)
    var words: [String]

    @OptionGroup
    var reason: MessageOption

    /// The arguments as streams and rules. What begins with the key of a rule is one: names of streams may have `=` too.
    ///
    /// - Parameter isMeant: which rules make sense.
    func split(_ isMeant: (ScoreRule) -> Bool) throws -> (streams: [Glob], rules: [ScoreRule]) {
        var result: (streams: [Glob], rules: [ScoreRule]) = ([], [])
        for word in words {
            let key = word.split(separator: "=", maxSplits: 1).first.map(String.init) ?? ""
            guard ScoreRule.keys.contains(key) else {
                result.streams.append(try Glob(word))
                continue
            }
            guard let rule = ScoreRule(word), isMeant(rule) else {
                throw ValidationError("\"\(word)\" is no rule here. \(Self.explanation)")
            }
            result.rules.append(rule)
        }
        if result.streams.isEmpty { throw ValidationError("Name a stream.") }
        if result.rules.isEmpty {
            throw ValidationError("Name a rule: \(ScoreRule.keys.joined(separator: ", ")).")
        }
        return result
    }

    func tell(
        _ parts: (streams: [Glob], rules: [ScoreRule]), _ common: CommonOptions, _ surroundings: Surroundings,
        _ output: Output
    ) throws {
        let store = try common.openStore(in: surroundings)
        let client = common.controlClient(in: surroundings)
        for stream in try StreamSelection(globs: parts.streams).streamsOrFailure(in: store.streams()) {
            for rule in parts.rules {
                var request = FeedbackRequest(
                    stream: stream.name, action: FeedbackRecord.Action.rule.rawValue, message: reason.message)
                request.rule = rule.text
                let points = try client.tell(request)
                let text = rule.value == nil ? "\(rule.key) as configured" : rule.text
                output.write(
                    "\(TextWidth.harmless(stream.name)): \(text) from point \(NumberText.grouped(points + 1)) on\n")
            }
        }
    }
}
