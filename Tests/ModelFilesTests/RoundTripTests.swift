import Foundation
import ModelFiles
import RecurrentModel
import Testing

/// A network with weights that are all different.
func model(_ shape: NetworkShape, seed: UInt64 = 1) -> ModelFile {
    var generator = SeededGenerator(seed: seed, name: "model".utf8)
    let count = Network<Float>(shape).layout.count
    return ModelFile(shape: shape, parameters: (0..<count).map { _ in Float(generator.normal()) / 3 })
}

@Suite struct RoundTripTests {
    static let shapes =
        CellKind.allCases.flatMap { cell in
            [(1, false, 0), (3, false, 0), (2, true, 0), (1, false, 5), (2, true, 1)].map { layers, both, attention in
                NetworkShape(
                    cell: cell, inputs: 3, hidden: 7, layers: layers, outputs: 2, isBidirectional: both,
                    attention: attention, attentionScale: layers == 1 ? .unscaled : .inverseRoot)
            }
        } + [NetworkShape(cell: .lstm, inputs: 1, hidden: 1, outputs: 1)]

    @Test(arguments: shapes) func nothingChangesOnTheWay(_ shape: NetworkShape) throws {
        var file = model(shape)
        file.parameters[0] = -0.0
        file.parameters[1] = .leastNonzeroMagnitude
        file.target = .value
        file.loss = .gaussian
        file.horizon = 3
        file.window = 96
        file.purpose = .hindsight
        file.programVersion = "1.2 \"β\"\n"
        file.metadata["somebody's \\ key"] = "a \u{1} b"
        let bytes = file.encode()
        let again = try ModelFile.decode(bytes, name: "memory")
        #expect(again == file)
        #expect(zip(again.parameters, file.parameters).allSatisfy { $0.bitPattern == $1.bitPattern })
        #expect(again.encode() == bytes)
        #expect(again.target == .value && again.loss == .gaussian && again.horizon == 3 && again.window == 96)
        #expect(again.purpose == .hindsight && again.programVersion == "1.2 \"β\"\n")
        file.target = nil
        file.window = nil
        #expect(file.target == nil && file.metadata["anomalyd.window"] == nil)
    }

    @Test func matricesAreRowMajorInTheFile() throws {
        let shape = NetworkShape(cell: .gru, inputs: 2, hidden: 3, outputs: 1)
        let layout = Network<Float>(shape).layout
        let file = ModelFile(shape: shape, parameters: (0..<layout.count).map { Float($0) })
        let tensors = try Safetensors.parse(file.encode())
        let weight = try #require(tensors.tensors.first { $0.name == "weight_ih_l0" })
        #expect(weight.shape == [9, 2] && weight.type == .float32)
        // Column-major: the first column is 0…8.
        let rows: [[Float]] = (0..<9).map { [Float($0), Float($0 + 9)] }
        #expect(tensors.values(of: weight) == Array(rows.joined()))
        #expect(tensors.tensors.map(\.name) == layout.views.map(\.name))
        #expect(tensors.tensors.last?.shape == [1])
        #expect(tensors.metadata["anomalyd.cell"] == "gru" && tensors.metadata["anomalyd.format"] == "1")
    }

    @Test func recurrentLayersAlone() throws {
        var file = model(NetworkShape(cell: .lstm, inputs: 2, hidden: 4, layers: 2, outputs: 1))
        file.hasHead = false
        let bytes = file.encode()
        #expect(try Safetensors.parse(bytes).tensors.allSatisfy { !$0.name.hasPrefix("head") })
        let error = #expect(throws: ModelFileError.self) { try ModelFile.decode(bytes, name: "f") }
        #expect(
            error?.description
                == "cannot read the model f: the head's weight is missing, expected that of a torch.nn.Linear, of shape "
                + "[outputs, 4]")
        let again = try ModelFile.decode(bytes, name: "f", requiresHead: false)
        #expect(!again.hasHead)
        let layout = Network<Float>(file.shape).layout
        let head = try #require(layout["head.weight"])
        #expect(again.parameters[..<head.offset] == file.parameters[..<head.offset])

