package import ArgumentParser
import Glibc
import ModelFiles

/// `anomalyctl model export`: a stream's weights as a file.
package struct ModelExportCommand: ReportingCommand {
    package static let configuration = CommandConfiguration(
        commandName: "export",
        abstract: "Write a stream's model to a safetensors file.",
        discussion: """
            The weights are those of the stream's newest checkpoint, at most storage.checkpoint_interval old, which is \
            read from the database with the daemon running or stopped.

            EXAMPLES:
              To a file, which is replaced if it is there:
                anomalyctl model export cpu.load -o cpu.safetensors
              To another machine:
                anomalyctl model export cpu.load | ssh other 'cat > cpu.safetensors'
            """)

    @Argument(help: ArgumentHelp("The name of a stream.", valueName: "stream"), completion: .streams)
    var stream: String

    @Option(
        name: [.customShort("o", allowingJoined: true), .customLong("output")],
        help: ArgumentHelp("The file to write (default: standard output).", valueName: "file"), completion: .file())
    var file: String?

    @OptionGroup(title: "GLOBAL OPTIONS")
    var common: CommonOptions

    package init() {}

    package func run(in surroundings: Surroundings, output: Output) throws {
        if file == nil, output.isTerminal {
            throw Failure(
                .usage, "a model is nothing to read on a terminal", hint: "name a file with -o FILE, or use a pipe")
        }
        let model = try StreamModel(named: stream, in: common.openStore(in: surroundings)).file
        if let file { try model.write(file) } else { output.write(model.encode()) }
    }
}
