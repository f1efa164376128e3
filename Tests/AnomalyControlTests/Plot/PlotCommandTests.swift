import AnomalyControl
import AnomalyDetection
import Foundation
import PointStore
import Presentation
import Testing

/// `anomalyctl plot`.
@Suite struct PlotCommandTests {
    let store: SampleStore
    init() throws { store = try .withAnomalies() }

    private func run(columns: Int? = 80, zone: any Zone = FixedZone.utc, _ arguments: String...) throws -> String {
        try InProcess(columns: columns, zone: zone, database: store.path).output(["plot"] + arguments)
    }

    @Test(arguments: [40, 57, 80, 120, 300]) func linesFitIntoTheTerminal(columns: Int) throws {
        for stream in ["cpu.load", "web", "quiet"] {
            let lines = try run(columns: columns, stream).split(separator: "\n")
            #expect(lines.allSatisfy { TextWidth.of(String($0)) <= columns }, "\(lines)")
        }
        #expect(try run(columns: 80, "cpu.load", "--width", "50").split(separator: "\n").allSatisfy { $0.count <= 50 })
    }

    @Test func withoutATerminalItIs80ColumnsWide() throws {
        #expect(try run(columns: nil, "cpu.load") == run(columns: 80, "cpu.load"))
    }

    @Test func everyAnomalyHasItsNumber() throws {
        let text = try run("cpu.load")
        #expect(text.hasPrefix("cpu.load: 60 points, 3 anomalies\n"))
        for id in ["▼1", "▼2", "▼5"] { #expect(text.contains(id)) }
        #expect(text.contains("anomaly: anomalyctl explain ID"))
        // The mark of a silence has no value to stand at; the picture reaches to where it was noticed.
        let quiet = try run("quiet")
        #expect(quiet.contains("Mon 2026-11-23 14:00:00 UTC to Mon 2026-11-23 14:40:00 UTC"))
        #expect(quiet.contains("4▼"))
    }

    @Test func theNewestPoints() throws {
        #expect(try run("cpu.load", "-n", "5").hasPrefix("cpu.load: 5 points, 1 anomaly\nMon 2026-11-23 14:55:00 UTC"))
        #expect(try run("cpu.load", "-n", "all").hasPrefix("cpu.load: 60 points"))
        #expect(try run("cpu.load", "-n", "1").hasPrefix("cpu.load: 1 point, "))
        let big = try SampleStore()
        try big.fill(points: 1500)
        let all = InProcess(columns: 80, database: big.path)
        #expect(try all.output("plot", "filled").hasPrefix("filled: 1,000 points"))
        #expect(try all.output("plot", "filled", "--since", "2026-11-23").hasPrefix("filled: 1,500 points"))
    }

    @Test func aRangeOfTime() throws {
        let text = try run("cpu.load", "-S", "14:15", "-U", "14:30")
        #expect(
            text.hasPrefix("cpu.load: 16 points, 1 anomaly\nMon 2026-11-23 14:15:00 UTC to Mon 2026-11-23 14:30:00"))
        #expect(!text.contains("▼1"))
    }

    @Test func zones() throws {
        let berlin = try #require(NamedZone("Europe/Berlin"))
        #expect(try run(zone: berlin, "cpu.load").contains("Mon 2026-11-23 15:00:00 "))
        #expect(try run(zone: berlin, "cpu.load").contains(" 15:30 "))
        #expect(try run(zone: berlin, "cpu.load", "--utc").contains(" 14:30 "))
    }

    @Test func channels() throws {
        let first = try run("web")
        #expect(first.hasPrefix("web, channel 0 of 2: 30 points, 1 anomaly\n"))
        #expect(first.hasSuffix("channel 0 of 2; see also --channel all\n"))
        let second = try run("web", "--channel", "1")
        #expect(second.hasPrefix("web, channel 1 of 2: "))
        #expect(!second.contains("--channel all"))
        let all = try run("web", "--channel", "all")
        #expect(all.contains("\nchannel 0\n") && all.contains("\nchannel 1\n"))
    }