        // Into a network with a head of another size.
        var wanted = file.shape
        wanted.outputs = 3
        #expect(again.misfits(ModelNeed(shape: wanted, inputs: "value,change", target: "change", loss: .mse)).isEmpty)
        let current = model(wanted, seed: 2).parameters
        let expected: [Float] = Array(file.parameters[..<head.offset]) + Array(current[head.offset...])
        #expect(again.parameters(over: current) == expected)
    }

    // MARK: Files

    private func folder() throws -> URL {
        let folder = FileManager.default.temporaryDirectory.appending(path: "models-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        return folder
    }

    @Test func writingReplacesAFileWholeOrNotAtAll() throws {
        let folder = try folder()
        defer { try? FileManager.default.removeItem(at: folder) }
        let path = folder.appending(path: "a.safetensors").path
        let link = folder.appending(path: "link.safetensors").path
        let first = model(NetworkShape(cell: .rnn, inputs: 1, hidden: 2, outputs: 1))
        try first.write(path)
        try FileManager.default.createSymbolicLink(atPath: link, withDestinationPath: path)
        let second = model(NetworkShape(cell: .gru, inputs: 1, hidden: 2, outputs: 1))
        try second.write(link)
        #expect(try ModelFile.read(path) == second)
        #expect(try FileManager.default.contentsOfDirectory(atPath: folder.path).count == 2, "nothing is left over")

        let missing = #expect(throws: ModelFileError.self) { try second.write(folder.path + "/none/a.safetensors") }
        #expect(missing?.cause == .missing)
        let onto = #expect(throws: ModelFileError.self) { try second.write("/dev/null") }
        #expect(onto?.detail.hasPrefix("it is there and no regular file") == true)
        #expect(throws: ModelFileError.self) { try second.write(folder.path) }
    }

    @Test func whatIsNoFileIsNotRead() throws {
        let folder = try folder()
        defer { try? FileManager.default.removeItem(at: folder) }
        let missing = #expect(throws: ModelFileError.self) { try ModelFile.read(folder.path + "/none") }
        #expect(missing?.description == "cannot read the model \(folder.path)/none: No such file or directory")
        #expect(missing?.cause == .missing)
        // A pipe that nobody writes to must not keep the reader.
        let pipe = folder.path + "/pipe"
        #expect(mkfifo(pipe, 0o600) == 0)
        for path in [pipe, folder.path, "/dev/zero"] {
            let error = #expect(throws: ModelFileError.self) { try ModelFile.read(path) }
            #expect(error?.detail == "it is no regular file", "\(path)")
        }
    }

    /// Files with an input and our outputs for it in their metadata, for `fixtures/safetensors/check.py`. Only with
    /// `ANOMALYD_WRITE_MODELS=FOLDER`.
    @Test(.enabled(if: ProcessInfo.processInfo.environment["ANOMALYD_WRITE_MODELS"] != nil), arguments: shapes)
    func writesModelsForPyTorch(_ shape: NetworkShape) throws {
        let folder = try #require(ProcessInfo.processInfo.environment["ANOMALYD_WRITE_MODELS"])
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        var file = model(shape)
        var generator = SeededGenerator(seed: 3, name: "x".utf8)
        let x = (0..<(20 * shape.inputs)).map { _ in Float(generator.normal()) }
        file.metadata["check.x"] = "\(x)"
        file.metadata["check.y"] = "\(outputs(of: file, x))"
        let name = "\(shape.cell)-\(shape.layers)-\(shape.isBidirectional)-\(shape.attention)-\(shape.hidden)"
        try file.write("\(folder)/\(name).safetensors")
        #expect(try ModelFile.read("\(folder)/\(name).safetensors") == file)
    }
}

/// What the network makes of one sequence: (O, N) from (I, N).
func outputs(of file: ModelFile, _ x: [Float]) -> [Float] {
    let network = Network<Float>(file.shape)
    let workspace = Workspace(for: network)
    let shape = PackedShape(steps: x.count / file.shape.inputs)
    let initial = [Float](repeating: 0, count: network.stateWidth)
    network.forward(shape, parameters: file.parameters, x: x, initial: initial, workspace: workspace)
    return Array(UnsafeBufferPointer(start: workspace.outputs, count: shape.rows * file.shape.outputs))
}
