import AnomalyConfiguration
import AnomalyDetection
package import ArgumentParser
import PointStore
import Presentation

/// `anomalyctl streams`: one line for each stream.
package struct StreamsCommand: ReportingCommand {
    package static let configuration = CommandConfiguration(
        commandName: "streams",
        abstract: "List streams with their newest point.",
        discussion: """
            Lists all streams, or those whose names match a GLOB (* ? [a-z], quoted from the shell). Works with the \
            daemon running or stopped. Points that wait in a reorder window (feed.late) are counted as PENDING. \
            A stream that is WARMING up, in which nothing is flagged yet, shows how many points it has seen of how \
            many: 37/128 (score.warmup of the configuration).

            With --long, or when they are sorted by, RATE (points a second, of the newest points), MEMORY (what the \
            stream takes in the daemon while it is awake) and TRAINING are shown: a model's gradients are healthy, \
            vanishing or exploding, unknown before its first updates, and a model may be frozen. These are read from the \
            newest checkpoint of each stream, which takes longer.

            EXAMPLES:
              All streams, the strangest first:
                anomalyctl streams --sort score
              Those whose models do not learn as they should:
                anomalyctl streams --sort training
              Those that send most:
                anomalyctl streams --sort rate
              Those whose newest points are oldest, which may have died:
                anomalyctl streams 'web.*' --sort last --reverse
              The names of those with an anomaly that is not over:
                anomalyctl streams -o json | jq -r 'select(.open_anomaly) | .stream'

            FORMATS:
              \(RecordFormat.explanation)
            """)

    @Argument(help: "Names of streams or patterns for them.", completion: .streams, transform: Glob.init(_:))
    var glob: [Glob] = []

    @Option(help: ArgumentHelp("What to sort by; all but names sort downwards.", valueName: "key"))
    var sort = StreamOrder.name

    @Flag(name: .shortAndLong, help: "Show rate, memory and training, too.")
    var long = false

    @Flag(name: .shortAndLong, help: "Sort the other way round.")
    var reverse = false

    @OptionGroup(title: "OUTPUT OPTIONS")
    var outputOptions: OutputOptions

    @OptionGroup(title: "CONFIGURATION OPTIONS")
    var configurationOptions: ConfigurationOptions

    @OptionGroup(title: "GLOBAL OPTIONS")
    var common: CommonOptions

    package init() {}

    package func run(in surroundings: Surroundings, output: Output) throws {
        let store = try common.openStore(in: surroundings)
        let streams = try StreamSelection(globs: glob).streamsOrFailure(in: store.streams())
        var summaries = try store.streamSummaries(glob.isEmpty ? nil : Set(streams.map(\.id)))
        let isLong = long || sort.needsVitals
        var vitals: [Int32: StreamVitals] = [:]
        if isLong {
            let groups = try store.networkGroups()
            for summary in summaries {
                vitals[summary.stream.id] = try StreamVitals(summary, in: store, groups: groups)
            }
        }
        summaries.sort { sort.areInOrder(($0, vitals[$0.stream.id]), ($1, vitals[$1.stream.id])) }
        if reverse { summaries.reverse() }
        let configuration = try configuration(for: summaries, in: surroundings)
        let warmups = summaries.map { summary in
            summary.warmingPoints.map { seen in
                let points = configuration?.settings(forStream: summary.stream.name).detector.score.warmup
                return Warmup(seen: seen, points: points.flatMap { seen <= Int64($0) ? $0 : nil })
            }
        }
        let now = surroundings.now()
        let mutes = try store.orders().compactMapValues { $0.standing.mutedUntil.flatMap { $0 > now ? $0 : nil } }
        let schema = Schema.streams(
            summaries, warmups, areMuted: summaries.contains { mutes[$0.stream.id] != nil }, isLong: isLong)
        var writer = outputOptions.writer(of: schema, in: surroundings)
        for (summary, warmup) in zip(summaries, warmups) {
            let id = summary.stream.id
            writer.write(Record(summary, warmup, vitals[id], mutedUntil: mutes[id]), to: output)
            try output.checkpoint()
        }
        writer.finish(output)
    }

    /// How long warm-ups are, if that matters. Streams are listed also where the daemon's own file can't be used; what the
    /// options name must be right.
    private func configuration(
        for summaries: [StreamSummary], in surroundings: Surroundings
    ) throws -> DaemonConfiguration? {
        let isNamed = configurationOptions.config != nil || !configurationOptions.assignments.isEmpty
        if isNamed { return try configurationOptions.configuration(in: surroundings, of: common.instance) }
        guard summaries.contains(where: { $0.warmingPoints != nil }) else { return nil }
        return try? configurationOptions.configuration(in: surroundings, of: common.instance)
    }
}

