import Foundation
import Testing

/// Models travel: into new streams, out of streams, and into running or resting ones; and no crash undoes it.
@Suite struct ModelTests {
    let folder: TemporaryFolder
    init() throws { folder = try TemporaryFolder() }

    // MARK: Tools

    /// A file of `fixtures/safetensors`, copied into the test's folder.
    private func fixture(_ name: String) throws -> String {
        let root = (0..<3).reduce(URL(filePath: #filePath)) { url, _ in url.deletingLastPathComponent() }
        let copy = folder.fresh(name) + ".safetensors"
        try FileManager.default.copyItem(
            atPath: root.appending(path: "fixtures/safetensors/\(name).safetensors").path, toPath: copy)
        return copy
    }

    /// The elements of a file's tensors. Ours lie in the order in which PyTorch has them in a state_dict.
    private func weights(_ file: String) throws -> Data {
        let bytes = try #require(FileManager.default.contents(atPath: file))
        let length = bytes[..<8].enumerated().reduce(0) { $0 + Int($1.element) << (8 * $1.offset) }
        return bytes[(8 + length)...]
    }

    @discardableResult
    private func exported(_ stream: String, in folder: TemporaryFolder? = nil) throws -> Data {
        let folder = folder ?? self.folder
        let file = folder.fresh("exported")
        let result = try folder.anomalyctl("model", "export", stream, "-o", file)
        guard result.exit == .code(0) else { throw HarnessError(result.errors) }
        return try weights(file)
    }

    private func send(_ lines: some Sequence<String>, to daemon: DaemonProcess) throws {
        let client = try daemon.client()
        try client.send(lines.map { $0 + "\n" }.joined())
        try client.sync()
    }

    private func lines() throws -> [String] { Array(try Series.load().lines(stream: "real").prefix(3000)) }

    // MARK: New streams

    @Test func newStreamsBeginFromAFile() throws {
        let file = try fixture("stream")
        let config = try folder.write(
            "model.initial = \"\(file.split(separator: "/").last ?? "")\"\nmodel.learning = false\n", to: "a.toml")
        // One shard, so that the first of the streams that do not fit is always the same.
        let daemon = try DaemonProcess.start(in: folder, ["--config", config], settings: ["daemon.shards=1"])
        try send(["real 1 1", "real 2 2", "wide 1,2 1", "broad 1,2,3 1", "real 3 3"], to: daemon)
        #expect(try daemon.query("SELECT sequence FROM checkpoint") == ["0"])
        try daemon.stop()
        let expected = try weights(file)
        #expect(try exported("real") == expected)
        // Two values a point need more inputs: random weights, and one warning for both streams.
        #expect(try exported("wide").count != expected.count)
        let warnings = daemon.process.errors.split(separator: "\n").filter { $0.contains("model.initial does not fit") }
        #expect(warnings.count == 1)
        #expect(warnings.first?.contains("stream=wide") == true)
        #expect(warnings.first?.contains("inputs is 2, expected 4; outputs is 1, expected 2") == true)
    }

    @Test func newStreamsBeginFromTheShippedModel() throws {
        let root = (0..<3).reduce(URL(filePath: #filePath)) { url, _ in url.deletingLastPathComponent() }
        let expected = try weights(root.appending(path: "fixtures/initial/initial.safetensors").path)
        let daemon = try DaemonProcess.start(
            in: folder, settings: ["model.initial=shipped", "model.learning=false", "daemon.shards=1"])
        try send(["real 1 1", "real 2 2", "wide 1,2 1", "real 3 3"], to: daemon)
        #expect(
            try daemon.query("SELECT name, sequence FROM checkpoint JOIN stream ON id = stream_id") == ["real|0"])
        try daemon.stop()
        #expect(try exported("real") == expected)
        // Two values a point need more inputs: random weights, and no word about it.
        #expect(try exported("wide").count != expected.count)
        #expect(!daemon.process.errors.contains("model.initial"))
    }

    /// A network that the shipped weights are not for begins with the random ones that it would have without them.
    @Test(arguments: ["model.cell=lstm", "model.hidden=8", "model.input_calendar=true"])
    func otherNetworksBeginWithRandomWeights(setting: String) throws {
        let other = try TemporaryFolder()
        for (folder, initial) in [(folder, "shipped"), (other, "")] {
            let daemon = try DaemonProcess.start(in: folder, settings: ["model.initial=\(initial)", setting])
            try send(lines().prefix(100), to: daemon)
            try daemon.stop()
            #expect(!daemon.process.errors.contains("model.initial"))
        }
        #expect(try StoreComparison.differences(folder("anomaly.db"), other("anomaly.db")) == [])
    }

    /// A later version of the program may ship other weights, which this one can be told to begin with: streams that are
    /// there already go on with theirs, shipped or random, although no checkpoint was due before the crash.
    @Test(arguments: [("shipped", ""), ("", "shipped")])
    func killedStreamsKeepTheWeightsThatTheyBeganWith(initial: String, later: String) throws {
        let lines = try lines()
        func settings(_ initial: String) -> [String] {
            ["model.initial=\(initial)", "storage.checkpoint_interval=1d"]
        }
        let quiet = try TemporaryFolder()
        let undisturbed = try DaemonProcess.start(in: quiet, settings: settings(initial))
        try send(lines, to: undisturbed)
        try undisturbed.stop()

        var daemon = try DaemonProcess.start(in: folder, settings: settings(initial))
        try send(lines[..<700], to: daemon)
        try daemon.kill()
        #expect(try daemon.query("SELECT max(sequence) FROM checkpoint") == (initial.isEmpty ? [""] : ["0"]))
        daemon = try DaemonProcess.start(in: folder, settings: settings(initial))
        try send(lines[700..<1500], to: daemon)
        try daemon.kill()
        // Other weights, of a file and then of the program itself.
        daemon = try DaemonProcess.start(in: folder, settings: settings(fixture("stream")))
        try send(lines[1500..<2000], to: daemon)
        try daemon.kill()
        daemon = try DaemonProcess.start(in: folder, settings: settings(later))
        try send(lines[2000...], to: daemon)
        try daemon.stop()
        #expect(try StoreComparison.differences(daemon.database, undisturbed.database) == [])
    }

    /// No checkpoint fits the settings any more: the stream is learned anew from its last points, once. A crash soon
    /// after changes nothing, although by then other points are the last ones and the weights to begin with are others.
    @Test(arguments: ["shipped", ""]) func relearnedStreamsAreNotRelearnedAgain(initial: String) throws {
        let lines = Array(try Series.load().lines(stream: "real").prefix(6000))
        let settings = ["model.initial=\(initial)", "storage.checkpoint_interval=1d"]
        let quiet = try TemporaryFolder()
        for folder in [quiet, folder] {
            let daemon = try DaemonProcess.start(in: folder, settings: settings + ["model.cell=rnn"])
            try send(lines[..<5500], to: daemon)
            try daemon.stop()
        }
        let undisturbed = try DaemonProcess.start(in: quiet, settings: settings)
        try send(lines[5500...], to: undisturbed)
        try undisturbed.stop()
        #expect(undisturbed.process.errors.contains("a checkpoint cannot be used"))

        var daemon = try DaemonProcess.start(in: folder, settings: settings)
        try send(lines[5500..<5700], to: daemon)
        try daemon.kill()
        daemon = try DaemonProcess.start(
            in: folder, settings: ["model.initial=\(initial.isEmpty ? "shipped" : "")", settings[1]])
        try send(lines[5700...], to: daemon)
        try daemon.stop()
        #expect(!daemon.process.errors.contains("a checkpoint cannot be used"))
        #expect(try StoreComparison.differences(daemon.database, undisturbed.database) == [])
    }

    /// The file is needed to begin, and never again.
    @Test func killedStreamsDoNotNeedTheFileAgain() throws {
        let lines = try lines()
        let file = try fixture("stream")
        let settings = ["model.initial=\(file)"]
        let quiet = try TemporaryFolder()
        let undisturbed = try DaemonProcess.start(in: quiet, settings: settings)
        try send(lines, to: undisturbed)
        try undisturbed.stop()
        let plain = try TemporaryFolder()
        let other = try DaemonProcess.start(in: plain)
        try send(lines, to: other)
        try other.stop()
        #expect(try StoreComparison.differences(other.database, undisturbed.database) != [])

        var daemon = try DaemonProcess.start(in: folder, settings: settings)
        try send(lines[..<700], to: daemon)
        try daemon.kill()
        #expect(try daemon.query("SELECT max(sequence) FROM checkpoint") == ["0"])
        // Other weights of the same kind in its place are none of the stream's business.
        try FileManager.default.removeItem(atPath: file)
        try FileManager.default.copyItem(atPath: try fixture("bare-gru"), toPath: file)
        daemon = try DaemonProcess.start(in: folder, settings: settings)
        try send(lines[700..<1500], to: daemon)
        try daemon.kill()
        try FileManager.default.removeItem(atPath: file)
        daemon = try DaemonProcess.start(in: folder, settings: settings)
        #expect(daemon.process.errors.contains("names a file that is missing"))
        try send(lines[1500...], to: daemon)
        try daemon.stop()
        #expect(try StoreComparison.differences(daemon.database, undisturbed.database) == [])
    }

    @Test func filesThatCannotBeUsedAreRefused() throws {
        let lstm = try fixture("stream-lstm")
        let cut = folder("cut.safetensors")
        try #require(FileManager.default.contents(atPath: lstm)).prefix(300).write(to: URL(filePath: cut))
        let config = try folder.write(
            """
            [model]
            initial = "none.safetensors"
            [[stream]]
            match = "a.*"
            model.initial = "\(lstm)"
            [[stream]]
            match = "b"
            model.initial = "\(cut)"
            [[stream]]
            match = "c"
            model.initial = "\(lstm)"
            model.cell = "lstm"
            model.layers = 2
            model.hidden = 8
            """, to: "wrong.toml")
        for arguments in [["--config", config], ["--check-config", "--config", config]] {
            let result = try DaemonProcess.run(in: folder, arguments)
            #expect(result.exit == .code(2))
            #expect(result.output == "")
            let lines = result.errors.split(separator: "\n").filter { $0.hasPrefix(config) }
            #expect(lines.count == 3)
            let missing =
                "model.initial: cannot read the model \(folder("none.safetensors")): No such file or directory"
            #expect(lines.first.map(String.init) == "\(config):2: \(missing)")
            let misfits = """
                stream 1 (match = "a.*"): model.initial: \(lstm) does not fit: cell is lstm, expected gru; hidden is 8, \
                expected 16; layers is 2, expected 1; set model.cell = "lstm", model.hidden = 8, model.layers = 2, or \
                name another file, or none ("")
                """
            #expect(lines.dropFirst().first.map(String.init) == "\(config):3: \(misfits)")
            let short = """
                stream 2 (match = "b"): model.initial: cannot read the model \(cut): the header's length is 744 bytes, \
                expected at most the 292 that follow it (was the file cut off?)
                """
            #expect(lines.last.map(String.init) == "\(config):6: \(short)")
        }
        let good = try DaemonProcess.run(
            in: folder, ["--check-config", "--set", "model.initial=\(try fixture("bare-gru"))"])
        #expect(good.exit == .code(0))
        #expect(good.output == "The configuration is valid.\n")
    }

    // MARK: Import and export

    /// Through the control socket and then killed, or with the daemon stopped: the stream goes on as if it had been
    /// left alone with the new weights.
    @Test(arguments: [false, true]) func importedWeightsSurvive(whileItRuns: Bool) throws {
        let lines = try lines()
        let file = try fixture("stream")
        let quiet = try TemporaryFolder()
        let undisturbed = try DaemonProcess.start(in: quiet)
        try send(lines[..<1000], to: undisturbed)
        let first = try quiet.anomalyctl("model", "import", file, "real")
        #expect(first.errors == "")
        #expect(first.output == "real: has the weights of \(file) from point 1,001 on\n")
        try send(lines[1000...], to: undisturbed)
        try undisturbed.stop()

        var daemon = try DaemonProcess.start(in: folder)
        try send(lines[..<1000], to: daemon)
        if !whileItRuns { try daemon.stop() }
        #expect(try folder.anomalyctl("model", "import", file, "re*").output == first.output)
        #expect(try exported("real") == weights(file))
        if whileItRuns {
            try send(lines[1000..<2000], to: daemon)
            try daemon.kill()
        }
        daemon = try DaemonProcess.start(in: folder)
        try send(lines[(whileItRuns ? 2000 : 1000)...], to: daemon)
        try daemon.stop()
        #expect(try StoreComparison.differences(daemon.database, undisturbed.database) == [])
    }

    @Test func aModelOfPyTorchsWithoutAHead() throws {
        let daemon = try DaemonProcess.start(in: folder)
        try send(lines().prefix(500), to: daemon)
        try daemon.stop()
        let before = try exported("real")
        let bare = try fixture("bare-gru")
        #expect(try folder.anomalyctl("model", "import", bare, "real").exit == .code(0))
        let recurrent = try weights(bare)
        // 16 weights and a bias are the head.
        #expect(try exported("real") == recurrent + before.suffix(17 * 4))
        #expect(recurrent.count == before.count - 17 * 4)
    }

    @Test(arguments: [false, true]) func refusals(whileItRuns: Bool) throws {
        let daemon = try DaemonProcess.start(in: folder, settings: ["model.initial="])
        try send(["a 1 1", "b 1 1", "wide 1,2 1"], to: daemon)
        if !whileItRuns { try daemon.stop() }
        let file = try fixture("stream")
        let lstm = try fixture("stream-lstm")
        let refused = whileItRuns ? "anomalyctl: the daemon at \(daemon.controlSocket) refuses: " : "anomalyctl: "
        let fits = "hidden is 8, expected 16; layers is 2, expected 1"

        let mismatch = try folder.anomalyctl("model", "import", lstm, "a")
        #expect(mismatch.exit == .code(1))
        #expect(
            mismatch.errors.hasPrefix(
                "\(refused)the model \(lstm) does not fit the stream \"a\": cell is lstm, expected gru; \(fits)\n"))
        // One that fits and one that doesn't: neither is changed.
        let half = try folder.anomalyctl("model", "import", file, "a", "wide")
        #expect(half.exit == .code(1))
        #expect(half.errors.contains("does not fit the stream \"wide\": inputs is 2, expected 4"))
        let unknown = try folder.anomalyctl("model", "import", file, "a", "nosuch")
        #expect(unknown.exit == .code(4))
        #expect(unknown.errors.contains("there is no stream \"nosuch\""))
        #expect(try folder.anomalyctl("model", "import", file, "no*").exit == .code(4))
        #expect(try folder.anomalyctl("model", "import", folder("none"), "a").exit == .code(1))
        let noise = try folder.write("no model at all", to: "noise.safetensors")
        let damaged = try folder.anomalyctl("model", "import", noise, "a")
        #expect(damaged.exit == .code(1))
        #expect(damaged.errors.hasPrefix("anomalyctl: cannot read the model \(noise): the header's length is "))
        if whileItRuns {
            let locked = try folder.anomalyctl("--database", daemon.database, "model", "import", file, "a")
            #expect(locked.exit == .code(1))
            #expect(locked.errors.contains("process \(daemon.process.id) writes to it already"))
            #expect(locked.errors.contains("--socket"))
            try daemon.stop()
        }
        #expect(try exported("a") != weights(file))
        #expect(try exported("a") != exported("b"))
    }

    /// In one line of a megabyte and a half, while points come in.
    @Test func aLargeModelThroughTheSocket() throws {
        let daemon = try DaemonProcess.start(in: folder, settings: ["model.hidden=300", "model.learning=false"])
        try send(["a 1 1", "b 1 1"], to: daemon)
        try daemon.stop()
        let file = folder("large.safetensors")
        #expect(try folder.anomalyctl("model", "export", "a", "-o", file).exit == .code(0))
        let again = try DaemonProcess.start(in: folder, settings: ["model.hidden=300", "model.learning=false"])
        let result = try folder.anomalyctl("model", "import", file, "b")
        #expect(result.output == "b: has the weights of \(file) from point 2 on\n")
        #expect(result.errors == "")
        try send(["b 2 2"], to: again)
        try again.stop()
        #expect(try exported("b") == weights(file))
        #expect(try weights(file).count > 1_000_000)
    }

    /// What is no request does not stop those that come after it.
    @Test func badImportRequests() throws {
        let daemon = try DaemonProcess.start(in: folder)
        try send(["a 1 1"], to: daemon)
        let control = try FeedClient(daemon.controlSocket)
        let requests = [
            #"{"request":"import_model","version":1}"#,
            #"{"request":"import_model","version":1,"import_model":{"streams":["a"],"file":"f","model":"%"}}"#,
            #"{"request":"import_model","version":1,"import_model":{"streams":["a"],"file":"f","model":"AAAA"}}"#,
            #"{"request":"import_model","version":1,"import_model":{"streams":[],"file":"f","model":""}}"#,
            #"{"request":"status","version":1}"#,
        ]
        try control.send(requests.map { $0 + "\n" }.joined())
        var replies: [String] = []
        for _ in requests { replies.append(try control.readLine() ?? "") }
        #expect(replies[0].contains(#""code":"bad_request""#))
        #expect(replies[1].contains(#""code":"bad_request""#))
        #expect(replies[2].contains(#""code":"mismatch","message":"cannot read the model f: the file is 3 bytes long"#))
        #expect(replies[3].contains(#""code":"bad_request""#))
        #expect(replies[4].hasPrefix(#"{"status":"#))
        try daemon.stop()
    }

    @Test func aStreamsModelIsShown() throws {
        // With the shipped weights there would be a checkpoint from the start.
        let daemon = try DaemonProcess.start(in: folder, settings: ["model.initial="])
        try send(lines().prefix(900), to: daemon)
        let early = try folder.anomalyctl("model", "show", "real")
        #expect(early.exit == .code(1))
        #expect(early.errors.contains("the stream \"real\" has no checkpoint yet"))
        try daemon.stop()
        let table = try folder.anomalyctl("model", "show", "real")
        #expect(table.errors == "")
        let lines = table.output.split(separator: "\n", omittingEmptySubsequences: false).map(String.init)
        #expect(
            Array(lines.prefix(7)) == [
                "real", "          Network: gru, 2 inputs, 1 layer of 16 units, 1 output",
                "         Predicts: the change", "             Loss: huber",
                "       Checkpoint: at point 900 of 900", "   Points learned: 899", "          Updates: 57",
            ])
        #expect(lines.contains { $0.hasPrefix("    Last gradient: norm ") && $0.hasSuffix(" over 32 steps") })
        #expect(lines.contains("        Gradients: healthy"))
        #expect(lines.contains("weight_ih_l0  48 × 2           96"))
        #expect(lines.contains { $0.hasPrefix("all ") && $0.hasSuffix(" 977") })
        let json = try folder.anomalyctl("model", "show", "real", "-o", "json").output
        let shown = try #require(try JSONSerialization.jsonObject(with: Data(json.utf8)) as? [String: Any])
        let training = try #require(shown["training"] as? [String: Any])
        #expect(training["updates"] as? Int == 57 && training["points_learned"] as? Int == 899)
        #expect(training["skipped_updates"] as? Int == 0 && training["judgement"] as? String == "healthy")
        #expect((training["gradient_norm"] as? Double).map { $0 > 0 } == true)
        let layers = try #require(training["layers"] as? [[String: Any]])
        #expect(layers.count == 1 && layers[0]["judgement"] as? String == "healthy")
        #expect((layers[0]["gain"] as? Double).map { $0 > 1e-12 && $0 < 1e3 } == true)
        #expect((layers[0]["input_norm"] as? Double).map { $0 > 0 } == true)
        #expect(shown["parameters"] as? Int == 977 && shown["cell"] as? String == "gru")
    }
}
