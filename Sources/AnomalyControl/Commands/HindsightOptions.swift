import AnomalyDetection
import ArgumentParser
import Glibc
import RecurrentModel

/// The network that reads in hindsight: its shape and how it learns, or a file with one.
struct HindsightOptions: ParsableArguments {
    @Option(
        help: ArgumentHelp("The network's cell: \(cells) (default: gru).", valueName: "cell"), transform: cell(named:))
    var cell: CellKind?

    @Option(help: ArgumentHelp("Units for each direction (default: 32).", valueName: "units"))
    var hidden: Int?

    @Option(help: ArgumentHelp("Layers (default: 1).", valueName: "n"))
    var layers: Int?

    @Option(
        help: ArgumentHelp(
            "Points that the network sees together (default: 128). A range needs twice as many.", valueName: "points"))
    var window: Int?

    @Option(help: ArgumentHelp("Times that all points are learned from (default: by their number).", valueName: "n"))
    var epochs: Int?

    @Option(
        help: ArgumentHelp(
            "Another number shows how much of a result is luck (default: 0).", valueName: "number"))
    var seed: UInt64?

    @Option(help: ArgumentHelp("Threads (default: one for each core). No result depends on it.", valueName: "n"))
    var threads: Int?

    @Option(
        help: ArgumentHelp("Read with the model in this file instead of training one.", valueName: "file"),
        completion: .file())
    var model: String?

    @Option(
        help: ArgumentHelp("Keep the trained model in this file, a safetensors file.", valueName: "file"),
        completion: .file())
    var saveModel: String?

    /// - Throws: `ValidationError`.
    func check() throws {
        func require(_ name: String, _ value: Int?, _ range: ClosedRange<Int>) throws {
            guard let value, !range.contains(value) else { return }
            throw ValidationError("--\(name) \(value): expected \(range.lowerBound) to \(range.upperBound).")
        }
        try require("hidden", hidden, HindsightSettings.hiddenRange)
        try require("layers", layers, HindsightSettings.layerRange)
        try require("window", window, HindsightSettings.windowRange)
        try require("epochs", epochs, 1...100_000)
        try require("threads", threads, 1...1024)
        if model == nil { return }
        let isTraining = cell != nil || hidden != nil || layers != nil || window != nil || epochs != nil || seed != nil
        if isTraining || saveModel != nil {
            throw ValidationError(
                "A model that is read with --model is neither shaped nor trained: leave out --cell, --hidden, "
                    + "--layers, --window, --epochs, --seed and --save-model.")
        }
    }

    var settings: HindsightSettings {
        var settings = HindsightSettings()
        settings.cell = cell ?? settings.cell
        settings.hidden = hidden ?? settings.hidden
        settings.layers = layers ?? settings.layers
        settings.window = window ?? settings.window
        settings.epochs = epochs
        settings.seed = seed ?? settings.seed
        return settings
    }

    private static let cells = CellKind.allCases.map(\.rawValue).joined(separator: ", ")

    private static func cell(named name: String) throws -> CellKind {
        guard let cell = CellKind(rawValue: name) else { throw ValidationError("expected one of \(cells)") }
        return cell
    }

    var threadCount: Int { threads ?? max(1, sysconf(Int32(_SC_NPROCESSORS_ONLN))) }
}
