import AnomalyConfiguration
import AnomalyDetection
package import ArgumentParser
import ControlProtocol
import PointStore
import Presentation

/// `anomalyctl exclude`: ranges of time that streams do not learn from and raise no anomaly in.
package struct ExcludeCommand: ReportingCommand {
    package static let configuration = CommandConfiguration(
        commandName: "exclude",
        abstract: "Leave ranges of time out: scored, but neither learned from nor flagged.",
        discussion: """
            From the next point on, points whose time lies in the range, and the first one behind it, are stored and scored, \
            but nothing is learned from them, no anomaly begins, and one that is open ends with the quiet points that it needs; nor is it an anomaly \
            that no points come. That is for what is to come, such as a maintenance window.
            Of a range that has begun or is over: anomalies that began in it are marked as excluded, and one of them that \
            is still open is closed; models that are learned anew from stored points, and anomalyctl train, leave it out. What was learned from \
            points that have come already stays learned: to undo that, go back to a snapshot from before \
            (anomalyctl model rollback).
            A stream remembers \(StandingOrders.mostExclusions) ranges; of more, the one goes that ends first. --list \
            works without the daemon; all else needs it, and the right to change something (control.allow_users).

            EXAMPLES:
              Tonight's maintenance:
                anomalyctl exclude 'web.*' --since 22:00 --until "tomorrow 02:00" -m "new racks"
              From now on, for two hours:
                anomalyctl exclude cpu.load --until +2h
              What is left out, and no more:
                anomalyctl exclude --list
                anomalyctl exclude --remove 17

            TIMES:
              \(TimeExpressionError.exampleLines)

            FORMATS:
              \(RecordFormat.explanation)
            """)

    @Argument(
        help: ArgumentHelp("Names of streams or patterns for them (* ? [a-z]).", valueName: "stream"),
        completion: .streams, transform: Glob.init(_:))
    var streams: [Glob] = []

    @Option(
        name: [.customShort("S", allowingJoined: true), .long], parsing: .unconditional,
        help: ArgumentHelp("First time of the range (default: now).", valueName: "time"),
        transform: TimeExpression.init(_:))
    var since: TimeExpression?

    @Option(
        name: [.customShort("U", allowingJoined: true), .long], parsing: .unconditional,
        help: ArgumentHelp("The first time behind the range.", valueName: "time"), transform: TimeExpression.init(_:))
    var until: TimeExpression?

    @Flag(help: "List the ranges that are left out, of all streams or of those that are named.")
    var list = false

    @Option(help: ArgumentHelp("Take the range with this number back. May be repeated.", valueName: "number"))
    var remove: [Int64] = []

    @OptionGroup
    var words: MessageOption

    @OptionGroup(title: "OUTPUT OPTIONS")
    var outputOptions: OutputOptions

    @OptionGroup(title: "GLOBAL OPTIONS")
    var common: CommonOptions

    package init() {}

    package func validate() throws {
        let isRange = since != nil || until != nil
        if list, isRange || !remove.isEmpty { throw ValidationError("--list goes with nothing but streams.") }
        if !remove.isEmpty, isRange || !streams.isEmpty {
            throw ValidationError("--remove takes back whole ranges, by their numbers.")
        }
        if list || !remove.isEmpty { return }
        if streams.isEmpty { throw ValidationError("Name a stream, or ask for --list.") }
        if until == nil { throw ValidationError("Say when the range ends: --until.") }
    }

    package func run(in surroundings: Surroundings, output: Output) throws {
        let store = try common.openStore(in: surroundings)
        if list { return try list(store, surroundings, output) }
        if !remove.isEmpty { return try remove(store, surroundings, output) }
        let now = surroundings.now()
        let first = since?.resolve(now: now, zone: surroundings.zone) ?? now
        let end = until?.resolve(now: now, zone: surroundings.zone) ?? now
        guard first < end else { throw Failure(.usage, "--since must be before --until: nothing lies between them") }
        let newest = try store.newest()
        var hasPassed = false
        for stream in try StreamSelection(globs: streams).streamsOrFailure(in: store.streams()) {
            var request = FeedbackRequest(
                stream: stream.name, action: FeedbackRecord.Action.exclude.rawValue, message: words.message)
            (request.since, request.until) = (first, end)
            let points = try common.controlClient(in: surroundings).tell(request)
            hasPassed = hasPassed || newest[stream.id].map { $0.time >= first } == true
            output.write(
                "\(TextWidth.harmless(stream.name)): left out from point \(NumberText.grouped(points + 1)) on\n")
        }
        if hasPassed {
            output.write("What was learned from points that have come already stays; see anomalyctl model rollback.\n")
        }
    }

    private func remove(_ store: StoreReader, _ surroundings: Surroundings, _ output: Output) throws {
        let names = try store.streams().names
        let all = try store.orders().values.flatMap(\.exclusions)
        let wanted = try remove.map { number in
            guard let exclusion = all.first(where: { $0.id == number }), let name = names[exclusion.record.stream]
            else {
                throw Failure(
                    .unknownStream, "no range that is left out has the number \(number)",
                    hint: "to see the numbers, try: anomalyctl exclude --list")
            }
            return (exclusion, name)
        }
        for (exclusion, name) in wanted {
            var request = FeedbackRequest(
                stream: name, action: FeedbackRecord.Action.include.rawValue, message: words.message)
            (request.since, request.until) = (exclusion.range.since, exclusion.range.until)
            let points = try common.controlClient(in: surroundings).tell(request)
            output.write(
                "\(TextWidth.harmless(name)): range \(exclusion.id) counts from point "
                    + "\(NumberText.grouped(points + 1)) on\n")
        }
    }

    private func list(_ store: StoreReader, _ surroundings: Surroundings, _ output: Output) throws {
        let names = try StreamSelection(globs: streams).streamsOrFailure(in: store.streams()).names
        let exclusions = try store.orders().values.flatMap(\.exclusions).filter { names[$0.record.stream] != nil }
            .sorted { ($0.range.since, $0.id) < ($1.range.since, $1.id) }
        var writer = outputOptions.writer(of: .exclusions(exclusions, names), in: surroundings)
        for exclusion in exclusions {
            writer.write(Record(exclusion, stream: names[exclusion.record.stream] ?? ""), to: output)
            try output.checkpoint()
        }
        writer.finish(output)
    }
}

extension Schema {
    /// What `anomalyctl exclude --list` prints of a range.
    fileprivate static func exclusions(_ all: [StreamOrders.Exclusion], _ names: [Int32: String]) -> Schema {
        func widest(_ text: (StreamOrders.Exclusion) -> String) -> Int { all.map { TextWidth.of(text($0)) }.max() ?? 0 }
        return Schema(
            columns: [
                Column("id", "ID", .identifier, textWidth: max(2, widest { "\($0.id)" })),
                Column("stream", "STREAM", .text, textWidth: widest { names[$0.record.stream] ?? "" }),
                Column("since", "SINCE", .time), Column("until", "UNTIL", .time),
                Column("user", "BY", .text, textWidth: widest { $0.record.by }, rank: 2),
                Column("message", "MESSAGE", .text, textWidth: min(60, widest(\.record.message)), rank: 1),
            ], emptyText: "nothing is left out", subject: "exclusion")
    }
}

extension Record {
    /// A range as a record of the schema `exclusions(_:_:)`.
    fileprivate init(_ exclusion: StreamOrders.Exclusion, stream: String) {
        self.init(fields: [
            .integer(exclusion.id), .text(stream), .time(exclusion.range.since), .time(exclusion.range.until),
            .text(exclusion.record.by), .text(exclusion.record.message),
        ])
    }
}
