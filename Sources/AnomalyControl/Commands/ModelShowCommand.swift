package import ArgumentParser
import ControlProtocol
import Glibc
import ModelFiles

/// `anomalyctl model show`: what a model is, and how its learning goes.
package struct ModelShowCommand: ReportingCommand {
    package static let configuration = CommandConfiguration(
        commandName: "show",
        abstract: "Show a model's network, tensors and, of a stream, its training.",
        discussion: """
            Of a stream, its newest checkpoint is read from the database, with the daemon running or stopped. \
            Gradients that vanish (gain below 1e-12 over the window) reach no further back than some points; \
            gradients that explode (above 1000) drown what the newest points teach.

            EXAMPLES:
              A stream's network and the health of its training:
                anomalyctl model show cpu.load
              A file:
                anomalyctl model show cpu.safetensors
              One figure for a script:
                anomalyctl model show cpu.load -o json | jq .training.gradient_norm
            """)

    @Argument(
        help: ArgumentHelp(
            "A file (ends in .safetensors, or has a slash and exists), or else the name of a stream.",
            valueName: "file|stream"),
        completion: .streams)
    var model: String

    @Option(
        name: [.customShort("o", allowingJoined: true), .customLong("output")],
        help: ArgumentHelp("How to print: a table for people, or one JSON object.", valueName: "format"))
    var format = ModelFormat.table

    @OptionGroup(title: "GLOBAL OPTIONS")
    var common: CommonOptions

    package init() {}

    package func run(in surroundings: Surroundings, output: Output) throws {
        let summary =
            isFile
            ? ModelSummary(try ModelFile.read(model, requiresHead: false), source: model)
            : ModelSummary(try StreamModel(named: model, in: common.openStore(in: surroundings)))
        switch format {
        case .json: output.write(try ControlLine.encode(summary))
        case .table: ModelReport(summary, terminal: surroundings.terminal).write(to: output)
        }
    }

    private var isFile: Bool {
        model.hasSuffix(".safetensors") || model.contains("/") && access(model, F_OK) == 0
    }
}

/// How a model is printed.
enum ModelFormat: String, CaseIterable, ExpressibleByArgument {
    case table, json
}