/// How far a stream's warm-up is.
struct Warmup {
    var seen: Int64
    /// Of the whole warm-up; nil if the configuration can't be read, or can't be the one that the stream warms up with:
    /// it has changed, or the stream was learned anew from its last points.
    var points: Int?

    /// Such as 37/128.
    var text: String { "\(seen)" + (points.map { "/\($0)" } ?? "") }
}

/// What streams are sorted by.
enum StreamOrder: String, CaseIterable, ExpressibleByArgument {
    case name, points, last, score, rate, memory, training

    /// Whether more must be known of each stream than its summary.
    var needsVitals: Bool { self == .rate || self == .memory || self == .training }

    typealias Known = (summary: StreamSummary, vitals: StreamVitals?)

    /// Equal ones are sorted by their names, so that the order is always the same.
    func areInOrder(_ left: Known, _ right: Known) -> Bool {
        let figures = (figure(left), figure(right))
        if figures.0 != figures.1 { return figures.0 > figures.1 }
        return left.summary.stream.name.utf8.lexicographicallyPrecedes(right.summary.stream.name.utf8)
    }

    /// The larger, the earlier; never NaN, which would break the order.
    private func figure(_ known: Known) -> Double {
        let (summary, vitals) = known
        let figure: Double =
            switch self {
            case .name: 0
            case .points: Double(summary.points)
            case .last: Double(summary.lastTime ?? .min)
            case .score: summary.lastScore
            case .rate: vitals?.rate ?? .nan
            case .memory: Double(vitals?.memory ?? -1)
            case .training: Double(vitals?.training?.severity ?? -1)
            }
        return figure.isNaN ? -1 : figure
    }
}

extension Schema {
    /// What `anomalyctl streams` prints of a stream.
    ///
    /// - Parameters:
    ///   - areMuted: whether somebody does not want to hear of some of them.
    ///   - isLong: whether their vitals are known.
    static func streams(
        _ summaries: [StreamSummary], _ warmups: [Warmup?], areMuted: Bool, isLong: Bool
    ) -> Schema {
        func widest(_ text: (StreamSummary) -> String) -> Int { summaries.map { TextWidth.of(text($0)) }.max() ?? 0 }
        func grouped(_ number: Int) -> String { NumberText.grouped(Int64(number)) }
        // The values of a wide stream are cut off rather than push all else off the screen.
        let values = min(32, widest { $0.lastValues.map(NumberText.compact).joined(separator: ",") })
        let waits = summaries.contains { $0.pending > 0 }
        let warming = warmups.compactMap { $0?.text.utf8.count }.max()
        return Schema(
            columns: [
                Column("stream", "STREAM", .text, textWidth: widest(\.stream.name)),
                Column("channels", "CHANNELS", .integer, textWidth: widest { grouped($0.stream.channels) }, rank: 2),
                Column("points", "POINTS", .integer, textWidth: widest { NumberText.grouped($0.points) }, rank: 1),
                Column("last_time", "LAST", .time),
                Column("last_value", "VALUE", .number, textWidth: values),
                Column("last_score", "SCORE", .score),
                Column("open_anomaly", "", .hidden),
                Column(
                    "pending", "PENDING", waits ? .integer : .hidden,
                    textWidth: widest { NumberText.grouped($0.pending) }),
                Column("warming", "WARMING", warming == nil ? .hidden : .text, textWidth: warming ?? 0),
                Column("warmup_seen", "", .hidden),
                Column("warmup_points", "", .hidden),
                Column("muted_until", "MUTED UNTIL", areMuted ? .time : .hidden),
            ] + (isLong ? StreamVitals.columns : []),
            emptyText: "no streams", subject: "stream")
    }
}

extension Record {
    /// A stream as a record of the schema `streams(_:_:areMuted:isLong:)`.
    init(_ summary: StreamSummary, _ warmup: Warmup?, _ vitals: StreamVitals?, mutedUntil: Int64?) {
        let values = summary.lastValues
        self.init(
            fields: [
                .text(summary.stream.name), .integer(Int64(summary.stream.channels)), .integer(summary.points),
                .time(summary.lastTime),
                .channels(summary.stream.channels) { $0 < values.count ? values[$0] : .nan },
                .number(summary.lastScore), .flag(summary.openAnomalies > 0), .integer(summary.pending),
                .text(warmup?.text ?? ""), .number(warmup.map { Double($0.seen) } ?? .nan),
                .number(warmup?.points.map(Double.init) ?? .nan), .time(mutedUntil),
            ] + (vitals?.fields ?? []),
            note: summary.openAnomalies > 0 ? .anomaly : nil)
    }
}
