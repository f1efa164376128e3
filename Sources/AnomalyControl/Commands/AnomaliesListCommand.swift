import AnomalyConfiguration
public import AnomalyDetection
public import ArgumentParser
public import PointStore
import Presentation

/// `anomalyctl anomalies list`: one line for each anomaly.
package struct AnomaliesListCommand: ReportingCommand {
    package static let configuration = CommandConfiguration(
        commandName: "list",
        abstract: "List anomalies, the newest first.",
        discussion: """
            Lists the anomalies of all streams, or of those whose names match a GLOB (* ? [a-z], quoted from the \
            shell), with the value and what was expected at the peak. Works with the daemon running or stopped. \
            --since and --until take in what began before or ended later, but touches that time.

            EXAMPLES:
              The last 10:
                anomalyctl anomalies -n 10
              What is going on now:
                anomalyctl anomalies --open
              The worst of the last week:
                anomalyctl anomalies -S -1w --sort score -n 5
              Level shifts and drifts of some streams, oldest first:
                anomalyctl anomalies 'web.*' --kind shift --kind drift --reverse
              The numbers of the long ones:
                anomalyctl anomalies -o json | jq 'select(.duration > 3600) | .id'

            KINDS:
              \(AnomalyKind.explanation)

            TIMES:
              \(TimeExpressionError.exampleLines)

            FORMATS:
              \(RecordFormat.explanation)
            """)

    @Argument(help: "Names of streams or patterns for them.", completion: .streams, transform: Glob.init(_:))
    var glob: [Glob] = []

    @OptionGroup
    var range: TimeRangeOptions

    @Option(
        name: [.customShort("n", allowingJoined: true), .long], parsing: .unconditional,
        help: ArgumentHelp("Only the first so many in the order of --sort, or \"all\".", valueName: "number"),
        transform: LineLimit.init(_:))
    var lines = LineLimit.all

    @Flag(help: "Only anomalies that are not over.")
    var open = false

    @Option(help: ArgumentHelp("Only anomalies of this kind. May be repeated.", valueName: "kind"))
    var kind: [AnomalyKind] = []

    @Option(
        parsing: .unconditional,
        help: ArgumentHelp("Only anomalies whose peak score, 0 to 1, is at least this.", valueName: "score"))
    var minScore: Double?

    @Option(help: ArgumentHelp("What to sort by, downwards.", valueName: "key"))
    var sort = AnomalyOrder.start

    @Flag(name: .shortAndLong, help: "Print in the other direction.")
    var reverse = false

    @OptionGroup(title: "OUTPUT OPTIONS")
    var outputOptions: OutputOptions

    @OptionGroup(title: "GLOBAL OPTIONS")
    var common: CommonOptions

    package init() {}

    package func validate() throws {
        try ScoreBound.check(minScore, of: "--min-score")
    }

    package func run(in surroundings: Surroundings, output: Output) throws {
        let times = try range.query(in: surroundings)
        let store = try common.openStore(in: surroundings)
        let streams = try StreamSelection(globs: glob).streamsOrFailure(in: store.streams())
        let names = streams.names
        var query = AnomalyQuery()
        query.streams = glob.isEmpty ? nil : Set(names.keys)
        query.since = times.since
        query.until = times.until
        query.openOnly = open
        query.kinds = kind.isEmpty ? nil : Set(kind)
        query.minimumScore = minScore
        query.order = sort
        query.limit = lines.count

        let schema = Schema.anomalies(of: streams, largestID: try store.largestAnomalyID())
        let feedback = try store.feedbackOfAnomalies()
        let orders = try store.orders()
        var writer = outputOptions.writer(of: schema, in: surroundings)
        let write = { (anomaly: StoredAnomaly) throws in
            // That of a stream which began after the names were read is newer than the question.
            guard let name = names[anomaly.stream] else { return }
            writer.write(
                Record(
                    anomaly, stream: name, said: feedback[anomaly.id]?.verdict, orders: orders[anomaly.stream]),
                to: output)
            try output.checkpoint()
        }
        if reverse, query.limit != nil {
            // The same ones as without --reverse.
            for anomaly in try store.anomalies(query).rest().reversed() { try write(anomaly) }
        } else {
            query.isAscending = reverse
            let cursor = store.anomalies(query)
            while let anomaly = try cursor.next() { try write(anomaly) }
        }
        writer.finish(output)
    }
}

extension AnomalyKind: ExpressibleByArgument {}
extension AnomalyOrder: ExpressibleByArgument {}
