import AnomalyControl
import ArgumentParser
import Foundation
import Glibc
import ModelFiles
import RecurrentModel
import Testing

/// `anomalyctl train` from the command line to the file.
@Suite struct TrainCommandTests {
    private static let taxi = URL(filePath: #filePath).deletingLastPathComponent()
        .appending(path: "../../fixtures/series/nyc_taxi.csv").standardizedFileURL.path

    private let folder = NSTemporaryDirectory() + "train-\(UUID().uuidString)"

    init() throws { try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true) }

    private func remove() { try? FileManager.default.removeItem(atPath: folder) }

    /// Surroundings without a configuration file.
    private var environment: [String: String] { ["CONFIGURATION_DIRECTORY": folder] }

    private func write(_ lines: [String], to name: String) throws -> String {
        let path = "\(folder)/\(name)"
        try (lines.joined(separator: "\n") + "\n").write(toFile: path, atomically: false, encoding: .utf8)
        return path
    }

    /// A number that follows `label` in a text.
    private func number(after label: String, in text: String) throws -> Double {
        let start = try #require(text.range(of: label), "\(label) in \(text)").upperBound
        return try #require(Double(text[start...].prefix { $0.isNumber || $0 == "." || $0 == "-" || $0 == "e" }))
    }

    @Test func theTaxiSeries() throws {
        defer { remove() }
        let model = folder + "/taxi.safetensors"
        let arguments = [
            "train", Self.taxi, "-o", model, "--epochs", "4", "--hidden", "8", "--stride", "32", "--batch", "8",
        ]
        let run = try BuiltProgram(environment: environment).run(arguments)
        #expect(run.status == 0, "\(run.errors)")
        let epochs = run.errors.split(separator: "\n")
        #expect(epochs.count == 4 && epochs[0].hasPrefix("epoch 1/4: loss "), "\(run.errors)")
        let best = try number(after: "val loss  ", in: run.output)
        let naive = try number(after: "\"as before\" has ", in: run.output)
        #expect(best < naive * 0.8, "\(run.output)")
        #expect(run.output.contains("network   gru, 1 × 8 units, 297 parameters\n"))
        #expect(run.output.contains("windows   258 for training, 63 for validation, of 64 points, from 1 series\n"))
        // Eight units are not what the daemon is configured for.
        #expect(run.output.hasSuffix("[model]\ninitial = \"\(model)\"\nhidden = 8\n"), "\(run.output)")

        let file = try ModelFile.read(model)
        #expect(file.shape == NetworkShape(cell: .gru, inputs: 2, hidden: 8, outputs: 1))
        #expect(file.target == .change && file.loss == .huber && file.horizon == 1 && file.window == 64)
        #expect(file.head == .all && file.purpose == .predict && file.programVersion != nil)

        // The same once more, on one thread and without a word.
        let quiet = try BuiltProgram(environment: environment).run(
            arguments.map { $0 == model ? model + "2" : $0 } + ["-q", "--threads", "1"])
        #expect(quiet == BuiltProgram.Result(status: 0, output: "", errors: ""))
        #expect(try Data(contentsOf: URL(filePath: model)) == Data(contentsOf: URL(filePath: model + "2")))
    }

