import AnomalyConfiguration
package import ArgumentParser
import ControlProtocol
import ModelFiles
import PointStore
import Presentation

/// `anomalyctl model import`: a file's weights for streams.
package struct ModelImportCommand: ReportingCommand {
    package static let configuration = CommandConfiguration(
        commandName: "import",
        abstract: "Give streams the weights of a safetensors file.",
        discussion: """
            Takes files of "anomalyctl model export" and state_dicts of PyTorch (torch.nn.RNN, LSTM or GRU, with or \
            without a torch.nn.Linear behind it; without one, each stream keeps its own head). The file must fit all \
            of the streams; otherwise it is refused, and none is changed. From its next point on a stream predicts \
            with the new weights, and learns from there.

            Asks the daemon, or if none runs, writes to the database itself. With --database alone, no daemon is asked.

            EXAMPLES:
              A new start for one stream:
                anomalyctl model import cpu.safetensors cpu.load
              The same weights for many:
                anomalyctl model import cpu.safetensors 'web.*.cpu'
            """)

    @Argument(help: ArgumentHelp("A safetensors file.", valueName: "file"), completion: .file())
    var file: String

    @Argument(
        help: ArgumentHelp("Names of streams or patterns for them (* ? [a-z]).", valueName: "stream"),
        completion: .streams, transform: Glob.init(_:))
    var streams: [Glob]

    @OptionGroup(title: "GLOBAL OPTIONS")
    var common: CommonOptions

    package init() {}

    package func validate() throws {
        if streams.isEmpty { throw ValidationError("Name a stream that gets the weights.") }
    }

    package func run(in surroundings: Surroundings, output: Output) throws {
        let model = try ModelFile.read(file, requiresHead: false)
        for stream in try imported(model, in: surroundings).streams {
            let from = NumberText.grouped(stream.points + 1)
            output.write("\(TextWidth.harmless(stream.stream)): has the weights of \(file) from point \(from) on\n")
        }
    }

    private func imported(_ model: ModelFile, in surroundings: Surroundings) throws -> ImportedModel {
        if common.database == nil || common.socket != nil, let imported = try askDaemon(model, in: surroundings) {
            return imported
        }
        let store = try common.openStore(in: surroundings)
        let records = try selected(store)
        do {
            return try OfflineImport(model: model, file: file).run(records, database: store.path)
        } catch let error as StoreError {
            guard case .locked = error.cause else { throw error }
            throw Failure(
                .failure, Failure(error).message,
                hint: "that is a running daemon: leave out --database, or name its control socket with --socket")
        }
    }

    /// - Returns: nil if no daemon runs; then the database is ours to write to.
    private func askDaemon(_ model: ModelFile, in surroundings: Surroundings) throws -> ImportedModel? {
        // Plain names need no look into the database, which the user may not be allowed to read.
        let literals = streams.compactMap(\.literal)
        let names =
            literals.count == streams.count ? literals : try selected(common.openStore(in: surroundings)).map(\.name)
        let request = ImportModel(streams: names, file: file, model: model.encode())
        do {
            return try common.controlClient(in: surroundings).importModel(request)
        } catch {
            if error.status == .daemonNotRunning { return nil }
            throw error
        }
    }

    private func selected(_ store: StoreReader) throws -> [StreamRecord] {
        try StreamSelection(globs: streams).streamsOrFailure(in: store.streams())
    }
}
