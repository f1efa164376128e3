import AnomalyControl
import AnomalyDetection
import ControlProtocol
import Foundation
import ModelFiles
import PointStore
import Presentation
import RecurrentModel
import Testing

/// `anomalyctl model` on files and on a database without a daemon.
@Suite struct ModelCommandTests {
    private static let fixtures = URL(filePath: #filePath).deletingLastPathComponent().appending(
        path: "../../fixtures/safetensors"
    ).standardized.path

    /// "cpu.load" has a checkpoint at its point 4 of 5, "disk…" has none.
    private func store() throws -> SampleStore {
        let store = try SampleStore.filled()
        var settings = DetectorSettings()
        settings.model.cell = .lstm
        settings.model.hidden = 8
        settings.model.layers = 2
        settings.model.k1 = 2
        settings.model.k2 = 4
        let detector = Detector(settings, channels: 1, name: "cpu.load".utf8, workbench: Workbench())
        var verdicts = [ChannelVerdict(value: 0, prediction: 0, lower: 0, upper: 0, residual: 0)]
        for (time, value) in [0.5, 0.25, .nan, 17.75].enumerated() {
            _ = [value].withUnsafeBufferPointer { values in
                verdicts.withUnsafeMutableBufferPointer { verdicts in
                    detector.step(time: Int64(time), values: values, verdicts: verdicts)
                }
            }
        }
        var commit = Commit()
        commit.checkpoints = [
            CheckpointRecord(stream: 1, sequence: 4, format: 2, state: detector.savedState()),
            CheckpointRecord(stream: 3, sequence: 0, format: 2, state: [9, 9]),
        ]
        try store.writer.commit(&commit)
        return store
    }