    /// A study that the daemon has no use for says so.
    @Test func aForecastOfTheFuture() throws {
        defer { remove() }
        let prices = try write(
            ["timestamp,value,label"] + (0..<400).map { "\($0 * 60),\(($0 * 37) % 23),\($0 % 2)" }, to: "prices.csv")
        let flat = try write(["time,value"] + (0..<9).map { "\($0),5" } + ["8,5"], to: "flat.csv")
        let short = try write(["time,value", "1,2"], to: "short.csv")
        let run = try BuiltProgram(environment: environment).run(
            "train", prices, flat, short, "-o", folder + "/m", "--cell", "lstm", "--layers", "2", "--head", "last",
            "--horizon", "3",
            "--window", "20", "--stride", "1", "--target", "value", "--loss", "gaussian", "--epochs", "2")
        #expect(run.status == 0, "\(run.errors)")
        #expect(
            run.output.hasSuffix(
                "It forecasts 3 points ahead, which is for studies: the daemon does not take it.\n"), "\(run.output)")
        #expect(
            run.errors.hasPrefix(
                """
                anomalyctl: \(flat): 1 row is left out, with times that are not after those before
                anomalyctl: \(flat) is left out: all values of its training part are equal or missing
                anomalyctl: \(short) is left out: it is too short for a window
                epoch 1/2: loss
                """), "\(run.errors)")
        let file = try ModelFile.read(folder + "/m")
        #expect(file.shape == NetworkShape(cell: .lstm, inputs: 2, hidden: 16, layers: 2, outputs: 2))
        #expect(file.horizon == 3 && file.head == .last && file.target == .value && file.loss == .gaussian)
    }

    @Test func streamsOfTheStore() throws {
        defer { remove() }
        let store = try SampleStore()
        try store.fill(points: 600)
        var train = InProcess()
        train.database = store.path
        let text = try train.output(
            "train", "--from-store", "fil*", "-o", folder + "/m", "--epochs", "1", "-q", "--until", "@1795442699")
        #expect(text == "")
        #expect(try ModelFile.read(folder + "/m").shape.inputs == 2)
        // Three hundred points until then, of which sixty are for validation.
        let counted = try train.output(
            "train", "--from-store", "filled", "-o", folder + "/m", "--epochs", "1", "--until", "@1795442699",
            "--stride", "300", "--window", "300", "--set", "model.hidden=4")
        #expect(counted.contains("windows   1 for training, 1 for validation, of 300 points, from 1 series\n"))
        #expect(
            throws: Failure(
                .unknownStream, "there is no stream \"fill\"", hint: "did you mean \"filled\"? " + Self.namesHint)
        ) {
            try train.output("train", "--from-store", "fill", "-o", folder + "/m")
        }
    }

    private static let namesHint = "to see the names, try: anomalyctl streams"

    /// Ctrl-C keeps the best epoch so far.
    @Test func controlC() throws {
        defer { remove() }
        let process = BuiltProgram(environment: environment).makeProcess([
            "train", Self.taxi, "-o", folder + "/m", "--epochs", "100000", "--patience", "100000", "--hidden", "8",
        ])
        let (output, errors) = (Pipe(), Pipe())
        process.standardOutput = output
        process.standardError = errors
        try process.run()
        #expect(try errors.fileHandleForReading.read(upToCount: 5) == Data("epoch".utf8))
        kill(process.processIdentifier, SIGINT)
        _ = try errors.fileHandleForReading.readToEnd()
        let text = String(decoding: try output.fileHandleForReading.readToEnd() ?? Data(), as: UTF8.self)
        process.waitUntilExit()
        #expect(process.terminationReason == .exit && process.terminationStatus == 0)
        #expect(text.contains("the best was ") && text.contains("; interrupted\n"), "\(text)")
        #expect(try ModelFile.read(folder + "/m").shape.hidden == 8)
    }

    private func failure(_ arguments: String...) throws -> String {
        do {
            _ = try InProcess().output(["train"] + arguments)
            return ""
        } catch {
            return Failure(explaining: error)?.text ?? "\(error)"
        }
    }

    @Test func whatCannotBeTrainedOn() throws {
        defer { remove() }
        let model = folder + "/m"
        let broken = try write(["timestamp,value", "1,2", "2,x"], to: "broken.csv")
        #expect(try failure(broken, "-o", model).hasPrefix("anomalyctl: cannot read \(broken), line 3: expected a "))
        #expect(try failure(folder + "/none.csv", "-o", model).contains("none.csv: No such file or directory"))
        let flat = try write(["timestamp,value"] + (1...99).map { "\($0),7" }, to: "flat.csv")
        #expect(
            try failure(flat, "-o", model)
                == """
                anomalyctl: cannot train on \(flat): all values of its training part are equal or missing
                a model needs values that change

                """)
        let short = try write(["timestamp,value", "1,2", "2,3"], to: "short.csv")
        #expect(
            try failure(short, "-o", model).contains("cannot cut windows for validation: the longest series has 2 "))
        #expect(
            try failure(Self.taxi, "-o", folder + "/no/m")
                == "anomalyctl: cannot write into \(folder)/no/: No such file or directory\n")
        #expect(try failure(Self.taxi, "-o", folder + "/").contains("is a folder; expected the name of a file"))
        #expect(try failure(Self.taxi, "-o", model, "--hidden", "0").contains("--hidden: model.hidden"))
        #expect(try failure(Self.taxi, "-o", model, "--cell", "tree").contains("expected one of"))
        #expect(!FileManager.default.fileExists(atPath: model))
    }

    @Test func whatMakesNoSense() throws {
        defer { remove() }
        func message(_ arguments: String...) -> String {
            do {
                _ = try Anomalyctl.command(for: ["train"] + arguments)
                return ""
            } catch {
                return Anomalyctl.message(for: error)
            }
        }
        #expect(message("-o", "m").contains("Name a CSV file, or streams with --from-store GLOB."))
        #expect(message("a.csv", "-o", "m", "--from-store", "b").contains("Choose either CSV files or --from-store"))
        #expect(message("a.csv", "-o", "m", "--since", "-1h").contains("--since and --until go with --from-store"))
        #expect(message("a.csv").contains("Missing expected argument '--output"))
        #expect(message("a.csv", "-o", "m", "--batch", "0").contains("--batch 0: expected 1 to 65536 windows."))
        #expect(message("a.csv", "-o", "m", "--validation", "1").contains("expected a share from 0.01 to 0.9."))
        #expect(
            message("a.csv", "-o", "m", "--learning-rate", "0").contains("expected a number above 0 and at most 1."))
        #expect(message("a.csv", "-o", "m", "--no-adapt", "--head", "last") == "")
    }
}
