import AnomalyControl
import AnomalyDetection
import Foundation
import PointStore
import Presentation
import Testing

@Suite struct QueryOptionTests {
    private func run(_ store: SampleStore, _ arguments: String...) throws -> String {
        try InProcess(database: store.path).output(["query", "--utc"] + arguments)
    }

    private func csv(_ store: SampleStore, _ arguments: String...) throws -> [String] {
        try InProcess(database: store.path).output(["query", "-o", "csv", "--no-header"] + arguments)
            .split(separator: "\n").map(String.init)
    }

    @Test func grepLooksAtNamesKindsAndMarks() throws {
        let store = try SampleStore.filled()
        #expect(try csv(store, "-g", "^cpu").count == 5)
        #expect(try csv(store, "-g", "CPU").isEmpty)
        #expect(try csv(store, "-g", "spike", "--output-fields", "value,kind") == ["17.75,spike"])
        #expect(try csv(store, "--grep=warm|missing", "--output-fields", "value,late") == ["0.5,0", ",0"])
        #expect(try csv(store, "-g", "io$|spike", "-n", "1", "--output-fields", "stream") == ["cpu.load"])
        #expect(try run(store, "-g", "nothing") == "-- no points --\n")
        #expect(try run(store, "-g", "nothing", "-q") == "")
    }

