package import ArgumentParser
import ControlProtocol

/// `anomalyctl metrics`: what the daemon measures of itself.
package struct MetricsCommand: ReportingCommand {
    package static let configuration = CommandConfiguration(
        commandName: "metrics",
        abstract: "Print what the daemon measures of itself.",
        discussion: """
            Asks the running daemon through its control socket for what it also answers at /metrics over HTTP (http.listen); \
            anomalyd(8) lists the metrics. Exit status 3 means that it does not run.

            EXAMPLES:
              For Prometheus, by the textfile collector of its node exporter:
                anomalyctl metrics -o prometheus | sponge /var/lib/prometheus/node-exporter/anomalyd.prom
              One figure for a script:
                anomalyctl metrics | awk '$1 == "anomalyd_points_total" { print $2 }'
            """)

    @Option(
        name: [.customShort("o", allowingJoined: true), .customLong("output")],
        help: ArgumentHelp(
            "How to print: openmetrics (1.0), prometheus (its older text format, 0.0.4), or one JSON object.",
            valueName: "format"))
    var format = MetricsFormat.openmetrics

    @OptionGroup(title: "GLOBAL OPTIONS")
    var common: CommonOptions

    package init() {}

    package func run(in surroundings: Surroundings, output: Output) throws {
        let metrics = try common.controlClient(in: surroundings).metrics()
        switch format {
        case .openmetrics: output.write(MetricText.openMetrics.encode(metrics.families))
        case .prometheus: output.write(MetricText.prometheus.encode(metrics.families))
        case .json: output.write(try ControlLine.encode(metrics))
        }
    }
}

/// How metrics are printed.
enum MetricsFormat: String, CaseIterable, ExpressibleByArgument {
    case openmetrics, prometheus, json
}
