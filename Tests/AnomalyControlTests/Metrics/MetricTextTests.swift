import ControlProtocol
import Testing

@Suite struct MetricTextTests {
    private static let families = [
        MetricFamily(.build, samples: [.init(suffix: "_info", labels: [.init("version", "1\"2\\3\n4")], value: 1)]),
        MetricFamily(.readBytes, samples: [.init(suffix: "_total", value: 9_007_199_254)]),
        MetricFamily(
            .step,
            samples: [
                .init(suffix: "_bucket", labels: [.init("le", "1e-06")], value: 2),
                .init(suffix: "_bucket", labels: [.init("le", "+Inf")], value: 3), .init(suffix: "_count", value: 3),
                .init(suffix: "_sum", value: 0.25),
            ]),
        MetricFamily(.openAnomalies, samples: [.init(value: 0)]),
    ]

    private func text(_ format: MetricText) -> String {
        String(decoding: format.encode(Self.families), as: UTF8.self)
    }

    @Test func openMetrics() {
        #expect(
            text(.openMetrics) == #"""
                # HELP anomalyd_build The version of the daemon that runs
                # TYPE anomalyd_build info
                anomalyd_build_info{version="1\"2\\3\n4"} 1
                # HELP anomalyd_read_bytes Bytes that were read from all feeds
                # TYPE anomalyd_read_bytes counter
                # UNIT anomalyd_read_bytes bytes
                anomalyd_read_bytes_total 9007199254
                # HELP anomalyd_step_seconds \#(Metric.step.definition.help)
                # TYPE anomalyd_step_seconds histogram
                # UNIT anomalyd_step_seconds seconds
                anomalyd_step_seconds_bucket{le="1e-06"} 2
                anomalyd_step_seconds_bucket{le="+Inf"} 3
                anomalyd_step_seconds_count 3
                anomalyd_step_seconds_sum 0.25
                # HELP anomalyd_open_anomalies Anomalies that are open
                # TYPE anomalyd_open_anomalies gauge
                anomalyd_open_anomalies 0
                # EOF

                """#)
    }

    @Test func theOlderText() {
        let text = text(.prometheus)
        #expect(text.hasPrefix("# HELP anomalyd_build_info The version"))
        #expect(text.contains("\n# TYPE anomalyd_build_info gauge\n"))
        #expect(text.contains("\n# TYPE anomalyd_read_bytes_total counter\nanomalyd_read_bytes_total 9007199254\n"))
        #expect(text.contains("\n# TYPE anomalyd_step_seconds histogram\nanomalyd_step_seconds_bucket"))
        #expect(!text.contains("# UNIT") && !text.contains("# EOF"))
    }

    @Test(arguments: [
        // Prometheus 2.42.
        (
            "application/openmetrics-text;version=1.0.0,application/openmetrics-text;version=0.0.1;q=0.75,"
                + "text/plain;version=0.0.4;q=0.5,*/*;q=0.1", MetricText.openMetrics
        ),
        // Prometheus 3, which also knows another text and a binary form.
        (
            "application/vnd.google.protobuf;proto=io.prometheus.client.MetricFamily;encoding=delimited;q=0.6,"
                + "application/openmetrics-text; version=1.0.0; escaping=allow-utf-8;q=0.5,"
                + "text/plain;version=1.0.0;q=0.3,*/*;q=0.2", .openMetrics
        ),
        ("", .prometheus), ("*/*", .prometheus), ("text/html,*/*;q=0.8", .prometheus), ("text/plain", .prometheus),
        ("application/openmetrics-text", .openMetrics), ("APPLICATION/OpenMetrics-Text", .openMetrics),
        ("application/openmetrics-text;q=0", .prometheus), ("application/openmetrics-text;version=2.0.0", .prometheus),
        ("text/plain;q=0.9,application/openmetrics-text;q=0.1", .prometheus), (";;,,q=", .prometheus),
    ])
    func whatIsAsked(accept: String, format: MetricText) { #expect(MetricText(accept: accept) == format) }

    @Test(arguments: [
        (0, "0"), (-1, "-1"), (1.5, "1.5"), (1e-6, "1e-06"), (1e18, "1e+18"), (.infinity, "+Inf"), (-.infinity, "-Inf"),
    ])
    func numbers(value: Double, text: String) { #expect(MetricText.number(value) == text) }

    @Test func theyTravel() throws {
        let reply = ControlReply.metrics(MetricsReply(families: Self.families))
        #expect(try ControlLine.decodeReply(ControlLine.encode(reply)) == reply)
        #expect(try ControlLine.decodeRequest(Array(#"{"request":"metrics","version":1}"#.utf8)) == .metrics)
        #expect(try ControlLine.decodeRequest(ControlLine.encode(ControlRequest.metrics)) == .metrics)
    }
}
