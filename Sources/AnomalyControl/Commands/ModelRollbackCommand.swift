package import ArgumentParser
import ControlProtocol
import PointStore
import Presentation

/// `anomalyctl model rollback`: lets a model go on from what it was.
package struct ModelRollbackCommand: ReportingCommand {
    package static let configuration = CommandConfiguration(
        commandName: "rollback",
        abstract: "Let a model go on from a snapshot.",
        discussion: """
            From the next point on, the stream is predicted and scored by the model as it was when the snapshot was taken; \
            all that was learned since is undone. The points since then stay stored, with what was said of them; the last \
            values are still known, and what people said stays said. A snapshot that was taken with other settings of the \
            network (model.cell, model.hidden, …) can't be gone back to. The daemon must be running.

            EXAMPLES:
              To the newest snapshot:
                anomalyctl model rollback cpu.load
              To another one:
                anomalyctl model snapshots cpu.load
                anomalyctl model rollback cpu.load 3 -m "learned the incident"
            """)

    @Argument(help: ArgumentHelp("Name of a stream.", valueName: "stream"), completion: .streams)
    var stream: String

    @Argument(help: ArgumentHelp("Number of a snapshot of it (default: its newest).", valueName: "snapshot"))
    var snapshot: Int64?

    @OptionGroup
    var words: MessageOption

    @OptionGroup(title: "GLOBAL OPTIONS")
    var common: CommonOptions

    package init() {}

    package func run(in surroundings: Surroundings, output: Output) throws {
        let store = try common.openStore(in: surroundings)
        guard let record = try store.streams().first(where: { $0.name.utf8.elementsEqual(stream.utf8) }) else {
            throw Failure(
                .unknownStream, "there is no stream \"\(stream)\"", hint: "to see the names, try: anomalyctl streams")
        }
        let kept = try store.snapshots(of: [record.id])
        let wanted = snapshot.map { number in kept.first { $0.id == number } } ?? kept.last
        guard let wanted else {
            throw Failure(
                .unknownStream,
                snapshot.map { "the stream \"\(stream)\" has no snapshot \($0)" }
                    ?? "no snapshot was taken of the stream \"\(stream)\"",
                hint: "to see the numbers, try: anomalyctl model snapshots")
        }
        let points = try common.controlClient(in: surroundings).tell(
            FeedbackRequest(
                stream: record.name, action: FeedbackRecord.Action.rollback.rawValue, snapshot: wanted.id,
                message: words.message))
        output.write(
            "\(TextWidth.harmless(record.name)): goes on from snapshot \(wanted.id) (point "
                + "\(NumberText.grouped(wanted.sequence))) from point \(NumberText.grouped(points + 1)) on\n")
    }
}
