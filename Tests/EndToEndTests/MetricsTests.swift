import Foundation
import Testing

/// What the daemon measures of itself, over HTTP and by anomalyctl.
@Suite struct MetricsTests {
    let folder: TemporaryFolder
    init() throws { folder = try TemporaryFolder() }

    private static let openMetrics = "Accept: application/openmetrics-text; version=1.0.0"

    private func start(_ settings: [String] = []) throws -> DaemonProcess {
        try DaemonProcess.start(in: folder, settings: [#"http.listen=unix:\#(folder("http.sock"))"#] + settings)
    }

    private func metrics(_ accept: String = openMetrics) throws -> HTTPClient.Answer {
        try HTTPClient.get("/metrics", at: folder("http.sock"), fields: ["Host: localhost", accept])
    }

    /// The values of the exposition, by what stands before them.
    private func values() throws -> [Substring: Double] {
        let lines = try metrics().body.split(separator: "\n").filter { !$0.hasPrefix("#") }
        return Dictionary(
            uniqueKeysWithValues: lines.map { line in
                let space = line.lastIndex(of: " ") ?? line.startIndex
                return (line[..<space], Double(line[line.index(after: space)...]) ?? .nan)
            })
    }

    @Test func theyCountWhatHappens() throws {
        let daemon = try start()
        let client = try daemon.client()
        try client.send((1...500).map { "a \($0 % 7) \($0)\nb 1,2 \($0)\n" }.joined() + "a 1 1\nnonsense\n")
        try client.sync()
        let values = try values()
        #expect(values["anomalyd_points_total"] == 1000)
        #expect(values["anomalyd_late_points_total"] == 1)
        #expect(values[#"anomalyd_rejected_lines_total{reason="fields"}"#] == 1)
        #expect(values["anomalyd_read_lines_total"] == 1003)
        #expect(values["anomalyd_known_streams"] == 2)
        #expect(values[#"anomalyd_streams{state="awake"}"#] == 2)
        #expect(values[#"anomalyd_connections{kind="feed"}"#] == 1)
        #expect(values[#"anomalyd_connections{kind="http"}"#] == 1)
        #expect(values["anomalyd_storing"] == 1 && values["anomalyd_degraded"] == 0)
        #expect(values["anomalyd_sync_wait_seconds_count"] == 1)
        let commits = try #require(values["anomalyd_commits_total"])
        #expect(commits >= 1 && values["anomalyd_commit_seconds_count"] == commits)
        #expect(values["anomalyd_commit_latency_seconds_count"] == commits)
        // One step in 17 is timed, by each shard.
        let timed =
            try #require(values["anomalyd_step_seconds_count"]) + #require(values["anomalyd_train_seconds_count"])
        #expect((58...61).contains(timed), "\(timed) steps were timed")
        #expect(try #require(values["anomalyd_train_seconds_count"]) > 0)
        #expect(try #require(values["process_resident_memory_bytes"]) > 1e6)
        #expect(try #require(values["process_open_fds"]) > 5)
        #expect(!values.contains { !$0.value.isFinite })
        try daemon.stop()
    }

    /// The number of time series does not depend on that of streams.
    @Test func streamsAddNoSeries() throws {
        let daemon = try start()
        let client = try daemon.client()
        func keys() throws -> Set<Substring> {
            try Set(values().keys.filter { !$0.hasPrefix("anomalyd_http_requests_total") })
        }
        try client.send("a 1 1\n")
        try client.sync()
        try eventually("the tables are counted") { try values()[#"anomalyd_stored_rows{tier="hot"}"#] != nil }
        let before = try keys()
        try client.send((1...1000).map { "s.\($0) 1 1\n" }.joined())
        try client.sync()
        #expect(try keys() == before)
        try daemon.stop()
    }

    @Test func theFormatIsAsAsked() throws {
        let daemon = try start()
        let new = try metrics()
        #expect(new.fields["content-type"] == "application/openmetrics-text; version=1.0.0; charset=utf-8")
        #expect(new.fields["vary"] == "Accept" && new.body.hasSuffix("# EOF\n"))
        let old = try metrics("Accept: */*")
        #expect(old.fields["content-type"] == "text/plain; version=0.0.4; charset=utf-8")
        #expect(old.body.contains("# TYPE anomalyd_points_total counter\n") && !old.body.contains("# EOF"))
        func names(_ text: String) -> [Substring] {
            text.split(separator: "\n").filter { $0.hasPrefix("# TYPE") }.map { $0.split(separator: " ")[2] }
        }
        #expect(names(try folder.anomalyctl("metrics").output) == names(new.body))
        #expect(names(try folder.anomalyctl("metrics", "-o", "prometheus").output) == names(old.body))
        #expect(try folder.anomalyctl("metrics", "-o", "json").output.hasPrefix(#"{"families":[{"help":"#))
        try daemon.stop()
    }

    /// Our own decoder takes every line of it: the daemon can be fed with its own metrics.
    @Test(arguments: ["Accept: */*", openMetrics]) func theDaemonUnderstandsItself(accept: String) throws {
        let daemon = try start(["feed.format=openmetrics"])
        let text = try metrics(accept).body
        let lines = text.split(separator: "\n").filter { !$0.hasPrefix("#") }
        let client = try daemon.client()
        try client.send(text)
        try client.sync()
        let status = try daemon.status()
        #expect(status.points == lines.count && status.rejectedLines.isEmpty)
        #expect(lines.count > 150)
        try daemon.stop()
    }

    /// Trouble shows in both.
    @Test func healthSaysWhyNot() throws {
        let daemon = try start()
        let blocker = try DatabaseBlocker(daemon.database, in: folder)
        let client = try daemon.client()
        try client.send("a 1 1\n")
        try eventually("it can't store") {
            try HTTPClient.get("/healthz", at: folder("http.sock")).status == 503
        }
        let health = try HTTPClient.get("/healthz", at: folder("http.sock"))
        #expect(health.body.hasPrefix("Not storing: "))
        let values = try values()
        #expect(values["anomalyd_storing"] == 0 && values["anomalyd_degraded"] == 1)
        #expect(try #require(values["anomalyd_commit_failures_total"]) > 0)
        try blocker.release()
        try eventually("it stores") { try HTTPClient.get("/healthz", at: folder("http.sock")).status == 200 }
        try daemon.stop()
    }
}
