import AnomalyConfiguration
import AnomalyDetection
package import ArgumentParser
import ControlProtocol
import Glibc
import PointStore
import Presentation

/// `anomalyctl query`: points, as they were stored.
package struct QueryCommand: PagedCommand {
    package static let configuration = CommandConfiguration(
        commandName: "query",
        abstract: "Print points with what was expected, the score, and whether they were flagged.",
        discussion: """
            Prints the points of all streams whose names match a GLOB (* ? [a-z], quoted from the shell), or of all \
            streams, in the order of time. Works with the daemon running or stopped.

            EXAMPLES:
              The last 20 points of one stream:
                anomalyctl query cpu.load -n 20
              All that was flagged since yesterday:
                anomalyctl query --anomalies --since yesterday
              The last hour of some streams, newest first:
                anomalyctl query 'web.*' 'db.*' --since -1h --reverse
              What stands out when one knows what came after (see anomalyctl rescore):
                anomalyctl query cpu.load --min-hindsight 0.4
              Follow what stands out:
                anomalyctl query -f --min-score 0.3
              The same some milliseconds after it was sent, stored or not:
                anomalyctl query -f --live --min-score 0.3
              An hour of an afternoon as a file:
                anomalyctl query cpu.load -S 14:00 -U 15:00 -o csv > cpu.csv
              A week in hours, the worst of each:
                anomalyctl query cpu.load --since -1w --step 1h
              A year, most of whose points have expired, from their roll-ups:
                anomalyctl query cpu.load --since -1y --step 1d
              What has come since the last call, for a script:
                anomalyctl query --anomalies -q -o json --cursor-file /var/tmp/seen
              Points far above what was expected:
                anomalyctl query -o json | jq -c 'select(.residual > 10)'

            KINDS of what is flagged:
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
        help: ArgumentHelp("Only the newest so many points, or \"all\".", valueName: "number"),
        transform: LineLimit.init(_:))
    var lines: LineLimit?

    @Flag(name: .shortAndLong, help: "Newest points first.")
    var reverse = false

    @Flag(name: .shortAndLong, help: "Print the last 10 points, then new ones as they are stored.")
    var follow = false

    @Flag(
        help: ArgumentHelp(
            "With --follow: print points as soon as the daemon has scored them, from now on. They are stored with its next "
                + "commit, or lost if it is killed before."))
    var live = false

    @Flag(help: "Only points that were flagged.")
    var anomalies = false

    @Option(
        parsing: .unconditional,
        help: ArgumentHelp("Only points whose score, 0 to 1, is at least this.", valueName: "score"))
    var minScore: Double?

    @Option(
        parsing: .unconditional,
        help: ArgumentHelp("Only points whose score in hindsight, 0 to 1, is at least this.", valueName: "score"))
    var minHindsight: Double?

    @Flag(
        help: ArgumentHelp(
            "Also print what was expected in hindsight. A table shows scores in hindsight if listed points have them, "
                + "and with this flag always."))
    var hindsight = false

    @Option(
        name: .shortAndLong, parsing: .unconditional,
        help: ArgumentHelp(
            "Only points whose stream's name, kind or mark (late, missing, warm-up) has a match of this regular "
                + "expression; without capitals it matches either case.", valueName: "pattern"),
        transform: { text in
            do throws(Failure) { return try PointPattern(text) } catch {
                throw ValidationError("\(error.message)\n\(error.hint ?? "")")
            }
        })
    var grep: PointPattern?

    @Option(
        help: ArgumentHelp(
            "Sum points up in buckets of this length, such as 5m: count, smallest, mean and largest value, worst score, "
                + "anomalies. Whole days begin at midnight, all else is aligned to UTC; -n counts buckets. Where points "
                + "have expired, multiples of 5m or 1h are made of their roll-ups.",
            valueName: "length"),
        transform: { text in
            guard let step = BucketStep(text) else {
                throw ValidationError("expected a length of whole seconds from 1s to 100 years, such as 5m, 1h or 1d")
            }
            return step
        })
    var step: BucketStep?

    @OptionGroup(title: "CURSOR OPTIONS")
    var cursor: CursorOptions

    @Option(
        help: ArgumentHelp(
            "Print only these fields, by their names in JSON, in this order.", valueName: "field,…"))
    var outputFields: String?

    @Flag(help: "Never start a pager ($ANOMALYCTL_PAGER, $SYSTEMD_PAGER, $PAGER, else less).")
    var noPager = false

    @OptionGroup(title: "OUTPUT OPTIONS")
    var outputOptions: OutputOptions

    @OptionGroup(title: "GLOBAL OPTIONS")
    var common: CommonOptions

    package init() {}

    package func validate() throws {
        if follow, reverse { throw ValidationError("Choose either --follow or --reverse: new points come last.") }
        if follow, range.until != nil { throw ValidationError("Leave out --until: --follow has no end.") }
        try ScoreBound.check(minScore, of: "--min-score")
        try ScoreBound.check(minHindsight, of: "--min-hindsight")
        if step != nil, follow || hindsight || cursor.isUsed {
            throw ValidationError("Leave out --follow, --hindsight and cursors with --step: a bucket is printed once.")
        }
        if follow, cursor.showCursor { throw ValidationError("Leave out --show-cursor: --follow has no end.") }
        if follow, outputOptions.format.isGrouped {
            throw ValidationError("Leave out --follow: the format \(outputOptions.format.name) has its end in order.")
        }
        if outputFields?.split(separator: ",").isEmpty == true {
            throw ValidationError("--output-fields is empty, expected names such as stream,time,value.")
        }
        if follow, minHindsight != nil {
            throw ValidationError("Leave out --min-hindsight: new points have no score in hindsight.")
        }
        if live, !follow { throw ValidationError("--live is for --follow: what is stored is not live.") }
        if live, lines != nil || range.since != nil || cursor.isUsed || grep != nil || hindsight {
            throw ValidationError(
                "Leave out --lines, --since, --grep, --hindsight and cursors with --live: it tells of what comes from now on."
            )
        }
    }

    package func run(in surroundings: Surroundings, output: Output) throws {
        var query = try range.query(in: surroundings)
        let store = try common.openStore(in: surroundings)
        let selection = StreamSelection(globs: glob)
        // Before the first read, so that a commit in between is not missed, only looked at twice.
        let version = try store.dataVersion()
        let streams = try selection.streamsOrFailure(in: store.streams())

        if live { return try followLive(streams, in: surroundings, output: output) }
        query.streams = glob.isEmpty ? nil : Set(streams.map(\.id))
        query.minimumScore = minScore
        query.minimumHindsight = minHindsight
        query.anomaliesOnly = anomalies
        query.order = reverse ? .newestFirst : .oldestFirst
        query.filter = grep?.filter(of: streams)
        let start = try cursor.start()
        query.after = start?.times ?? [:]
        if lines == nil, !follow, start == nil { try tellOfExpired(streams, query, in: store, surroundings) }

        if let step {
            let schema = try choice(of: .buckets(of: streams))
            var printer = printer(of: streams, choice: schema, in: surroundings, output: output)
            let zone = surroundings.zone(utc: outputOptions.utc)
            try BucketListing(query: query, step: step, zone: zone, newest: limit)
                .forEach(of: streams, in: store) { try printer.print($0) }
            return printer.finish()
        }
        let listing = PointListing(query: query, newest: limit)
        let columns: HindsightColumns = hindsight ? .all : try listing.hasHindsight(in: store) ? .score : .hidden
        let schema = try choice(of: .points(of: streams, hindsight: columns))
        var printer = printer(of: streams, hindsight: columns, choice: schema, in: surroundings, output: output)
        let positions: [Int32: StreamPosition]
        if limit == nil, !follow, let fields = printer.groupedFields {
            positions = try GroupedListing(query: query, streams: streams).print(fields, in: store, printer: &printer)
        } else {
            positions = try listing.forEach(in: store) { try printer.print($0) }
        }
        guard follow else {
            printer.finish()
            // Those of streams that began meanwhile were not printed.
            let ids = Set(streams.map(\.id))
            let printed = positions.filter { ids.contains($0.key) }
            return try cursor.finish(printed, of: query, after: start, output: output)
        }
        let file = cursor.cursorFile
        let remember = file.map { file in
            { (times: [Int32: Int64]) in try (start ?? ReadPositions([:])).merging(times).write(file) }
        }
        let waiter = CommitWaiter(common.controlClient(in: surroundings), database: store.path)
        try Follower(selection: selection, query: query, waiter: waiter, pattern: grep, remember: remember) {
            try common.openStore(in: surroundings)
        }.run(from: positions, in: store, version: version, printer: &printer)
    }

    private func followLive(_ streams: [StreamRecord], in surroundings: Surroundings, output: Output) throws {
        let schema = try choice(of: .points(of: streams, hindsight: .hidden))
        var printer = printer(of: streams, choice: schema, in: surroundings, output: output)
        let request = FollowRequest(
            streams: glob.isEmpty ? nil : glob.map(\.pattern), minimumScore: minScore, anomaliesOnly: anomalies)
        try LiveFollower(common.controlClient(in: surroundings), request, note: tell).run(printer: &printer)
    }

    /// Says on standard error that some of what is asked for has expired, unless roll-ups stand for it.
    private func tellOfExpired(
        _ streams: [StreamRecord], _ query: PointQuery, in store: StoreReader, _ surroundings: Surroundings
    ) throws {
        let expired = try ExpiredPoints(of: streams, in: store, asked: query)
        if let step, try !expired.parts(step: step).rollups.isEmpty { return }
        if let note = expired.note(zone: surroundings.zone(utc: outputOptions.utc)) { tell(note) }
    }

    /// Says something on standard error, unless --quiet.
    private func tell(_ note: String) {
        if outputOptions.quiet { return }
        let errors = Output(descriptor: STDERR_FILENO)
        errors.write("anomalyctl: \(note)\n")
        // What was asked for is still worth printing.
        try? errors.flush()
    }

    /// The fields that are asked for; all of them if none is named.
    private func choice(of schema: Schema) throws(Failure) -> FieldChoice {
        let keys = outputFields?.split(separator: ",").map(String.init) ?? []
        return try FieldChoice(keys, of: schema, needed: outputOptions.format.needsNames ? ["stream", "time"] : [])
    }

    private func printer(
        of streams: [StreamRecord], hindsight: HindsightColumns = .hidden, choice: FieldChoice,
        in surroundings: Surroundings, output: Output
    ) -> PointPrinter {
        PointPrinter(
            streams: streams, hindsight: hindsight, fields: outputFields == nil ? nil : choice,
            writer: outputOptions.writer(of: choice.schema, in: surroundings), output: output)
    }

    package var allowsPager: Bool { !noPager && !follow }

    private var limit: Int? {
        // As journalctl does: whoever says since when wants all since then.
        if let lines { lines.count } else { follow && range.since == nil && !cursor.isUsed ? 10 : nil }
    }
}

/// The value of an option that leaves out lower scores.
enum ScoreBound {
    /// - Throws: `ValidationError` unless it is a score.
    static func check(_ score: Double?, of option: String) throws {
        guard let score, !(0...1).contains(score) else { return }
        throw ValidationError("\(option) \(score) is outside the range of scores, 0 to 1.")
    }
}

/// The value of `--lines`.
enum LineLimit: Sendable, Equatable {
    case newest(Int)
    case all

    /// Nil for all.
    var count: Int? {
        if case .newest(let count) = self { count } else { nil }
    }

    init(_ text: String) throws {
        if text == "all" {
            self = .all
        } else if let count = Int(text), count >= 0 {
            self = .newest(count)
        } else {
            throw ValidationError("expected a number, or \"all\"")
        }
    }
}
