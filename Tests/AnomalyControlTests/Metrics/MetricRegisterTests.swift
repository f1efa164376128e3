import ControlProtocol
import Foundation
import Testing

/// The register of metrics, and what is shipped that names them.
@Suite struct MetricRegisterTests {
    private static let root = (0..<4).reduce(URL(filePath: #filePath)) { url, _ in url.deletingLastPathComponent() }
    private static let known = Set(Metric.allCases.flatMap(\.sampleNames))

    /// Prometheus' conventions: a prefix, snake case, base units at the end, and nothing that a suffix says already.
    @Test(arguments: Metric.allCases) func namesFollowTheConventions(metric: Metric) {
        let (name, definition) = (metric.rawValue, metric.definition)
        #expect(name.hasPrefix("anomalyd_") || name.hasPrefix("process_"))
        #expect(name.wholeMatch(of: #/[a-z]+(_[a-z]+)*/#) != nil)
        for suffix in ["_total", "_count", "_sum", "_bucket", "_info", "_created"] { #expect(!name.hasSuffix(suffix)) }
        #expect(["", "seconds", "bytes"].contains(definition.unit))
        #expect(definition.unit.isEmpty || name.hasSuffix("_" + definition.unit))
        #expect(!definition.help.hasSuffix(".") && definition.help.first?.isLowercase == false)
        for label in definition.labels { #expect(label.name.wholeMatch(of: #/[a-z]+/#) != nil && label.name != "le") }
        if definition.kind == .histogram { #expect(definition.unit == "seconds") }
    }

    private func unknown(in expressions: String) -> [String] {
        expressions.matches(of: #/\b(anomalyd|process)_[a-z_]+/#).map { String($0.output.0) }
            .filter { !Self.known.contains($0) }
    }

    @Test func everyMetricOfTheRulesExists() throws {
        let text = try String(
            contentsOf: Self.root.appending(path: "systemd/prometheus/anomalyd.rules.yml"), encoding: .utf8)
        #expect(text.matches(of: #/- alert: /#).count > 10)
        #expect(unknown(in: text) == [])
    }

    @Test func everyMetricOfTheDashboardExists() throws {
        let data = try Data(contentsOf: Self.root.appending(path: "systemd/grafana/anomalyd.json"))
        let dashboard = try JSONDecoder().decode(Dashboard.self, from: data)
        let rows = dashboard.panels.filter { $0.type == "row" }.map(\.title)
        #expect(rows == ["Now", "Ingest", "Models", "Storage", "Anomalies", "Health"])
        let expressions = dashboard.panels.flatMap { $0.targets ?? [] }.map(\.expr)
        #expect(expressions.count > 40)
        for expression in expressions { #expect(unknown(in: expression) == [], "\(expression)") }
        #expect(Set(dashboard.panels.map(\.id)).count == dashboard.panels.count)
        // All of ours are shown somewhere; those that only say how others are to be read need not be.
        let text = expressions.joined(separator: " ")
        for metric in Metric.allCases {
            #expect(
                metric.sampleNames.contains { text.contains($0) }
                    || [.build, .maxStreams, .storing, .readLines, .processVirtualBytes].contains(metric),
                "\(metric.rawValue) is not on the dashboard")
        }
        for panel in dashboard.panels { #expect(panel.gridPos.x + panel.gridPos.w <= 24) }
        #expect(dashboard.templating.list.map(\.name) == ["datasource", "job", "instance"])
    }

    private struct Dashboard: Decodable {
        struct Panel: Decodable {
            struct Target: Decodable { var expr: String }
            struct Place: Decodable { var x, y, w, h: Int }
            var id: Int
            var type: String
            var title: String
            var targets: [Target]?
            var gridPos: Place
        }
        struct Variables: Decodable {
            struct Variable: Decodable { var name: String }
            var list: [Variable]
        }
        var panels: [Panel]
        var templating: Variables
    }
}