    @Test func errors() throws {
        func failure(_ arguments: String...) -> Failure? {
            #expect(throws: Failure.self) {
                try InProcess(database: store.path).output(["plot"] + arguments)
            }
        }
        #expect(
            failure("cpu.laod")
                == Failure(
                    .unknownStream, "there is no stream \"cpu.laod\"",
                    hint: "did you mean \"cpu.load\"? to see the names, try: anomalyctl streams"))
        #expect(failure("cpu.*")?.status == .unknownStream)
        #expect(
            failure("cpu.load", "-S", "2020-01-01", "-U", "2020-01-02", "--utc")
                == Failure(
                    .failure, "the stream \"cpu.load\" has no points in that time",
                    hint: "its points are from Mon 2026-11-23 14:00:00 UTC to Mon 2026-11-23 14:59:00 UTC; "
                        + "try: --since and --until"))
        #expect(failure("web", "--channel", "2")?.hint == "it has the channels 0 to 1")
        #expect(
            failure("cpu.load", "-o", "/nonexistent/a.svg")?.message.hasPrefix("cannot write /nonexistent/") == true)
    }

    @Test func tooManyChannelsForAFile() throws {
        var commit = Commit()
        commit.streams = [StreamRecord(id: 9, name: "wide", channels: 40, created: SampleStore.start)]
        for channel in 0..<40 as Range<Int32> {
            commit.points.append(
                PointRow(
                    stream: 9, channel: channel, sequence: 1, time: SampleStore.start, value: 1, prediction: 1,
                    lower: 0,
                    upper: 2, residual: 0, score: 0, flags: []))
        }
        try store.writer.commit(&commit)
        let path = store.folder + "/wide.svg"
        #expect(throws: Failure.self) { try run("wide", "--channel", "all", "-o", path) }
        #expect(throws: Failure.self) { try run("wide", "--channel", "all", "--height", "1000", "-o", path) }
        _ = try run("wide", "--channel", "all", "--height", "8000", "-o", path)
        #expect(try run("wide", "--channel", "all").contains("\nchannel 39\n"))
    }

    @Test(arguments: [
        ["-o", "plot.gif"], ["-o", "plot"], ["-o", ".svg"], ["-n", "0"], ["--width", "10"], ["--height", "1"],
        ["--width", "100", "-o", "a.svg"], ["--channel", "-1"],
    ])
    func usage(arguments: [String]) throws {
        let result = try BuiltProgram().run(["plot", "cpu.load", "--database", store.path] + arguments)
        #expect(result.status == 2, "\(result)")
    }

    @Test func withoutAUnicodeLocaleItIsASCII() throws {
        let arguments = ["plot", "cpu.load", "--utc", "--database", store.path]
        let plain = try BuiltProgram().run(arguments)
        #expect(plain.status == 0)
        #expect(plain.output.utf8.allSatisfy { $0 < 0x80 })
        #expect(plain.output.contains("v2"))
        for name in ["LC_ALL", "LC_CTYPE", "LANG"] {
            let unicode = try BuiltProgram(environment: [name: "de_DE.UTF-8"]).run(arguments)
            #expect(unicode.output.contains("▼2"), "\(name)")
        }
        let overruled = try BuiltProgram(environment: ["LANG": "de_DE.UTF-8", "LC_ALL": "C"]).run(arguments)
        #expect(overruled.output == plain.output)
    }

    @Test func coloursOnATerminalOnly() throws {
        let arguments = ["plot", "cpu.load", "--utc", "--database", store.path]
        #expect(try BuiltProgram().runOnTerminal(columns: 80, arguments).contains("␛[1;31m"))
        #expect(try !BuiltProgram(environment: ["NO_COLOR": "1"]).runOnTerminal(columns: 80, arguments).contains("␛"))
        #expect(try !BuiltProgram().run(arguments).output.contains("\u{1B}"))
    }

    /// A name may try to send the terminal something.
    @Test func namesAreHarmless() throws {
        try store.append(
            stream: 9, sequence: 1, time: SampleStore.start, value: 1, newStream: "a\u{202E}b\u{85}<i>")
        let text = try run("a\u{202E}b\u{85}<i>")
        #expect(text.hasPrefix("a\u{FFFD}b\u{FFFD}<i>: 1 point, no anomaly\n"))
    }

    @Test func aStreamWithoutAnyValue() throws {
        var commit = Commit()
        commit.streams = [StreamRecord(id: 9, name: "nothing", channels: 1, created: SampleStore.start)]
        commit.points = [
            PointRow(
                stream: 9, channel: 0, sequence: 1, time: SampleStore.start, value: .nan, prediction: .nan, lower: .nan,
                upper: .nan, residual: .nan, score: .nan, flags: .missing)
        ]
        try store.writer.commit(&commit)
        #expect(try run("nothing").hasPrefix("nothing: 1 point, no anomaly\n"))
        let path = store.folder + "/nothing.svg"
        _ = try run("nothing", "-o", path)
        #expect(try String(contentsOfFile: path, encoding: .utf8).contains("<svg"))
    }
}
