import AnomalyConfiguration
import AnomalyDetection
package import ArgumentParser
import PointStore
import Presentation

/// `anomalyctl rule show`: the rules that are set.
package struct RuleShowCommand: ReportingCommand {
    package static let configuration = CommandConfiguration(
        commandName: "show",
        abstract: "Show the rules that are set for streams.",
        discussion: """
            Shows the rules of all streams, or of those whose names match a GLOB, that hold in place of the \
            configuration's (anomalyd --cat-config shows those). Works with the daemon running or stopped.

            EXAMPLES:
              Those of one stream:
                anomalyctl rule show web.latency

            FORMATS:
              \(RecordFormat.explanation)
            """)

    @Argument(help: "Names of streams or patterns for them.", completion: .streams, transform: Glob.init(_:))
    var glob: [Glob] = []

    @OptionGroup(title: "OUTPUT OPTIONS")
    var outputOptions: OutputOptions

    @OptionGroup(title: "GLOBAL OPTIONS")
    var common: CommonOptions

    package init() {}

    package func run(in surroundings: Surroundings, output: Output) throws {
        let store = try common.openStore(in: surroundings)
        let streams = try StreamSelection(globs: glob).streamsOrFailure(in: store.streams())
        let orders = try store.orders()
        let rules = streams.flatMap { stream in
            (orders[stream.id]?.standing.rules ?? []).map { (stream: stream.name, rule: $0) }
        }
        func widest(_ texts: [String]) -> Int { texts.map { TextWidth.of($0) }.max() ?? 0 }
        let schema = Schema(
            columns: [
                Column("stream", "STREAM", .text, textWidth: widest(rules.map(\.stream))),
                Column("key", "KEY", .text, textWidth: widest(rules.map(\.rule.key))),
                Column("value", "VALUE", .text, textWidth: widest(rules.map { $0.rule.value ?? "" })),
            ], emptyText: "no rules", subject: "rule")
        var writer = outputOptions.writer(of: schema, in: surroundings)
        for (stream, rule) in rules {
            writer.write(
                Record(fields: [.text(stream), .text(rule.key), .text(rule.value ?? "")]), to: output)
        }
        writer.finish(output)
    }
}
