import AnomalyConfiguration
package import ArgumentParser
import PointStore
import Presentation

/// `anomalyctl model snapshots`: lists what was kept.
package struct ModelSnapshotsCommand: ReportingCommand {
    package static let configuration = CommandConfiguration(
        commandName: "snapshots",
        abstract: "List the snapshots that are kept of models.",
        discussion: """
            Lists the snapshots of all streams, or of those whose names match a GLOB, in the order in which they were \
            taken. Works with the daemon running or stopped.

            EXAMPLES:
              Those of one stream:
                anomalyctl model snapshots cpu.load
              The newest number of each stream:
                anomalyctl model snapshots -o json | jq -s 'group_by(.stream) | map(.[-1]) | .[] | .id'

            FORMATS:
              \(RecordFormat.explanation)
            """)

    @Argument(help: "Names of streams or patterns for them.", completion: .streams, transform: Glob.init(_:))
    var glob: [Glob] = []

    @OptionGroup(title: "OUTPUT OPTIONS")
    var outputOptions: OutputOptions

    @OptionGroup(title: "GLOBAL OPTIONS")
    var common: CommonOptions

    package init() {}

    package func run(in surroundings: Surroundings, output: Output) throws {
        let store = try common.openStore(in: surroundings)
        let streams = try StreamSelection(globs: glob).streamsOrFailure(in: store.streams())
        let names = streams.names
        let snapshots = try store.snapshots(of: Set(names.keys))
        var writer = outputOptions.writer(of: .snapshots(snapshots, of: streams), in: surroundings)
        for snapshot in snapshots {
            writer.write(Record(snapshot, stream: names[snapshot.stream] ?? ""), to: output)
            try output.checkpoint()
        }
        writer.finish(output)
    }
}

extension Schema {
    /// What `anomalyctl model snapshots` prints of a snapshot.
    static func snapshots(_ snapshots: [StoredSnapshot], of streams: [StreamRecord]) -> Schema {
        Schema(
            columns: [
                Column("id", "ID", .identifier, textWidth: snapshots.map { "\($0.id)".utf8.count }.max() ?? 2),
                Column("time", "TAKEN", .time),
                Column("stream", "STREAM", .text, textWidth: streams.map { TextWidth.of($0.name) }.max() ?? 0),
                Column(
                    "point", "POINT", .integer,
                    textWidth: snapshots.map { NumberText.grouped($0.sequence).utf8.count }.max() ?? 0),
                Column(
                    "bytes", "BYTES", .integer,
                    textWidth: snapshots.map { NumberText.grouped($0.bytes).utf8.count }.max() ?? 0, rank: 1),
                Column("user", "BY", .text, textWidth: snapshots.map { TextWidth.of($0.by) }.max() ?? 0, rank: 2),
                Column(
                    "message", "MESSAGE", .text,
                    textWidth: min(60, snapshots.map { TextWidth.of($0.message) }.max() ?? 0), rank: 3),
            ], emptyText: "no snapshots", subject: "snapshot")
    }
}

extension Record {
    /// A snapshot as a record of the schema `snapshots(_:of:)`.
    init(_ snapshot: StoredSnapshot, stream: String) {
        self.init(fields: [
            .integer(snapshot.id), .time(snapshot.time), .text(stream), .integer(snapshot.sequence),
            .integer(snapshot.bytes), .text(snapshot.by), .text(snapshot.message),
        ])
    }
}

extension StoredSnapshot {
    /// Who took it; empty if nobody knows.
    fileprivate var by: String { user.map { UserName.of($0) } ?? "" }
}
