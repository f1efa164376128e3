import AnomalyConfiguration
import AnomalyDetection
public import ArgumentParser
import Presentation
public import RecurrentModel

/// The options that say which network is trained. Each stands for a key of the configuration and takes what it takes.
struct NetworkOptions: ParsableArguments {
    @Option(help: ArgumentHelp("rnn, lstm or gru.", valueName: "cell"))
    var cell: String?

    @Option(help: ArgumentHelp("Units in each layer.", valueName: "units"))
    var hidden: String?

    @Option(help: ArgumentHelp("Recurrent layers.", valueName: "n"))
    var layers: String?

    @Option(help: ArgumentHelp("States that attention looks back on; 0: no attention.", valueName: "states"))
    var attention: String?

    @Option(help: ArgumentHelp("mse, huber or gaussian.", valueName: "loss"))
    var loss: String?

    @Option(help: ArgumentHelp("What is predicted: change or value.", valueName: "target"))
    var target: String?

    @Option(help: ArgumentHelp("sgd, rmsprop, adam or adamw.", valueName: "optimiser"))
    var optimiser: String?

    @Option(help: ArgumentHelp("Largest norm or component of a gradient; 0: any.", valueName: "threshold"))
    var clip: String?

    @Option(help: ArgumentHelp("What --clip limits: norm or value.", valueName: "what"))
    var clipBy: String?

    @Option(help: ArgumentHelp("Draws the first weights and the order of the windows.", valueName: "seed"))
    var seed: String?

    private var assignments: [(key: String, flag: String, value: String?)] {
        [
            ("model.cell", "--cell", cell), ("model.hidden", "--hidden", hidden), ("model.layers", "--layers", layers),
            ("model.attention", "--attention", attention), ("model.loss", "--loss", loss),
            ("model.target", "--target", target), ("model.optimiser", "--optimiser", optimiser),
            ("model.clip", "--clip", clip), ("model.clip_by", "--clip-by", clipBy), ("model.seed", "--seed", seed),
        ]
    }

    var layer: ConfigurationLayer {
        var layer = ConfigurationLayer()
        for (key, flag, value) in assignments {
            if let value { layer.set(key, to: value, flag: flag) }
        }
        return layer
    }

    /// Keys that a daemon must agree in with a model to take it.
    private static let essential = [
        "cell", "hidden", "layers", "attention", "attention_scale", "loss", "target", "input_calendar",
        "input_elapsed", "input_season", "input_missing",
    ]

    /// Those that the configuration does not have yet, as lines of TOML.
    static func keys(of model: DaemonConfiguration, differingFrom configured: DaemonConfiguration) -> [String] {
        essential.compactMap { name in
            guard let key = ConfigurationKey.named("model." + name), key.text(in: model) != key.text(in: configured)
            else { return nil }
            return "\(name) = \(key.text(in: model))"
        }
    }
}

/// The options that say how it is trained.
struct TrainingOptions: ParsableArguments {
    @Option(help: ArgumentHelp("Points in a window.", valueName: "points"))
    var window = 64

    @Option(
        help: ArgumentHelp("Points from one window to the next (default: an eighth of a window).", valueName: "points"))
    var stride: Int?

    @Option(help: ArgumentHelp("Points ahead that are predicted.", valueName: "points"))
    var horizon = 1

    @Option(help: ArgumentHelp("Which points of a window have a prediction to learn: all or last.", valueName: "rows"))
    var head = HeadRows.all

    @Option(help: ArgumentHelp("Share of each series, its last part, that is for validation.", valueName: "share"))
    var validation = 0.2

    @Option(
        help: ArgumentHelp("Step size of the optimiser; the configured one is for learning online.", valueName: "rate"))
    var learningRate = 0.01

    @Option(help: ArgumentHelp("Windows in a mini-batch.", valueName: "windows"))
    var batch = 16

    @Option(help: ArgumentHelp("Passes over all windows, at most.", valueName: "n"))
    var epochs = 100

    @Option(
        help: ArgumentHelp("Epochs without a better validation loss after which it is enough.", valueName: "epochs"))
    var patience = 20

    @Flag(inversion: .prefixedNo, help: "Change batch and clipping when the validation loss fluctuates.")
    var adapt = true

    @Option(help: ArgumentHelp("Threads (default: one for each core). No result depends on it.", valueName: "n"))
    var threads: Int?

    func validate() throws {
        try check(window, in: 1...4096, "--window", "points")
        try check(stride ?? 1, in: 1...1_000_000, "--stride", "points")
        try check(horizon, in: 1...10_000, "--horizon", "points")
        try check(batch, in: 1...65_536, "--batch", "windows")
        try check(epochs, in: 1...1_000_000, "--epochs", "epochs")
        try check(patience, in: 1...1_000_000, "--patience", "epochs")
        try check(threads ?? 1, in: 1...1024, "--threads", "threads")
        guard learningRate > 0, learningRate <= 1 else {
            throw ValidationError("--learning-rate \(learningRate): expected a number above 0 and at most 1.")
        }
        guard validation >= 0.01, validation <= 0.9 else {
            throw ValidationError("--validation \(validation): expected a share from 0.01 to 0.9.")
        }
    }

    private func check(_ value: Int, in range: ClosedRange<Int>, _ flag: String, _ unit: String) throws {
        guard range.contains(value) else {
            throw ValidationError("\(flag) \(value): expected \(range.lowerBound) to \(range.upperBound) \(unit).")
        }
    }

    func windowOptions(_ settings: ModelSettings) -> WindowOptions {
        var options = WindowOptions()
        options.rows = window
        options.stride = stride ?? max(1, window / 8)
        options.horizon = horizon
        options.head = head
        options.validation = validation
        options.target = settings.target
        options.features = settings.features
        options.zone = settings.timeZone
        return options
    }

    func limits(_ settings: ModelSettings) -> TrainingSchedule.Limits {
        var limits = TrainingSchedule.Limits()
        limits.epochs = epochs
        limits.patience = patience
        limits.adapts = adapt
        limits.isLogarithm = settings.loss == .gaussian
        return limits
    }
}

extension HeadRows: ExpressibleByArgument {}
