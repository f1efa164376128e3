import AnomalyConfiguration
import AnomalyDetection
package import ArgumentParser
import Glibc
import PointStore
import Presentation
import RecurrentModel

/// `anomalyctl rescore`: stored points, judged again by a model that knows what came after them.
package struct RescoreCommand: ReportingCommand {
    package static let configuration = CommandConfiguration(
        commandName: "rescore",
        abstract: "Judge stored points again, knowing what came before and after them.",
        discussion: """
            Reads the points of each stream whose name matches a GLOB (* ? [a-z], quoted from the shell) with a network \
            that runs over them in both directions. It learns to fill in points that are hidden from it, and then fills \
            in each point from those before and after it: what it can't explain is strange in hindsight, too. A change \
            that lasted, which online was an anomaly while it was new, is not; nor is what an anomaly does to the \
            predictions after it.

            Scores in hindsight are stored beside the online ones, which stay as they are, and replace earlier hindsight \
            of the same range. anomalyctl query shows them as the column hindsight. They have the same scale, \
            -log10(p) / 10, where p is how rare a residual is among all those of the range; points are flagged below \
            score.false_alarm_probability of the configuration.

            The daemon may run meanwhile: it then stores the scores. Without it, anomalyctl writes to the database itself.

            EXAMPLES:
              The last four weeks of one stream:
                anomalyctl rescore cpu.load --since -4w
              What it would find, without storing it:
                anomalyctl rescore cpu.load -n
              Learn from a year once, then read each new week with it:
                anomalyctl rescore shop.orders --since -1y --save-model orders.safetensors
                anomalyctl rescore shop.orders --since -1w --model orders.safetensors
              What was found in hindsight only:
                anomalyctl query shop.orders --min-hindsight 0.4 -o json | jq -c 'select(.anomaly | not)'

            TIMES:
              \(TimeExpressionError.exampleLines)
            """)

    @Argument(help: "Names of streams or patterns for them.", completion: .streams, transform: Glob.init(_:))
    var glob: [Glob] = []

    @OptionGroup
    var range: TimeRangeOptions

    @Flag(name: [.customShort("n"), .long], help: "Store nothing.")
    var dryRun = false

    @Option(
        name: [.customShort("o", allowingJoined: true), .customLong("output")],
        help: ArgumentHelp("How to print: a table for people, or one JSON object a line.", valueName: "format"))
    var format = RescoreFormat.table

    @Flag(help: "Print times in UTC rather than in the local zone ($TZ).")
    var utc = false

    @OptionGroup(title: "MODEL OPTIONS")
    var model: HindsightOptions

    @OptionGroup(title: "CONFIGURATION OPTIONS")
    var configurationOptions: ConfigurationOptions

    @OptionGroup(title: "GLOBAL OPTIONS")
    var common: CommonOptions

    package init() {}

    package func validate() throws {
        if glob.isEmpty { throw ValidationError("Name a stream, or '*' for all of them: learning takes its time.") }
        try model.check()
    }

    package func run(in surroundings: Surroundings, output: Output) throws {
        var query = try range.query(in: surroundings)
        let configuration = try configurationOptions.configuration(in: surroundings, of: common.instance)
        let store = try common.openStore(in: surroundings)
        let streams = try StreamSelection(globs: glob).streamsOrFailure(in: store.streams())
        if model.saveModel != nil, streams.count > 1 {
            throw Failure(
                .usage, "--save-model keeps the model of one stream, but \(streams.count) streams match",
                hint: "name one stream")
        }
        let file = try model.model.map { try HindsightFile.read($0) }
        // To find out before the work, not after it, that nothing can be stored. Not kept open: meanwhile the daemon
        // may be started.
        if !dryRun { try sink(store, surroundings).close() }

        let line = ProgressLine(on: surroundings.progress, after: .seconds(2))
        var refused: [Failure] = []
        for (index, stream) in streams.enumerated() {
            query.streams = [stream.id]
            var rescore = Rescore(settings: model.settings, file: file, threads: model.threadCount)
            rescore.keepsModel = model.saveModel != nil
            rescore.settings.score = configuration.settings(forStream: stream.name).detector.score
            let range = try Rescore.read(query, of: stream, in: store)
            if let refusal = rescore.refusal(of: range) {
                refused.append(refusal)
                continue
            }
            do {
                var result = try rescore.run(range) { task, share in
                    let done = (Double(index) + share) / Double(streams.count)
                    let name = TextWidth.harmless(stream.name)
                    line.show(done) { _ in
                        (streams.count > 1 ? ["stream \(index + 1)/\(streams.count), \(name): \(task)"] : [])
                            + ["\(name): \(task)", name]
                    }
                }
                try keep(&result, store, surroundings)
                line.leave()
                try report(result, surroundings, output)
            } catch {
                line.leave()
                throw error
            }
        }
        try complain(of: refused, among: streams.count)
    }

    /// Stores what was found, and the model, as far as that is wanted.
    private func keep(_ result: inout RescoreResult, _ store: StoreReader, _ surroundings: Surroundings) throws {
        if let path = model.saveModel, let kept = result.kept {
            try HindsightFile(model: kept, stream: result.range.stream.name).write(path)
        }
        if dryRun { return }
        let sink = try sink(store, surroundings)
        result.run = try sink.store(
            result.found, of: result.range.series, stream: result.range.stream, model: result.description,
            now: surroundings.now())
        try sink.close()
    }

    private func sink(_ store: StoreReader, _ surroundings: Surroundings) throws -> HindsightSink {
        try HindsightSink.open(database: store.path, client: common.controlClient(in: surroundings))
    }

    private func report(_ result: RescoreResult, _ surroundings: Surroundings, _ output: Output) throws {
        let report = RescoreReport(result: result)
        switch format {
        case .json: output.write(try report.json())
        case .table:
            report.write(to: output, terminal: surroundings.terminal, zone: surroundings.zone(utc: utc))
        }
        // Each stream takes its time; the reader should not wait for the last.
        try output.flush()
    }

    /// Streams that could not be read are told of at the end: what a pattern also matches should not keep the others
    /// from being read.
    private func complain(of refused: [Failure], among streams: Int) throws {
        guard let first = refused.first else { return }
        if streams == 1 { throw first }
        throw Failure(
            .failure,
            "\(refused.count) of \(streams) streams were not rescored:\n"
                + refused.map { "  \($0.message)" }.joined(separator: "\n"), hint: first.hint)
    }
}

/// What to print.
enum RescoreFormat: String, CaseIterable, ExpressibleByArgument {
    case table, json
}
