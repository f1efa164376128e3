import Foundation
import ModelFiles
import RecurrentModel
import Testing

/// Files that PyTorch's users would have, and what PyTorch makes of an input with them; see
/// `fixtures/safetensors/generate.py`.
private struct Expected: Decodable, CustomTestStringConvertible, Sendable {
    var file, cell: String
    var inputs, hidden, layers: Int
    /// 0: the recurrent layers alone, and `y` is their output.
    var outputs: Int
    var bidirectional: Bool
    var attention: Int
    var scale: String
    var metadata: [String: String]
    var x, y: [Double]

    var testDescription: String { file }

    static let folder = URL(filePath: #filePath).deletingLastPathComponent().appending(
        path: "../../fixtures/safetensors")

    static let all: [Expected] = {
        do {
            return try JSONDecoder().decode(
                [Expected].self, from: Data(contentsOf: folder.appending(path: "expected.json")))
        } catch {
            fatalError("\(folder.path)/expected.json: \(error)")
        }
    }()

    var path: String { Self.folder.appending(path: file).path }
}

@Suite struct TorchFileTests {
    @Test(arguments: Expected.all) fileprivate func itMeansTheSameToUs(_ expected: Expected) throws {
        var file = try ModelFile.read(expected.path, requiresHead: expected.outputs > 0)
        #expect(
            file.shape
                == NetworkShape(
                    cell: try #require(CellKind(rawValue: expected.cell)), inputs: expected.inputs,
                    hidden: expected.hidden, layers: expected.layers, outputs: max(1, expected.outputs),
                    isBidirectional: expected.bidirectional, attention: expected.attention,
                    attentionScale: try #require(AttentionScale(rawValue: expected.scale))))
        #expect(file.hasHead == (expected.outputs > 0))
        if !file.hasHead {
            // A head that hands on the hidden units one by one.
            let hidden = expected.hidden
            let end = try #require(Network<Float>(file.shape).layout["head.weight"]).offset
            file.shape.outputs = hidden
            file.parameters = Array(file.parameters[..<end])
            for column in 0..<hidden { file.parameters += (0..<hidden).map { $0 == column ? 1 : 0 } }
            file.parameters += Array(repeating: 0, count: hidden)
        }
        let ours = outputs(of: file, expected.x.map { Float($0) })
        #expect(ours.count == expected.y.count)
        for (ours, theirs) in zip(ours, expected.y) { #expect(abs(Double(ours) - theirs) <= 1e-5) }
        for (key, value) in expected.metadata where !key.hasPrefix("anomalyd.attention") {
            #expect(file.metadata[key] == value)
        }
    }

    @Test func whatTheFileSaysIsUnderstood() throws {
        let file = try ModelFile.read(Expected.folder.appending(path: "gru-attention.safetensors").path)
        #expect(file.target == .change && file.loss == .huber && file.horizon == 1 && file.window == 96)
        #expect(file.purpose == .predict && file.programVersion == "0.0.1")
    }

    /// The head has to be there unless the caller says that it need not be.
    @Test func aBareLSTMHasNoHead() throws {
        let path = Expected.folder.appending(path: "bare-lstm.safetensors").path
        let error = #expect(throws: ModelFileError.self) { try ModelFile.read(path) }
        #expect(error?.cause == .mismatch)
        #expect(error?.detail.hasPrefix("the head's weight is missing") == true)
    }
}
