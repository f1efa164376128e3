import AnomalyConfiguration
import AnomalyControl
import AnomalyDetection
import Foundation
import ModelFiles
import Presentation
import RecurrentModel
import Testing

/// `anomalyctl backtest` inside the test's process: what it writes, and what it does not look at.
@Suite final class BacktestCommandTests {
    private let folder: String

    init() throws {
        folder = NSTemporaryDirectory() + "backtest-\(UUID().uuidString)"
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
    }

    deinit { try? FileManager.default.removeItem(atPath: folder) }

    /// Writes a file and returns its path.
    @discardableResult
    private func write(_ text: String, to name: String) throws -> String {
        let path = "\(folder)/\(name)"
        try FileManager.default.createDirectory(
            atPath: URL(filePath: path).deletingLastPathComponent().path, withIntermediateDirectories: true)
        try Data(text.utf8).write(to: URL(filePath: path))
        return path
    }

    private func read(_ name: String) throws -> String {
        String(decoding: try Data(contentsOf: URL(filePath: "\(folder)/\(name)")), as: UTF8.self)
    }

    /// Whether two files are the same, without showing all of them where they are not.
    private func areEqual(_ one: String, _ other: String) throws -> Bool { try read(one) == read(other) }

    /// Runs the command with nothing but built-in defaults.
    @discardableResult
    private func backtest(_ arguments: String...) throws -> String {
        try InProcess().output(["backtest", "--config", "/dev/null"] + arguments)
    }

