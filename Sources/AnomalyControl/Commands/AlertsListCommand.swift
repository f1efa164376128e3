import AnomalyDetection
package import ArgumentParser
package import PointStore
import Presentation

/// `anomalyctl alerts list`: one line for each anomaly and each sink that was told of it.
package struct AlertsListCommand: ReportingCommand {
    package static let configuration = CommandConfiguration(
        commandName: "list",
        abstract: "List what is going on, and what each sink was told when.",
        discussion: """
            Lists each anomaly that is open, or that a sink believes to be, with each sink that knows of it: what it was told \
            last, when first and when last. An anomaly of which no sink knows has none: it is muted, or has only just begun. \
            Followers of the socket are not listed, as what they were told is not kept. Works with the daemon running or \
            stopped.

            EXAMPLES:
              What is going on:
                anomalyctl alerts list
              What was told in the last 30 days of anomalies that are over:
                anomalyctl alerts list --all
              Who was told last when, for a script:
                anomalyctl alerts list -o json | jq '[.sink, .told]'

            FORMATS:
              \(RecordFormat.explanation)
            """)

    @Flag(help: "Also what was told of anomalies that are over, as long as that is kept.")
    var all = false

    @OptionGroup(title: "OUTPUT OPTIONS")
    var outputOptions: OutputOptions

    @OptionGroup(title: "GLOBAL OPTIONS")
    var common: CommonOptions

    package init() {}

    package func run(in surroundings: Surroundings, output: Output) throws {
        let store = try common.openStore(in: surroundings)
        let names = Dictionary(uniqueKeysWithValues: try store.streams().map { ($0.id, $0.name) })
        let records = try store.alerts(after: all ? -1 : .max).filter { $0.state != .done }
        let told = Dictionary(grouping: records, by: \.key)
        var subjects = try store.alertCandidates(after: .max)
        if all {
            let known = Set(subjects.map(\.key))
            subjects += try store.alertSubjects(told.keys.filter { !known.contains($0) })
            subjects.sort { $0.stored.id < $1.stored.id }
        }
        let sinks = Set(told.values.joined().map(\.sink))
        let schema = Schema.alerts(
            names: subjects.compactMap { names[$0.stored.stream] }, sinks: sinks,
            largestID: subjects.last?.stored.id ?? 0)
        var writer = outputOptions.writer(of: schema, in: surroundings)
        for subject in subjects {
            guard let name = names[subject.stored.stream] else { continue }
            for record in told[subject.key]?.map(Optional.some) ?? [nil] {
                writer.write(Record(subject, stream: name, told: record), to: output)
                try output.checkpoint()
            }
        }
        writer.finish(output)
    }
}

extension Schema {
    /// What is stored of what a sink was told.
    ///
    /// - Parameters:
    ///   - names: those of streams that may appear; they make the width of the column, as do the others.
    package static func alerts(names: [String], sinks: Set<String>, largestID: Int64) -> Schema {
        Schema(
            columns: [
                Column("id", "ID", .identifier, textWidth: "\(largestID)".utf8.count),
                Column("start", "START", .time),
                Column("stream", "STREAM", .text, textWidth: names.map { TextWidth.of($0) }.max() ?? 0),
                Column("score", "SCORE", .score, rank: 3),
                Column("sink", "SINK", .text, textWidth: sinks.map { TextWidth.of($0) }.max() ?? 0),
                Column("state", "STATE", .text, textWidth: 8),
                Column("since", "FIRST TOLD", .time, rank: 2),
                Column("told", "LAST TOLD", .time, rank: 1),
                Column("open", "", .hidden),
                Column("acknowledged", "", .hidden),
                Column("muted", "", .hidden),
                Column("named", "", .hidden),
            ], emptyText: "nothing is going on", subject: "alert")
    }
}

extension Record {
    /// What a sink was told as a record of the schema `alerts(names:sinks:largestID:)`; nil if none was.
    package init(_ subject: AlertSubject, stream: String, told: AlertRecord?) {
        let anomaly = subject.stored.anomaly
        let isSeen = subject.acknowledgement != nil
        // Who was told of it since the mute was taken back was told of its end as well.
        let isMuted = subject.isMuted && !(told != nil && subject.isToldAgain)
        let words = [
            isSeen ? "acknowledged" : nil, isMuted ? "muted" : nil,
            subject.isFalsePositive ? "false positive" : nil, subject.isExcluded ? "excluded" : nil,
        ].compactMap(\.self)
        self.init(
            fields: [
                .integer(subject.stored.id), .time(anomaly.start), .text(stream), .number(anomaly.peakScore),
                told.map { .text($0.sink) } ?? .none, told.map { .text($0.state.rawValue) } ?? .none,
                .time(told?.since), .time(told?.told), .flag(anomaly.isOpen), .flag(isSeen), .flag(isMuted),
                .flag(told?.isListed ?? false),
            ],
            note: words.isEmpty ? nil : Note(text: words.joined(separator: ", "), style: nil))
    }
}
