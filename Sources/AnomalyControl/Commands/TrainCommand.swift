import AnomalyConfiguration
import AnomalyDetection
package import ArgumentParser
import Glibc
import ModelFiles
import Presentation
import RecurrentModel

/// `anomalyctl train`: a model that new streams start from.
package struct TrainCommand: ReportingCommand {
    package static let configuration = CommandConfiguration(
        commandName: "train",
        abstract: "Train a model on recorded series, for new streams to start from.",
        discussion: """
            Cuts series into windows, trains a network on them in mini-batches, and writes the weights of the epoch \
            with the lowest validation loss. Series are CSV files with a header timestamp,value[,value2…][,label] \
            (the label is not used) or streams of the database. Without options, the network is the one that the \
            daemon is configured for, so that model.initial can name the file without more ado.

            Each series is split by time: the last part is for validation only, and windows that straddle the split \
            are left out. It is scaled to (-1, 1) by the smallest and largest value of its training part.

            When the validation loss goes up and down without getting anywhere (over the last \
            \(LossFluctuation.epochs) epochs it changed by more than \(Int(LossFluctuation.swing * 100))% an epoch on \
            average, turned round twice or more, and came down by less than \
            \(Int(LossFluctuation.progress * 100))% of the way it went), the batch is halved and the clipping \
            threshold doubled, \(TrainingSchedule.mostAdaptations) times at most.

            Ctrl-C ends the training and keeps the best epoch so far.

            EXAMPLES:
              A model of two files:
                anomalyctl train taxi.csv buses.csv -o city.safetensors
              A model of what the daemon has stored of some streams this month:
                anomalyctl train --from-store 'web.*' --since -30d -o web.safetensors
              The stock predictor of the textbooks:
                anomalyctl train prices.csv -o stock.safetensors --cell lstm \\
                  --layers 2 --hidden 50 --loss mse --target value --head last \\
                  --window 30 --stride 1 --batch 32 --learning-rate 0.001
            """)

    @Argument(help: ArgumentHelp("CSV files.", valueName: "csv"), completion: .file())
    var files: [String] = []

    @Option(
        name: .long, parsing: .upToNextOption,
        help: ArgumentHelp("Train on the stored streams with these names instead (* ? [a-z]).", valueName: "glob"),
        completion: .streams, transform: Glob.init(_:))
    var fromStore: [Glob] = []

    @Option(
        name: [.customShort("S", allowingJoined: true), .long], parsing: .unconditional,
        help: ArgumentHelp("Only stored points at this time or later.", valueName: "time"),
        transform: TimeExpression.init(_:))
    var since: TimeExpression?

    @Option(
        name: [.customShort("U", allowingJoined: true), .long], parsing: .unconditional,
        help: ArgumentHelp("Only stored points at this time or earlier.", valueName: "time"),
        transform: TimeExpression.init(_:))
    var until: TimeExpression?

    @Option(
        name: [.customShort("o", allowingJoined: true), .customLong("output")],
        help: ArgumentHelp("Write the model into this file (safetensors).", valueName: "file"), completion: .file())
    var output: String

    @Flag(name: .shortAndLong, help: "Print nothing but errors.")
    var quiet = false

    @OptionGroup(title: "NETWORK OPTIONS (default: as configured)")
    var network: NetworkOptions

    @OptionGroup(title: "TRAINING OPTIONS")
    var training: TrainingOptions

    @OptionGroup(title: "CONFIGURATION OPTIONS")
    var configurationOptions: ConfigurationOptions

    @OptionGroup(title: "GLOBAL OPTIONS")
    var common: CommonOptions

    package init() {}

    package func validate() throws {
        if files.isEmpty, fromStore.isEmpty {
            throw ValidationError("Name a CSV file, or streams with --from-store GLOB.")
        }
        if !files.isEmpty, !fromStore.isEmpty {
            throw ValidationError("Choose either CSV files or --from-store: a model is trained on one or the other.")
        }
        if fromStore.isEmpty, since != nil || until != nil {
            throw ValidationError("--since and --until go with --from-store; files are read as a whole.")
        }
    }

    package func run(in surroundings: Surroundings, output: Output) throws {
        let configured = try configurationOptions.configuration(in: surroundings, of: common.instance)
        let model = try configurationOptions.configuration(in: surroundings, of: common.instance, with: network.layer)
        let settings = model.defaults.detector.model
        let path = try Self.writablePath(self.output)

        let series = try series(in: surroundings)
        let windows = try TrainingWindows(series, training.windowOptions(settings))
        let narrator = TrainingNarrator(on: surroundings.progress, isQuiet: quiet)
        narrator.tell(of: windows, from: series)
        let shape = settings.shape(channels: windows.channels)
        var generator = SeededGenerator(seed: settings.seed)
        let network = Network<Float>(shape)
        let batchSettings = BatchSettings(
            rate: training.learningRate, optimiser: settings.optimiser, loss: settings.loss, clip: settings.clip,
            clipBy: settings.clipBy, head: training.head)
        let threads = min(training.threads ?? sysconf(Int32(_SC_NPROCESSORS_ONLN)), batchSettings.slices)
        let pool = SliceThreads(threads)
        let session = TrainingSession(
            windows, network: network, settings: batchSettings,
            parameters: network.initialParameters(
                settings.initialisation, forgetBias: settings.forgetBias, using: &generator),
            limits: training.limits(settings), batch: training.batch, generator: generator,
            parallel: { pool.run($0, $1) })

        Interruption.watch()
        let end = session.run(
            clock: Self.seconds, isInterrupted: { Interruption.happened }, report: narrator.report)
        narrator.leave()
        guard session.schedule.best != nil else {
            throw end == .interrupted
                ? Failure(.failure, "interrupted before the first epoch was over: there is no model to write")
                : Failure(
                    .failure, "cannot train: the validation loss was never a finite number",
                    hint: "try a lower --learning-rate")
        }
        var file = ModelFile(predictorOf: settings, shape: shape, parameters: session.parameters)
        file.horizon = training.horizon
        file.window = training.window
        file.head = training.head
        try file.write(path)
        if quiet { return }
        let summary = TrainingSummary(
            windows: windows, schedule: session.schedule, end: end, file: file, path: path,
            naive: windows.naiveLoss(settings.loss).mean, rows: session.rows, seconds: session.seconds,
            threads: threads, keys: NetworkOptions.keys(of: model, differingFrom: configured))
        for line in summary.lines { output.write(line + "\n") }
    }

    private func series(in surroundings: Surroundings) throws -> [TrainingSeries] {
        if fromStore.isEmpty { return try files.map { TrainingSeries(try SeriesFile(path: $0)) } }
        let (now, zone) = (surroundings.now(), surroundings.zone)
        return try TrainingSeries.read(
            StreamSelection(globs: fromStore), from: common.openStore(in: surroundings),
            since: since?.resolve(now: now, zone: zone), until: until?.resolve(now: now, zone: zone))
    }

    /// The path from the root. Nobody shall train for an hour and then learn that the folder does not exist.
    private static func writablePath(_ path: String) throws(Failure) -> String {
        let slash = path.lastIndex(of: "/")
        let folder = slash.map { String(path[...$0]) } ?? "."
        guard let resolved = realpath(folder, nil) else { throw FileBytes.failure("write into", folder) }
        defer { free(resolved) }
        if access(folder, W_OK) != 0 { throw FileBytes.failure("write into", folder) }
        let root = String(cString: resolved)
        let name = slash.map { String(path[path.index(after: $0)...]) } ?? path
        guard !name.isEmpty else { throw Failure(.usage, "-o \(path) is a folder; expected the name of a file") }
        return root == "/" ? "/" + name : root + "/" + name
    }

    private static func seconds() -> Double {
        var time = timespec()
        clock_gettime(CLOCK_MONOTONIC, &time)
        return Double(time.tv_sec) + Double(time.tv_nsec) / 1e9
    }
}