    @Test func aFile() throws {
        let file = Self.fixtures + "/gru-attention.safetensors"
        #expect(
            try InProcess(columns: 80).output("model", "show", file) == """
                \(file)
                      Network: gru, 2 inputs, 1 layer of 6 units, attention over 4 states (scale inverse-root), 1 output
                     Predicts: the change
                         Loss: huber
                       Window: 96 points
                      Purpose: predict
                   Written by: anomalyd 0.0.1
                     Metadata: note = made by generate.py "é"

                TENSOR                  SHAPE   PARAMETERS
                weight_ih_l0            18 × 2          36
                weight_hh_l0            18 × 6         108
                bias_ih_l0              18              18
                bias_hh_l0              18              18
                attention.query.weight  6 × 6           36
                attention.key.weight    6 × 6           36
                attention.value.weight  6 × 6           36
                head.weight             1 × 12          12
                head.bias               1                1
                all                                    301

                """)
        let bare = try InProcess().output("model", "show", Self.fixtures + "/bare-lstm.safetensors")
        #expect(bare.contains("lstm, 2 inputs, 2 layers of 6 units, no head\n"))
        #expect(!bare.contains("head.weight"))
        let json = try InProcess().output("model", "show", Self.fixtures + "/lstm-both-ways.safetensors", "-ojson")
        #expect(json.hasPrefix(#"{"attention":0,"bidirectional":true,"cell":"lstm","has_head":true,"hidden":5,"#))
        #expect(json.contains(#"{"name":"weight_ih_l0_reverse","parameters":40,"shape":[20,2]}"#))
        #expect(!json.contains("training"))
    }

    @Test func aStream() throws {
        let store = try store()
        let json = try InProcess(database: store.path).output("model", "show", "cpu.load", "-ojson")
        #expect(json.contains(#""source":"cpu.load","target":"change""#))
        #expect(json.contains(#""newest_point":5,"point":4,"points_learned":3,"skipped_updates":0,"updates":2,"#))
        let table = try InProcess(columns: 80, database: store.path).output("model", "show", "cpu.load")
        #expect(table.contains("   Checkpoint: at point 4 of 5\n"))
        #expect(table.contains("LAYER  INPUT NORM  RECURRENT NORM        GAIN  JUDGEMENT\n    0  "))
        #expect(table.contains("\n    1  "))
    }

    /// `streams --long`, and what it can be sorted by.
    @Test func vitals() throws {
        let store = try store()
        func names(_ arguments: String...) throws -> [String] {
            try InProcess(database: store.path).output(["streams", "-o", "csv", "--no-header"] + arguments)
                .split(separator: "\n").map { String($0.prefix { $0 != "," }.filter { $0.isLetter }) }
        }
        let csv = try InProcess(database: store.path).output("streams", "--long", "-o", "csv")
        let lines = csv.split(separator: "\n").map { $0.split(separator: ",", omittingEmptySubsequences: false) }
        #expect(lines[0].suffix(3) == ["rate", "memory", "training"])
        // Five points, a second apart.
        let vitals = lines[1].suffix(3).map(String.init)
        #expect(vitals[0] == "1" && vitals[2] == "unknown", "\(vitals)")
        let memory = try #require(Int(vitals[1]))
        // 969 weights and their two moments of half the size, and little else so soon.
        #expect((7800...14_000).contains(memory), "\(memory)")
        #expect(lines[3].suffix(3) == ["", "", ""], "no points, and a damaged checkpoint")
        #expect(try names("--sort", "rate").first == "cpuload")
        #expect(try names("--sort", "memory").first == "cpuload")
        #expect(try names("--sort", "training").first == "cpuload")
        #expect(try names("--sort", "training", "-r").last == "cpuload")
        #expect(try !InProcess(columns: 120, database: store.path).output("streams").contains("TRAINING"))
        let table = try InProcess(columns: 120, database: store.path).output("streams", "-l", "cpu.load", "--utc")
        #expect(table.contains("  TRAINING\n") && table.contains("RATE") && table.contains("MEMORY"))
        let shown = try InProcess(columns: 80, database: store.path).output("model", "show", "cpu.load")
        // Another detector's memory: what the allocator gives beyond what it was asked for differs a little.
        let near = [-64, 0, 64].map { "Memory: \(NumberText.bytes(Int64(memory + $0))): " }
        #expect(near.contains { shown.contains($0) }, "\(memory): \(shown)")
    }

    private func failure(_ database: String, _ arguments: String...) -> Failure? {
        do {
            _ = try InProcess(database: database).output(arguments)
        } catch {
            return Failure(explaining: error)
        }
        return nil
    }

    @Test func whatCannotBeShown() throws {
        let store = try store()
        let unknown = failure(store.path, "model", "show", "nosuch")
        #expect(unknown?.status == .unknownStream)
        #expect(unknown?.message == "there is no stream \"nosuch\"")
        let none = failure(store.path, "model", "export", "disk\"a\",io", "-o", store.folder + "/m")
        #expect(none?.message == "the stream \"disk\"a\",io\" has no checkpoint yet")
        let damaged = failure(store.path, "model", "show", "silent")
        #expect(damaged?.message.hasPrefix("cannot read the newest checkpoint of the stream \"silent\": ") == true)
        let missing = failure(store.path, "model", "show", "/none/m.safetensors")
        #expect(missing?.message == "cannot read the model /none/m.safetensors: No such file or directory")
        #expect(missing?.status == .failure)
    }

    @Test func outAndInAgain() throws {
        let store = try store()
        let here = InProcess(database: store.path)
        let file = store.folder + "/m.safetensors"
        #expect(try here.output("model", "export", "cpu.load", "-o", file) == "")
        let model = try ModelFile.read(file)
        #expect(model.shape.cell == .lstm && model.shape.layers == 2 && model.loss == .huber && model.target == .change)
        #expect(model.purpose == .predict && model.horizon == 1 && model.programVersion == ProgramVersion.current)
        try store.writer.close()
        let lstm = Self.fixtures + "/stream-lstm.safetensors"
        #expect(
            try here.output("model", "import", lstm, "cpu.load")
                == "cpu.load: has the weights of \(lstm) from point 5 on\n")
        #expect(try here.output("model", "export", "cpu.load", "-o", file) == "")
        #expect(try ModelFile.read(file).parameters == ModelFile.read(lstm).parameters)
        #expect(try here.output("model", "show", "cpu.load").contains("   Updates: 0\n"))

        let other = failure(store.path, "model", "import", Self.fixtures + "/stream.safetensors", "cpu.load")
        #expect(other?.message.contains("does not fit the stream \"cpu.load\": cell is gru, expected lstm") == true)
        #expect(other?.status == .failure)
    }

    @Test func onTheWire() throws {
        let request = ImportModel(streams: ["a", "bé"], file: "m.safetensors", model: [0, 255, 1])
        let line = try ControlLine.encode(ControlRequest.importModel(request))
        #expect(
            String(decoding: line, as: UTF8.self)
                == #"{"import_model":{"file":"m.safetensors","model":"AP8B","streams":["a","bé"]},"#
                + #""request":"import_model","version":1}"# + "\n")
        #expect(try ControlLine.decodeRequest(line) == .importModel(request))
        let reply = ControlReply.importedModel(ImportedModel(streams: [.init(stream: "a", points: 12)]))
        #expect(
            String(decoding: try ControlLine.encode(reply), as: UTF8.self)
                == #"{"imported_model":{"streams":[{"points":12,"stream":"a"}]},"version":1}"# + "\n")
        #expect(try ControlLine.decodeReply(try ControlLine.encode(reply)) == reply)
    }

    @Test func theDaemonsAnswers() throws {
        let request = ImportModel(streams: ["a"], file: "f", model: [])
        let answers: [(ControlReply, AnomalyControl.ExitStatus)] = [
            (.error(ControlError(code: .unknownStream, message: "there is no stream")), .unknownStream),
            (.error(ControlError(code: .mismatch, message: "does not fit")), .failure),
            (.status(SampleStatus.idle), .failure),
        ]
        for (answer, status) in answers {
            let daemon = try FakeDaemon(.answer(ControlLine.encode(answer), pieces: 100))
            let failure = #expect(throws: Failure.self) { try ControlClient(path: daemon.path).importModel(request) }
            #expect(failure?.status == status)
        }
        let large = ImportModel(streams: ["a"], file: "f", model: Array(repeating: 0, count: 26_000_000))
        let daemon = try FakeDaemon(.silence)
        let failure = #expect(throws: Failure.self) { try ControlClient(path: daemon.path).importModel(large) }
        #expect(failure?.hint == "stop the daemon to import a model of this size")
    }
}
