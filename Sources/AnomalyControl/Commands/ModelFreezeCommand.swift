package import ArgumentParser
import Configuration
import ControlProtocol
import PointStore

/// `anomalyctl model freeze`: lets models be as they are.
package struct ModelFreezeCommand: ReportingCommand {
    package static let configuration = CommandConfiguration(
        commandName: "freeze",
        abstract: "Stop streams from learning.",
        discussion: """
            The network's weights, and the scaling of its values, stay as they are until anomalyctl model thaw, also over \
            restarts. Predictions, scores and the memory of what is usual go on. The daemon must be running.

            EXAMPLES:
              During a load test:
                anomalyctl model freeze 'web.*' -m "load test"
            """)

    @OptionGroup var change: ModelChangeOptions
    @OptionGroup(title: "GLOBAL OPTIONS") var common: CommonOptions

    package init() {}

    package func run(in surroundings: Surroundings, output: Output) throws {
        try change.tell(.freeze, "frozen", common, surroundings, output)
    }
}

/// `anomalyctl model thaw`: lets frozen models learn again.
package struct ModelThawCommand: ReportingCommand {
    package static let configuration = CommandConfiguration(
        commandName: "thaw",
        abstract: "Let streams learn again.",
        discussion: """
            Takes anomalyctl model freeze back. What came meanwhile is not learned from afterwards. The daemon must be \
            running.

            EXAMPLES:
              After a load test:
                anomalyctl model thaw 'web.*'
            """)

    @OptionGroup var change: ModelChangeOptions
    @OptionGroup(title: "GLOBAL OPTIONS") var common: CommonOptions

    package init() {}

    package func run(in surroundings: Surroundings, output: Output) throws {
        try change.tell(.thaw, "learns again", common, surroundings, output)
    }
}

/// Which streams' models are changed, and why.
package struct ModelChangeOptions: ParsableArguments {
    @Argument(
        help: ArgumentHelp("Names of streams or patterns for them (* ? [a-z]).", valueName: "stream"),
        transform: Glob.init(_:))
    var streams: [Glob]

    @OptionGroup
    var words: MessageOption

    package init() {}

    package func validate() throws {
        if streams.isEmpty { throw ValidationError("Name a stream.") }
    }

    /// Tells the daemon of each stream, and says `outcome`.
    func tell(
        _ action: FeedbackRecord.Action, _ outcome: String, _ common: CommonOptions, _ surroundings: Surroundings,
        _ output: Output
    ) throws {
        let store = try common.openStore(in: surroundings)
        let client = common.controlClient(in: surroundings)
        for stream in try StreamSelection(globs: streams).streamsOrFailure(in: store.streams()) {
            let points = try client.tell(
                FeedbackRequest(stream: stream.name, action: action.rawValue, message: words.message))
            output.write(
                "\(TextWidth.harmless(stream.name)): \(outcome) from point \(NumberText.grouped(points + 1)) on\n")
        }
    }
}
