import AnomalyConfiguration
import AnomalyDetection
package import ArgumentParser
import PointStore
import Presentation

/// `anomalyctl anomalies groups`: one line for each event, whatever streams it showed in.
package struct AnomaliesGroupsCommand: ReportingCommand {
    package static let configuration = CommandConfiguration(
        commandName: "groups",
        abstract: "List anomalies that began together, in whatever streams, as one line.",
        discussion: """
            Anomalies of all streams, or of those whose names match a GLOB, are put into groups: each began no more than \
            --within after the one before it. A line has the time of the first start, how many there are in how many \
            streams, and the worst of them. The newest group comes first. Works with the daemon running or stopped.

            EXAMPLES:
              What happened since yesterday:
                anomalyctl anomalies groups --since yesterday
              What took five streams or more with it:
                anomalyctl anomalies groups --min-streams 5
              What is going on now:
                anomalyctl anomalies groups --open
              All that belongs to the last one:
                anomalyctl anomalies groups -n 1 -o json | jq '.ids[]' | xargs -n 1 anomalyctl explain

            TIMES:
              \(TimeExpressionError.exampleLines)

            FORMATS:
              \(RecordFormat.explanation)
            """)

    @Argument(help: "Names of streams or patterns for them.", completion: .streams, transform: Glob.init(_:))
    var glob: [Glob] = []

    @OptionGroup var range: TimeRangeOptions

    @Option(
        help: ArgumentHelp("Most time between one start and the next.", valueName: "time"),
        transform: { text in
            guard let span = RelativeSpan.parse(text), span >= 0 else {
                throw ValidationError("expected a length of time such as 90s, 5min, 1h 30min")
            }
            return span
        })
    var within = Explanation.vicinity

    @Option(help: ArgumentHelp("Only groups of so many streams or more.", valueName: "number"))
    var minStreams = 1

    @Flag(help: "Only groups of which something is not over.") var open = false

    @Option(
        name: [.customShort("n", allowingJoined: true), .long], parsing: .unconditional,
        help: ArgumentHelp("Only the first so many groups, or \"all\".", valueName: "number"),
        transform: LineLimit.init(_:))
    var lines = LineLimit.all

    @Flag(name: .shortAndLong, help: "The oldest first.") var reverse = false

    @OptionGroup(title: "OUTPUT OPTIONS") var outputOptions: OutputOptions
    @OptionGroup(title: "GLOBAL OPTIONS") var common: CommonOptions

    package init() {}

    package func validate() throws {
        if minStreams < 1 { throw ValidationError("--min-streams is 1 or more") }
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
        query.isAscending = reverse
        var writer = outputOptions.writer(of: .groups(of: streams), in: surroundings)
        var left = lines.count ?? .max
        let write = { (group: AnomalyGroup?) throws in
            guard let group, group.streams.count >= minStreams, !open || group.open > 0, left > 0 else { return }
            left -= 1
            writer.write(Record(group, worstStream: names[group.worst.stream] ?? ""), to: output)
            try output.checkpoint()
        }
        var grouping = AnomalyGrouping(within: within)
        let cursor = store.anomalies(query)
        while left > 0, let anomaly = try cursor.next() {
            // That of a stream which began after the names were read is newer than the question.
            if names[anomaly.stream] != nil { try write(grouping.add(anomaly)) }
        }
        try write(grouping.finish())
        writer.finish(output)
    }
}

extension Schema {
    /// What `anomalyctl anomalies groups` prints of a group.
    fileprivate static func groups(of streams: [StreamRecord]) -> Schema {
        Schema(
            columns: [
                Column("start", "START", .time),
                Column("end", "", .hidden),
                Column("duration", "DURATION", .duration, rank: 1),
                Column("anomalies", "ANOMALIES", .integer),
                Column("streams", "STREAMS", .integer),
                Column("open", "OPEN", .integer, rank: 2),
                Column("score", "WORST", .score),
                Column("worst", "ID", .identifier),
                Column("stream", "STREAM", .text, textWidth: streams.map { TextWidth.of($0.name) }.max() ?? 0),
                Column("ids", "", .hidden),
            ], emptyText: "no anomalies", subject: "group")
    }
}

extension Record {
    /// A group as a record of the schema `groups(of:)`.
    fileprivate init(_ group: AnomalyGroup, worstStream: String) {
        let kind = group.worst.kind?.rawValue
        self.init(
            fields: [
                .time(group.start), .time(group.end),
                .number(group.open > 0 ? .nan : Double(group.end) / 1e6 - Double(group.start) / 1e6),
                .integer(Int64(group.ids.count)), .integer(Int64(group.streams.count)), .integer(Int64(group.open)),
                .number(group.worst.anomaly.peakScore), .integer(group.worst.id), .text(worstStream),
                .numbers(group.ids.map { Double($0) }),
            ],
            note: kind.map { Note(text: $0, style: group.open > 0 ? .alarm : nil) })
    }
}