    @Test func fieldsInTheOrderThatIsAskedFor() throws {
        let store = try SampleStore.filled()
        #expect(
            try run(store, "-n1", "--output-fields", "value,time") == """
                     VALUE  TIME (UTC)
                       0.3  2026-11-23 14:00:04.000

                """)
        #expect(try run(store, "-n1", "-o", "json", "--output-fields=score") == "{\"score\":0.02}\n")
        #expect(
            try run(store, "-n1", "-o", "influx", "--output-fields=score")
                == "anomalyd_point,stream=cpu.load score=0.02 1795442404000000000\n")
        let failure = #expect(throws: Failure.self) { try run(store, "--output-fields", "value,colour") }
        #expect(failure?.status == .usage)
        #expect(failure?.message.hasPrefix("there is no field \"colour\", expected some of: stream, time") == true)
    }

    @Test func cursorsGoOnWhereTheLastCallStopped() throws {
        let store = try SampleStore()
        let start = SampleStore.start
        let file = store.folder + "/cursor"
        try store.append(stream: 1, sequence: 1, time: start, value: 1, newStream: "a")
        try store.append(stream: 2, sequence: 1, time: start - 5, value: 2, newStream: "b")
        #expect(try csv(store, "--cursor-file", file, "--output-fields", "value") == ["2", "1"])
        #expect(try csv(store, "--cursor-file", file).isEmpty)
        // Later than b's point, but not than a's.
        try store.append(stream: 2, sequence: 2, time: start - 1, value: 3)
        #expect(try csv(store, "--cursor-file", file, "--output-fields", "value") == ["3"])
        #expect(try String(contentsOfFile: file, encoding: .utf8) == "anomalyd-cursor-1;1=\(start);2=\(start - 1)\n")

        // What lies behind the end of the range comes next time.
        try store.append(stream: 1, sequence: 2, time: start + 10, value: 4)
        try store.append(stream: 1, sequence: 3, time: start + 20_000_000, value: 5)
        let values = ["--cursor-file", file, "--output-fields", "value"]
        #expect(try csv(store, values[0], file, values[2], values[3], "-U", "14:00:10") == ["4"])
        #expect(try csv(store, values[0], file, values[2], values[3]) == ["5"])

        let shown = try run(store, "-o", "csv", "--no-header", "-n", "0", "--show-cursor")
        #expect(shown == "-- cursor: anomalyd-cursor-1;1=\(start + 20_000_000);2=\(start - 1)\n")
        #expect(
            try csv(store, "--after-cursor", "anomalyd-cursor-1;1=\(start + 10)", "a", "--output-fields", "value") == [
                "5"
            ])

        try "something else".write(toFile: file, atomically: false, encoding: .utf8)
        let failure = #expect(throws: Failure.self) { try csv(store, "--cursor-file", file) }
        #expect(failure?.message.contains("cannot use the cursor in \(file)") == true)
        #expect(try String(contentsOfFile: file, encoding: .utf8) == "something else")
    }

    @Test func stepsSumPointsUp() throws {
        let store = try SampleStore()
        try store.fill(points: 150)
        let minutes = [
            "filled,2026-11-23T14:00:00.000000Z,60,0,29.5,59,0.01,0",
            "filled,2026-11-23T14:01:00.000000Z,60,60,89.5,119,0.01,0",
            "filled,2026-11-23T14:02:00.000000Z,30,120,134.5,149,0.01,0",
        ]
        #expect(try csv(store, "--step", "1m") == minutes)
        #expect(try csv(store, "--step", "60", "-r") == minutes.reversed())
        #expect(try csv(store, "--step", "1m", "-n", "2") == Array(minutes.suffix(2)))
        #expect(try csv(store, "--step", "1m", "-n", "2", "-r") == Array(minutes.reversed().prefix(2)))
        #expect(try csv(store, "--step", "1m", "-n", "0").isEmpty)
        #expect(
            try csv(store, "--step", "1h", "-S", "14:00:10", "-U", "14:00:12")
                == ["filled,2026-11-23T14:00:00.000000Z,3,10,11,12,0.01,0"])
    }

    @Test func daysBeginAtMidnightOfTheZone() throws {
        let berlin = try #require(NamedZone("Europe/Berlin"))
        let day = try #require(BucketStep("1d"))
        // 2026-10-25: the clock goes back at 01:00 UTC, and the day has 25 hours.
        let midnight: Int64 = 1_792_879_200_000_000
        let hour: Int64 = 3_600_000_000
        #expect(day.start(of: midnight, in: berlin) == midnight)
        #expect(day.start(of: midnight + 25 * hour - 1, in: berlin) == midnight)
        #expect(day.start(of: midnight + 25 * hour, in: berlin) == midnight + 25 * hour)
        #expect(day.start(of: midnight, in: FixedZone.utc) == midnight - 22 * hour)
        #expect(day.start(of: -1, in: FixedZone.utc) == -24 * hour)
        #expect(BucketStep("5m")?.start(of: -1, in: berlin) == -300_000_000)
        for text in ["0", "0.5s", "1500ms", "200y", "often", ""] { #expect(BucketStep(text) == nil, "\(text)") }
    }

    /// Read stream by stream or kept until the end, metrics come out the same.
    @Test func metricsAreTheSameHoweverTheyAreRead() throws {
        let store = try SampleStore.filled()
        let streamed = try run(store, "-o", "openmetrics")
        #expect(streamed.hasSuffix("# EOF\n"))
        #expect(try run(store, "-o", "openmetrics", "-n", "99") == streamed)
        #expect(try run(store, "-o", "openmetrics", "-r") == streamed)
    }

    @Test func metricsNameTheirUnit() throws {
        let store = try SampleStore.filled()
        var commit = Commit()
        commit.anomalies = [
            AnomalyRecord(
                stream: 1,
                anomaly: Anomaly(
                    startSequence: 4, start: SampleStore.start + 3_000_000, end: SampleStore.start + 4_500_000,
                    peak: SampleStore.start + 3_000_000, peakScore: 0.61, peakChannel: 0, peakValue: 17.75,
                    peakPrediction: 0.375, points: 2, isOpen: false))
        ]
        try store.writer.commit(&commit)
        let text = try InProcess(database: store.path).output("anomalies", "list", "-o", "openmetrics")
        #expect(
            text.hasPrefix(
                """
                # TYPE anomalyd_anomaly_duration_seconds gauge
                # UNIT anomalyd_anomaly_duration_seconds seconds
                anomalyd_anomaly_duration_seconds{stream="cpu.load"} 1.5 1795442403

                """))
    }

    @Test func nastyNames() throws {
        let store = try SampleStore()
        try store.append(stream: 1, sequence: 1, time: 1, value: 1, newStream: #"a b,c=d"e\"#)
        #expect(
            try run(store, "-o", "influx", "--output-fields", "value")
                == "anomalyd_point,stream=a\\ b\\,c\\=d\"e\u{FFFD} value=1 1000\n")
        #expect(
            try run(store, "-o", "openmetrics", "--output-fields", "value")
                == "# TYPE anomalyd_point_value gauge\nanomalyd_point_value{stream=\"a b,c=d\\\"e\\\\\"} 1 0.000001\n# EOF\n"
        )
    }

    @Test(arguments: [
        ["-g", "["], ["--step", "soon"], ["--step", "1m", "-f"], ["--step", "1m", "--cursor-file", "x"],
        ["-f", "--show-cursor"], ["-f", "-o", "openmetrics"], ["--output-fields", ","], ["--after-cursor", "x"],
        ["--after-cursor", "anomalyd-cursor-1", "--cursor-file", "x"],
    ])
    func commandLinesThatMakeNoSense(arguments: [String]) {
        #expect(throws: (any Error).self) { try Anomalyctl.command(for: ["query"] + arguments) }
    }

    @Test func pagerByTheRulesOfJournalctl() {
        let terminal = ["TERM": "xterm"]
        func command(_ environment: [String: String]) -> String? {
            Pager.command(in: terminal.merging(environment) { $1 })
        }
        #expect(command([:]) == "less")
        #expect(command(["PAGER": "more"]) == "more")
        #expect(command(["PAGER": "more", "SYSTEMD_PAGER": "most -x"]) == "most -x")
        #expect(command(["PAGER": "more", "SYSTEMD_PAGER": "most", "ANOMALYCTL_PAGER": ""]) == nil)
        #expect(command(["PAGER": "cat"]) == nil)
        #expect(command(["TERM": "dumb"]) == nil)
        #expect(Pager.command(in: [:]) == nil)
        #expect(Pager.additions(to: [:]) == ["LESS": "FRSXMK", "LESSCHARSET": "utf-8"])
        #expect(
            Pager.additions(to: ["SYSTEMD_LESS": "R", "SUDO_UID": "1", "LESSCHARSET": "x"])
                == ["LESS": "R", "LESSSECURE": "1"])
    }

    @Test func aPagerOnATerminalOnly() throws {
        let store = try SampleStore.filled()
        let program = BuiltProgram(environment: ["TERM": "xterm", "ANOMALYCTL_PAGER": "sed 's/^/P:/'", "NO_COLOR": "1"])
        let query = ["query", "--utc", "--database", store.path, "cpu.load", "-n", "1", "--no-header"]
        let line = "2026-11-23 14:00:04.000  cpu.load         0.3       0.375  0.020\n"
        #expect(try program.runOnTerminal(columns: 80, query) == "P:" + line)
        #expect(try program.runOnTerminal(columns: 80, query + ["--no-pager"]) == line)
        #expect(try program.run(query).output.hasPrefix("2026-11-23 14:00:04.000  cpu.load"))
    }
}
