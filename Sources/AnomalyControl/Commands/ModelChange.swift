import AnomalyConfiguration
import ArgumentParser
import ControlProtocol
import PointStore
import Presentation

/// A command that says one thing to each of some streams. A new one is a file that says which.
protocol ModelChangeCommand: ReportingCommand {
    static var action: FeedbackRecord.Action { get }
    /// What it comes to, before "from point 701 on".
    static var outcome: String { get }
    var change: ModelChangeOptions { get }
    var common: CommonOptions { get }
}

extension ModelChangeCommand {
    package func run(in surroundings: Surroundings, output: Output) throws {
        let store = try common.openStore(in: surroundings)
        let client = common.controlClient(in: surroundings)
        for stream in try StreamSelection(globs: change.streams).streamsOrFailure(in: store.streams()) {
            let points = try client.tell(
                FeedbackRequest(
                    stream: stream.name, action: Self.action.rawValue, message: change.words.message))
            output.write(
                "\(TextWidth.harmless(stream.name)): \(Self.outcome) from point \(NumberText.grouped(points + 1)) on\n")
        }
    }
}

/// Which streams' models are changed, and why.
struct ModelChangeOptions: ParsableArguments {
    @Argument(
        help: ArgumentHelp("Names of streams or patterns for them (* ? [a-z]).", valueName: "stream"),
        completion: .streams, transform: Glob.init(_:))
    var streams: [Glob]

    @OptionGroup
    var words: MessageOption

    func validate() throws {
        if streams.isEmpty { throw ValidationError("Name a stream.") }
    }
}
