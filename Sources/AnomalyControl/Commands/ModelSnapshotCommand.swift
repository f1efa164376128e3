package import ArgumentParser
import ControlProtocol
import PointStore
import Presentation

/// `anomalyctl model snapshot`: keeps models as they are now.
package struct ModelSnapshotCommand: ReportingCommand {
    package static let configuration = CommandConfiguration(
        commandName: "snapshot",
        abstract: "Keep models as they are now, to go back to.",
        discussion: """
            The whole state of each stream's model is kept under a number: weights, optimiser, scaling, thresholds, the \
            memory of what is usual. Of each stream the last \(SnapshotRecord.mostOfStream) are kept, in the database; \
            the oldest go. anomalyctl model rollback goes back to one. The daemon must be running.

            EXAMPLES:
              Before a load test that the models shall not learn from:
                anomalyctl model snapshot 'web.*' -m "before the load test"
              What is kept:
                anomalyctl model snapshots 'web.*'
            """)

    @OptionGroup var change: ModelChangeOptions
    @OptionGroup(title: "GLOBAL OPTIONS") var common: CommonOptions

    package init() {}

    package func run(in surroundings: Surroundings, output: Output) throws {
        let store = try common.openStore(in: surroundings)
        let client = common.controlClient(in: surroundings)
        for stream in try StreamSelection(globs: change.streams).streamsOrFailure(in: store.streams()) {
            let points = try client.tell(
                FeedbackRequest(
                    stream: stream.name, action: FeedbackRecord.Action.snapshot.rawValue,
                    message: change.words.message))
            let kept = try store.snapshots(of: [stream.id]).last { $0.sequence == points }
            output.write(
                "\(TextWidth.harmless(stream.name)): kept at point \(NumberText.grouped(points))"
                    + (kept.map { " as snapshot \($0.id)" } ?? "") + "\n")
        }
    }
}
