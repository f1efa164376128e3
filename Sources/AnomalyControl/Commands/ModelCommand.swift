package import ArgumentParser

/// `anomalyctl model`: models as files.
package struct ModelCommand: ParsableCommand {
    package static let configuration = CommandConfiguration(
        commandName: "model",
        abstract: "Look at models, take them in and out, and change how they learn.",
        discussion: """
            Models are files of the safetensors format with PyTorch's names and order of gates: the state_dict of a \
            torch.nn.RNN, LSTM or GRU and of a torch.nn.Linear behind it can be imported, and what is exported can be \
            loaded into them.

            EXAMPLES:
              How the learning of a stream goes, and its gradients:
                anomalyctl model show cpu.load
              Take a model out, and into other streams:
                anomalyctl model export cpu.load -o cpu.safetensors
                anomalyctl model import cpu.safetensors 'web.*.cpu'
              Stop learning for a while:
                anomalyctl model freeze 'web.*'
              Keep models, and go back to what was kept; or begin anew:
                anomalyctl model snapshot 'web.*'
                anomalyctl model rollback web.cpu
                anomalyctl model reset web.cpu
              In Python:
                safetensors.torch.load_file("cpu.safetensors")
            """,
        subcommands: [
            ModelShowCommand.self, ModelExportCommand.self, ModelImportCommand.self,
            ModelFreezeCommand.self, ModelThawCommand.self, ModelSnapshotCommand.self, ModelSnapshotsCommand.self,
            ModelRollbackCommand.self, ModelResetCommand.self,
        ])

    package init() {}
}