    private func failure(_ arguments: String...) throws -> Failure {
        let error = try #require(throws: (any Error).self) {
            try InProcess().output(["backtest", "--config", "/dev/null"] + arguments)
        }
        return try #require(Failure(explaining: error))
    }

    /// A wave with noise and one jump that nobody could miss.
    private func series(_ rows: Int, seed: UInt64 = 1, label: (Int) -> String? = { _ in nil }) -> String {
        let noise = BacktestMeasureTests.noise(rows, seed: seed)
        let hasLabels = label(0) != nil
        return "timestamp,value\(hasLabels ? ",label" : "")\n"
            + (0..<rows).map { row in
                let value = 10 * sin(2 * .pi * Double(row) / 24) + noise[row] + (row == rows * 3 / 4 ? 200 : 0)
                return "\(1_577_836_800 + 60 * row),\(value)" + (label(row).map { ",\($0)" } ?? "") + "\n"
            }.joined()
    }

    // MARK: Models

    @Test func beginsFromTheModelOfTheSettings() throws {
        let file = try write(series(400), to: "in/a.csv")
        let settings = ModelSettings()
        let network = Network<Float>(settings.shape(channels: 1))
        var generator = RecurrentModel.SeededGenerator(seed: 7)
        let model = ModelFile(
            shape: network.shape, parameters: network.initialParameters(.xavier, using: &generator), metadata: [:])
        let path = "\(folder)/m.safetensors"
        try model.write(path)
        try backtest(file, "-o", "\(folder)/random")
        try backtest(file, "-o", "\(folder)/model", "--set", "model.initial=\(path)")
        #expect(try !areEqual("random/in/a.csv", "model/in/a.csv"))

        let misfit = try failure(file, "--set", "model.initial=\(path)", "--set", "model.hidden=8")
        #expect(misfit.status == .failure)
        #expect(misfit.message.contains("does not fit \(file): hidden is 16, expected 8"), "\(misfit.message)")
        let missing = try failure(file, "--set", "model.initial=\(folder)/none")
        #expect(missing.status == .failure && missing.message.contains("none"))
    }

    // MARK: Score files

    /// Each field of each row is what `Detector.step` says, to the last digit.
    @Test(arguments: [1, 3]) func everyRowIsWhatTheDetectorSays(channels: Int) throws {
        let noise = BacktestMeasureTests.noise(800 * channels)
        var rows = (0..<800).map { row -> (time: Int64, values: [Double]) in
            let jump = row == 600 ? 50.0 : 0
            return (Int64(row) * 7, (0..<channels).map { noise[row * channels + $0] + jump })
        }
        rows[300].values = Array(repeating: .nan, count: channels)
        rows[301].values[channels - 1] = .nan
        func field(_ numbers: [Double]) -> String {
            numbers.map { $0.isNaN ? "" : String(NumberText.shortest($0 + 0.0)) }.joined(separator: ";")
        }
        let header = "timestamp," + (0..<channels).map { "v\($0)" }.joined(separator: ",")
        let text = rows.map { row -> String in
            let fields = row.values.map { $0.isNaN ? "" : "\($0)" }
            return "\(row.time)," + fields.joined(separator: ",")
        }
        let path = try write(([header] + text).joined(separator: "\n"), to: "set/some.thing.csv")
        try backtest(path, "-o", folder + "/out", "--set", "model.hidden=8")

        var settings = DetectorSettings()
        settings.model.hidden = 8
        let detector = Detector(settings, channels: channels, name: "some.thing".utf8, workbench: Workbench())
        var verdicts = Array(
            repeating: ChannelVerdict(value: 0, prediction: 0, lower: 0, upper: 0, residual: 0), count: channels)
        var flagged = 0
        let expected = rows.map { row -> String in
            let point = row.values.withUnsafeBufferPointer { values in
                verdicts.withUnsafeMutableBufferPointer {
                    detector.step(time: row.time * 1_000_000, values: values, verdicts: $0)
                }
            }
            let isFlagged = point.flags.contains(.anomaly)
            flagged += isFlagged ? 1 : 0
            return [
                "\(row.time)", field(verdicts.map(\.value)), field(verdicts.map(\.prediction)),
                field(verdicts.map(\.lower)), field(verdicts.map(\.upper)), field(verdicts.map(\.residual)),
                field([point.score]), isFlagged ? "1" : "0",
            ].joined(separator: ",")
        }
        #expect(flagged > 0)
        let found = try read("out/set/some.thing.csv")
        #expect(found.hasSuffix("\n"))
        let lines = found.dropLast().split(separator: "\n", omittingEmptySubsequences: false).map(String.init)
        #expect(lines.first == "timestamp,value,prediction,lower,upper,residual,score,anomaly")
        #expect(lines.count == expected.count + 1)
        let differing = zip(lines.dropFirst(), expected).first { $0 != $1 }
        #expect(differing == nil)
    }

    /// Timestamps come back as they were written, and rows out of order stand where they stood.
    @Test func lateAndRepeatedRows() throws {
        let path = try write(
            """
            timestamp,value
            2014-04-10 00:04:00,5
            2014-04-10T00:05:00Z,6
            2014-04-10 00:05:00,7.5
            1397088299.999999,
            2014-04-10 01:05,8
            "2014-04-10 01:05:00",-0
            2014-04-10T03:06:00+02:00,9

            """, to: "in/a.csv")
        let table = try backtest(path, "-o", folder + "/out", "--format", "json")
        let lines = try read("out/in/a.csv").split(separator: "\n")
        #expect(lines.count == 8)
        #expect(lines[1] == "2014-04-10 00:04:00,5,,,,,0,0")
        #expect(lines[2].hasPrefix("2014-04-10T00:05:00Z,6,5,,,1,0,0"))
        #expect(lines[3] == "2014-04-10 00:05:00,7.5,,,,,0,0")
        #expect(lines[4] == "1397088299.999999,,,,,,0,0")
        #expect(lines[5].hasPrefix("2014-04-10 01:05,8,"))
        #expect(lines[6] == "2014-04-10 01:05:00,0,,,,,0,0")
        #expect(lines[7].hasPrefix("2014-04-10T03:06:00+02:00,9,"))
        #expect(table.contains(#""files":1,"points":4,"dropped":3,"#))

        // The detector never learns of the dropped rows.
        let without = try write(
            "timestamp,value\n2014-04-10 00:04:00,5\n2014-04-10T00:05:00Z,6\n2014-04-10 01:05,8\n"
                + "2014-04-10T03:06:00+02:00,9\n", to: "other/a.csv")
        try backtest(without, "-o", folder + "/out")
        let kept = [0, 1, 2, 5, 7].map { lines[$0] }
        #expect(try read("out/other/a.csv").split(separator: "\n") == kept)
    }

    @Test func labelsAreNotShownToTheDetector() throws {
        let plain = try write(series(1500), to: "plain/a.csv")
        let right = try write(series(1500) { $0 == 1125 ? "1" : "0" }, to: "right/a.csv")
        let wrong = try write(series(1500) { $0 % 7 == 0 ? "true" : "false" }, to: "wrong/a.csv")
        let renamed = try write(
            series(1500) { $0 % 2 == 0 ? "1" : "" }.replacing("value,label", with: "value,is_anomaly"),
            to: "renamed/a.csv")
        let table = try backtest(plain, right, wrong, renamed, "-o", folder + "/out", "-v", "--format", "json")
        for name in ["right", "wrong", "renamed"] {
            #expect(try areEqual("out/\(name)/a.csv", "out/plain/a.csv"), "\(name)")
        }

        let rows = table.split(separator: "\n")
        #expect(rows.count == 5)
        #expect(rows[0].contains(#""events":null,"precision":null,"recall":null,"f1":null,"#))
        #expect(rows[1].contains(#""events":1,"precision":1,"recall":1,"f1":1,"#), "\(rows[1])")
        #expect(rows[2].contains(#""events":215,"#))
    }

    @Test func threadsAndCompanyChangeNoByte() throws {
        let paths = try (1...5).map { try write(series(400 * $0, seed: UInt64($0)), to: "set/s\($0).csv") }
        for threads in ["1", "2", "7"] {
            _ = try InProcess().output(
                [
                    "backtest", "--config", "/dev/null", "-o", "\(folder)/\(threads)", "--threads", threads,
                    "--cell", "gru,lstm",
                ] + (threads == "2" ? paths : paths.reversed()))
        }
        try backtest(paths[2], "-o", folder + "/alone")
        for cell in ["gru", "lstm"] {
            for number in 1...5 {
                let one = "1/\(cell)/set/s\(number).csv"
                #expect(try read(one).split(separator: "\n").count == 400 * number + 1)
                for other in ["2", "7"] { #expect(try areEqual("\(other)/\(cell)/set/s\(number).csv", one)) }
            }
        }
        #expect(try areEqual("alone/set/s3.csv", "1/gru/set/s3.csv"))
        #expect(try !areEqual("1/lstm/set/s3.csv", "1/gru/set/s3.csv"))
        #expect(!FileManager.default.fileExists(atPath: folder + "/alone/gru"))
    }

    /// The stem is the stream's name and nothing else of the path is anything: neither folder nor extension matters.
    @Test func onlyTheStemNamesTheStream() throws {
        for name in ["a/x.csv", "b/x.txt", "c/x", "d/y.csv"] { try write(series(500), to: name) }
        let paths = ["a/x.csv", "b/x.txt", "c/x", "d/y.csv"].map { "\(folder)/\($0)" }
        // What a name decides is the random weights.
        try backtest(
            paths[0], paths[1], paths[2], paths[3], "-o", folder + "/out", "--set", "model.initial=")
        #expect(try areEqual("out/b/x.csv", "out/a/x.csv"))
        #expect(try areEqual("out/c/x.csv", "out/a/x.csv"))
        #expect(try !areEqual("out/d/y.csv", "out/a/x.csv"))
    }

    @Test func foldersAreNamedAsTheyWereGivenOrAsTheyAre() {
        #expect(BacktestInput(path: "/data/UCR/a.b.csv").name == "UCR/a.b")
        #expect(BacktestInput(path: "/usr/./a.csv").folder == "usr")
        #expect(BacktestInput(path: "/a.csv").name == "a")
        #expect(BacktestInput(path: "x/.csv").name == "x/.csv")
        let here = URL(filePath: FileManager.default.currentDirectoryPath).lastPathComponent
        #expect(BacktestInput(path: "a.csv").folder == here)
        #expect(BacktestInput(path: "/usr/share/../a.csv").folder == "usr")
    }

    // MARK: Settings

    @Test func configurationHoldsAsInTheDaemon() throws {
        let path = try write(series(600), to: "set/web.cpu.csv")
        let configuration = try write(
            "[model]\nhidden = 4\n[[stream]]\nmatch = \"web.*\"\nmodel.cell = \"lstm\"\n", to: "a.toml")
        let inProcess = InProcess()
        let table = try inProcess.output("backtest", path, "--config", configuration, "-o", folder + "/one")
        #expect(table.contains("lstm "))
        let flags = ["--set", "model.hidden=4", "--set", "model.cell=lstm"]
        _ = try inProcess.output(["backtest", path, "--config", "/dev/null", "-o", folder + "/two"] + flags)
        #expect(try areEqual("one/set/web.cpu.csv", "two/set/web.cpu.csv"))
        // --cell is stronger than both.
        let rnn = try inProcess.output("backtest", path, "--config", configuration, "--cell", "rnn")
        #expect(rnn.contains("rnn ") && !rnn.contains("lstm"))
    }

    @Test func theTable() throws {
        let a = try write(series(1200) { $0 == 900 ? "1" : "0" }, to: "set/a.csv")
        let b = try write(series(1200, seed: 2), to: "set/b.csv")
        let table = try backtest(a, b, "--cell", "rnn,gru", "-v").split(separator: "\n").map(String.init)
        #expect(
            table[0].split(separator: " ") == [
                "FILE", "CELL", "FILES", "POINTS", "DROPPED", "MASE", "SEASONAL", "SEASON", "COVER", "ALARMS", "EVENTS",
                "PREC", "RECALL", "F1", "POINTS/S", "CPU", "µs",
            ])
        #expect(
            table.dropFirst().map { $0.split(separator: " ").prefix(4).joined(separator: " ") } == [
                "set/a rnn 1 1,200", "set/a gru 1 1,200", "set/b rnn 1 1,200", "set/b gru 1 1,200", "total rnn 2 2,400",
                "total gru 2 2,400",
            ])
        #expect(table[1].contains("  24  ") && table.allSatisfy { $0.count == table[0].count })
        let plain = try backtest(a, "--season", "5", "--format", "csv").split(separator: "\n")
        #expect(
            plain[0] == "cell,files,points,dropped,mase,seasonal_mase,season,coverage,alarms,events,precision,recall,"
                + "f1,points_per_second,cpu_microseconds_per_point")
        #expect(plain[1].split(separator: ",")[6] == "5")
        #expect(plain.count == 2)
    }

    // MARK: NAB

    @Test func aCorpus() throws {
        for name in ["one/a.csv", "two/b.csv", "two/unlisted.csv"] { try write(series(1500), to: "nab/data/\(name)") }
        // The jump is row 1125: 2020-01-01 18:45.
        try write(
            """
            {"two/b.csv": [["2020-01-01 18:40:00.000000", "2020-01-01 18:50:00"], ["2020-01-01 20:00", "2020-01-01 21:00"]],
             "one/a.csv": []}
            """, to: "nab/labels/combined_windows.json")
        let table = try backtest("--nab", folder + "/nab", "-o", folder + "/out", "-v", "--format", "json")
        let rows = table.split(separator: "\n")
        #expect(rows.count == 3)
        #expect(rows[0].hasPrefix(#"{"file":"one/a","#) && rows[0].contains(#""events":0,"precision":0,"recall":null"#))
        #expect(rows[1].hasPrefix(#"{"file":"two/b","#) && rows[1].contains(#""events":2,"#))
        #expect(rows[1].contains(#""recall":0.5,"#), "\(rows[1])")
        #expect(try read("out/one/a.csv").split(separator: "\n").count == 1501)
        #expect(try read("out/two/b.csv").split(separator: "\n").count == 1501)
        #expect(!FileManager.default.fileExists(atPath: folder + "/out/two/unlisted.csv"))
        let alone = try write(series(100), to: "more/c.csv")
        #expect(try backtest("--nab", folder + "/nab", alone, "--format", "csv").contains("\ngru,3,3100,0,"))
    }

    @Test func aCorpusThatIsNone() throws {
        let missing = try failure("--nab", folder)
        #expect(missing.message == "cannot read \(folder)/labels/combined_windows.json: No such file or directory")
        #expect(missing.hint == "--nab expects a folder with data/ and labels/combined_windows.json")
        let path = try write("{\"a\": 1}", to: "labels/combined_windows.json")
        #expect(
            try failure("--nab", folder).message
                == "cannot read \(path): expected {\"CATEGORY/FILE.csv\": [[\"FIRST TIME\", \"LAST TIME\"], …], …}")
        try write(#"{"x/a.csv": [["2020-01-02", "2020-01-01"]]}"#, to: "labels/combined_windows.json")
        #expect(
            try failure("--nab", folder).message == "cannot read \(path): x/a.csv: expected windows of a first and a "
                + #"later last time, found ["2020-01-02", "2020-01-01"]"#)
        try write(#"{"x/a.csv": []}"#, to: "labels/combined_windows.json")
        #expect(try failure("--nab", folder).message == "cannot read \(folder)/data/x/a.csv: No such file or directory")
    }

    // MARK: Errors

    @Test func aBadFileStopsIt() throws {
        let good = try write(series(100), to: "set/good.csv")
        let bad = try write(series(100) + "5,five\n", to: "set/bad.csv")
        let failure = try failure(good, bad, "-o", folder + "/out")
        #expect(failure.status == .failure)
        #expect(failure.message.hasPrefix("cannot read \(bad), line 102: expected a decimal number"))
        #expect(failure.message.hasSuffix("found \"5,five\""))
        let left = FileManager.default.subpaths(atPath: folder + "/out")
        #expect((left ?? []).allSatisfy { !$0.contains("bad") && !$0.hasSuffix(".partial") })
    }

    @Test func scoresNeverOverwriteWhatTheyComeFrom() throws {
        let a = try write(series(100), to: "set/a.csv")
        let overwriting = try failure(a, "-o", folder)
        #expect(overwriting.status == .usage)
        #expect(overwriting.message == "the scores of \(a) would be written over \(a)")
        #expect(try read("set/a.csv") == series(100))
        let twice = try failure(a, a, "-o", folder + "/out")
        #expect(twice.message == "the scores of \(a) and of \(a) would both be written to \(folder)/out/set/a.csv")
        #expect(!FileManager.default.fileExists(atPath: folder + "/out"))
        try write("", to: "file")
        #expect(
            try failure(a, "-o", folder + "/file/x").message == "cannot create \(folder)/file/x/set: Not a directory")
    }

    @Test(arguments: [
        [], ["--cell", "gru,", "a.csv"], ["--cell", "transformer", "a.csv"], ["--cell", "gru,gru", "a.csv"],
        ["--season", "0", "a.csv"], ["--threads", "0", "a.csv"], ["--format", "xml", "a.csv"],
        ["--set", "model.hiden=3", "a.csv"], ["--set", "model.k1=64", "a.csv"], ["--config", "/nonexistent", "a.csv"],
    ])
    func usage(arguments: [String]) throws {
        let result = try BuiltProgram().run(["backtest"] + arguments)
        #expect(result.status == 2, "\(result)")
        #expect(result.output == "" && !result.errors.isEmpty)
    }

    @Test func configurationProblemsAreSpelledOut() throws {
        #expect(
            try failure("a.csv", "--set", "model.hiden=3").message
                == "--set: model.hiden: unknown key; did you mean model.hidden?")
    }

    @Test func progressIsShownOnATerminalOnly() throws {
        let path = try write(series(3000), to: "set/a.csv")
        let quiet = try BuiltProgram().run("backtest", "--config", "/dev/null", path)
        #expect(quiet.status == 0 && quiet.errors == "")
        let command = [BuiltProgram.path, "backtest", "--config", "/dev/null", path].joined(separator: " ")
        // script(1) gives it a terminal for standard error as well.
        let process = Process()
        process.executableURL = URL(filePath: "/usr/bin/script")
        process.arguments = ["-qec", command, "/dev/null"]
        let output = Pipe()
        process.standardOutput = output
        try process.run()
        let shown = String(decoding: try output.fileHandleForReading.readToEnd() ?? Data(), as: UTF8.self)
        process.waitUntilExit()
        #expect(process.terminationStatus == 0)
        #expect(shown.contains("100% █") && shown.contains("1/1 files, ") && shown.contains("points/s\u{1B}[K\r\n"))
    }
}
