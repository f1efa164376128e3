import BenchmarkSupport
import FeedProtocol

/// A point: metric `metric` of host `host`.
struct Sample {
    var host: Int
    var metric: Int
    /// Unix seconds.
    var time: Int64
    /// With three decimals.
    var value: String
}

/// Points as the load generator makes them: of all streams in turn.
struct Points {
    private var series: [Series]

    init(streams: Int) { series = (0..<streams).map { Series(stream: $0, seed: 1) } }

    mutating func make(_ count: Int) -> [Sample] {
        (0..<count).map { index in
            let stream = index % series.count
            let thousandths = series[stream].next()
            let fraction = String(thousandths % 1000)
            return Sample(
                host: stream / 10, metric: stream % 10,
                time: Series.start + Int64(index / series.count) * Series.interval,
                value: "\(thousandths / 1000)." + String(repeating: "0", count: 3 - fraction.count) + fraction)
        }
    }
}

/// A format, and how a sender writes a point in it.
struct Feed: Sendable {
    var name: String
    var format: FeedFormat
    /// Points that share a line.
    var together = 1
    var line: @Sendable (ArraySlice<Sample>) -> String

    func bytes(_ samples: [Sample]) -> [UInt8] {
        stride(from: 0, to: samples.count, by: together).flatMap { start in
            Array((line(samples[start..<min(start + together, samples.count)]) + "\n").utf8)
        }
    }

    private static func one(
        _ name: String, _ format: FeedFormat, _ line: @escaping @Sendable (Sample) -> String
    ) -> Feed {
        Feed(name: name, format: format) { line($0[$0.startIndex]) }
    }

    static let all: [Feed] = [
        one("plain", .plain) { "bench.host\($0.host).metric\($0.metric) \($0.value) \($0.time)" },
        one("auto (plain lines)", .auto) { "bench.host\($0.host).metric\($0.metric) \($0.value) \($0.time)" },
        one("graphite", .graphite) { "bench.host\($0.host).metric\($0.metric) \($0.value) \($0.time)" },
        one("csv", .csv) { "\($0.time),\($0.value)" },
        one("influx, a field a line", .influx) {
            "bench,host=host\($0.host) metric\($0.metric)=\($0.value) \($0.time)000000000"
        },
        Feed(name: "influx, ten fields a line", format: .influx, together: 10) { samples in
            let first = samples[samples.startIndex]
            let fields = samples.map { "metric\($0.metric)=\($0.value)" }.joined(separator: ",")
            return "bench,host=host\(first.host) \(fields) \(first.time)000000000"
        },
        one("auto (influx lines)", .auto) {
            "bench,host=host\($0.host) metric\($0.metric)=\($0.value) \($0.time)000000000"
        },
        one("json", .json) {
            "{\"stream\":\"bench.host\($0.host).metric\($0.metric)\",\"time\":\($0.time),\"value\":\($0.value)}"
        },
        Feed(name: "json, telegraf's, ten fields", format: .json, together: 10) { samples in
            let first = samples[samples.startIndex]
            let fields = samples.map { "\"metric\($0.metric)\":\($0.value)" }.joined(separator: ",")
            return "{\"fields\":{\(fields)},\"name\":\"bench\",\"tags\":{\"host\":\"host\(first.host)\"},"
                + "\"timestamp\":\(first.time)}"
        },
        one("statsd", .statsd) { "bench.host\($0.host).metric\($0.metric):\($0.value)|g" },
        one("statsd, with tags and a rate", .statsd) {
            "bench.metric\($0.metric):\($0.value)|ms|@0.5|#host:host\($0.host),env:prod"
        },
        one("collectd", .collectd) {
            "PUTVAL host\($0.host)/bench/gauge-metric\($0.metric) interval=10.000 \($0.time).000:\($0.value)"
        },
        one("prometheus", .prometheus) {
            "bench_metric\($0.metric){host=\"host\($0.host)\",env=\"prod\"} \($0.value) \($0.time)000"
        },
        one("openmetrics", .openmetrics) {
            "bench_metric\($0.metric){host=\"host\($0.host)\",env=\"prod\"} \($0.value) \($0.time)"
        },
    ]
}
