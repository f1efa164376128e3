import ModelFiles
import RecurrentModel
import Testing

/// Sound files of no network, or of another one than was needed.
@Suite struct MismatchTests {
    private typealias Tensors = [(name: String, shape: [Int], values: [Float])]

    private static func tensor(_ name: String, _ shape: Int...) -> (name: String, shape: [Int], values: [Float]) {
        (name, shape, Array(repeating: 0.5, count: shape.reduce(1, *)))
    }

    /// A GRU of 2 inputs, 3 units, 1 output.
    private static let gru: Tensors = [
        tensor("rnn.weight_ih_l0", 9, 2), tensor("rnn.weight_hh_l0", 9, 3), tensor("rnn.bias_ih_l0", 9),
        tensor("rnn.bias_hh_l0", 9), tensor("fc.weight", 1, 3), tensor("fc.bias", 1),
    ]

    private func detail(_ tensors: Tensors, _ metadata: [String: String] = [:]) -> String {
        let bytes = Safetensors.encode(tensors, metadata: metadata)
        do throws(ModelFileError) {
            let file = try ModelFile.decode(bytes, name: "f")
            return "\(file.shape.cell) \(file.shape.hidden)"
        } catch {
            #expect(error.cause == .mismatch)
            return error.detail
        }
    }

    private func gru(_ change: (inout Tensors) -> Void) -> String {
        var tensors = Self.gru
        change(&tensors)
        return detail(tensors)
    }

    @Test func itIsFoundFromNamesAndShapes() {
        #expect(detail(Self.gru) == "gru 3")
        #expect(gru { $0.reverse() } == "gru 3")
        #expect(
            gru {
                $0[4].name = "weight"; $0[5].name = "bias"
            } == "gru 3")
        #expect(gru { tensors in for i in 0..<4 { tensors[i].name.removeFirst(4) } } == "gru 3")
    }

    @Test func missingTensors() {
        #expect(detail([]) == #"tensor "weight_hh_l0" is missing, expected the weights of an RNN, LSTM or GRU"#)
        #expect(
            gru { $0.remove(at: 0) } == #"tensor "weight_ih_l0" is missing, expected a matrix of shape [9, inputs]"#)
        #expect(gru { $0.remove(at: 2) } == #"tensor "bias_ih_l0" is missing, expected a tensor of shape [9]"#)
        #expect(
            gru { $0.remove(at: 4) }
                == "the head's weight is missing, expected that of a torch.nn.Linear, of shape [outputs, 3]")
        #expect(gru { $0.remove(at: 5) } == #"tensor "head.bias" is missing, expected a tensor of shape [1]"#)
        #expect(
            gru { $0.append(Self.tensor("rnn.weight_hh_l1", 9, 3)) }
                == #"tensor "weight_ih_l1" is missing, expected a tensor of shape [9, 3]"#)
        #expect(
            gru { $0.append(Self.tensor("rnn.weight_hh_l0_reverse", 9, 3)) }
                == "the shape of the head's tensor \"fc.weight\" is [1, 3], expected [outputs, 6]")
    }

    @Test func tensorsTooMany() {
        let expected = "expected those of 1 layer and a head"
        #expect(
            gru { $0.append(Self.tensor("rnn.weight_ih_l2", 9, 3)) }
                == #"tensor "rnn.weight_ih_l2" is one too many, "# + expected)
        #expect(
            gru { $0.append(Self.tensor("rnn.bias_hh_l0_reverse", 9)) }
                == #"tensor "rnn.bias_hh_l0_reverse" is one too many, "# + expected)
        #expect(
            gru { $0.append(Self.tensor("fc2.weight", 1, 3)) }
                == #"tensor "fc2.weight" is part of a second head, a torch.nn.Linear, expected one only, here "fc""#)
        #expect(
            gru { $0.append(Self.tensor("decoder.weight_hh_l0", 9, 3)) }
                == #"tensor "decoder.weight_hh_l0" is part of a second recurrent module, expected one only, here "rnn""#
        )
        let kinds = "expected names as in torch.nn.RNN, LSTM or GRU (without proj_size) and torch.nn.Linear"
        for name in ["rnn.weight_hr_l0", "norm.running_mean", "", "weight_ih_l01", "weight_ih_l-1", "weight_ih_l"] {
            #expect(
                gru { $0.append(Self.tensor(name, 3)) } == "tensor \"\(name)\" is of no known kind, \(kinds)")
        }
    }

    @Test func shapesThatDoNotFit() {
        let gates = "expected [G·H, H] with G = 1 (RNN), 3 (GRU) or 4 (LSTM)"
        for shape in [[6, 3], [10, 3], [9], [9, 3, 1], [0, 3], [9, 0], [0, 0], [15, 3]] {
            #expect(
                gru { $0[1] = ("rnn.weight_hh_l0", shape, Array(repeating: 0, count: shape.reduce(1, *))) }
                    == "the shape of tensor \"rnn.weight_hh_l0\" is \(shape), \(gates)")
        }
        #expect(
            gru { $0[0] = Self.tensor("rnn.weight_ih_l0", 12, 2) }
                == #"tensor "weight_ih_l0" is of shape [12, 2], expected a matrix of shape [9, inputs]"#)
        // Nothing in it, and so any number of columns for free.
        #expect(
            gru { $0[0] = Self.tensor("rnn.weight_ih_l0", 0, 1 << 40) }
                == #"tensor "weight_ih_l0" is of shape [0, 1099511627776], expected a matrix of shape [9, inputs]"#)
        #expect(
            gru { $0[4] = Self.tensor("fc.weight", 1 << 60, 0) }
                == "the shape of the head's tensor \"fc.weight\" is [1152921504606846976, 0], expected [outputs, 3]")
        #expect(
            gru { $0[2] = Self.tensor("rnn.bias_ih_l0", 9, 1) }
                == #"the shape of tensor "rnn.bias_ih_l0" is [9, 1], expected [9]"#)
        #expect(
            gru { $0[5] = Self.tensor("fc.bias", 2) } == #"the shape of tensor "fc.bias" is [2], expected [1]"#)
    }

    @Test func numbersThatAreNone() {
        for number in [Float.nan, .infinity, -.infinity] {
            #expect(
                gru { $0[1].values[7] = number }
                    == "element 7 of tensor \"rnn.weight_hh_l0\" is \(number), expected a finite number of 32 bits")
        }
        // A double that no float can hold.
        var bytes = CorruptionTests.file(
            #"{"weight_hh_l0":\#(CorruptionTests.entry("F64", "[1,1]", 0, 8)),"#
                + #""weight_ih_l0":\#(CorruptionTests.entry("F32", "[1,1]", 8, 12)),"#
                + #""w.weight":\#(CorruptionTests.entry("F32", "[1,1]", 12, 16)),"#
                + #""w.bias":\#(CorruptionTests.entry("F32", "[1]", 16, 20))}"#, data: 20)
        #expect(throws: Never.self) { try ModelFile.decode(bytes, name: "f") }
        let big = (0..<8).map { UInt8(truncatingIfNeeded: Double(1e300).bitPattern >> (8 * $0)) }
        bytes.replaceSubrange((bytes.count - 20)..<(bytes.count - 12), with: big)
        let error = #expect(throws: ModelFileError.self) { try ModelFile.decode(bytes, name: "f") }
        #expect(
            error?.detail == #"element 0 of tensor "weight_hh_l0" is inf, expected a finite number of 32 bits"#)
    }

    @Test(arguments: [
        ("format", "2", #""2", expected an integer from 1 to 1 (a newer program wrote it?)"#),
        ("cell", "lstm", #""lstm", expected "gru", as the tensors show"#),
        ("cell", "mlp", #""mlp", expected one of "rnn", "lstm", "gru""#),
        ("hidden", "4", #""4", expected "3", as the tensors show"#),
        ("layers", "2", #""2", expected "1", as the tensors show"#),
        ("bidirectional", "true", #""true", expected "false", as the tensors show"#),
        ("bidirectional", "yes", #""yes", expected "true" or "false""#),
        ("attention", "3", #""3", expected "0", as the tensors show"#),
        ("attention", "99999999999", #""99999999999", expected an integer from 0 to 65536"#),
        ("target", "log", #""log", expected one of "change", "value""#),
        ("loss", "mae", #""mae", expected one of "mse", "huber", "gaussian""#),
        ("horizon", "0", #""0", expected an integer of 1 or more"#),
        ("window", "-5", #""-5", expected an integer of 1 or more"#),
        ("purpose", "fun", #""fun", expected one of "predict", "hindsight""#),
    ])
    func metadataThatCannotBe(_ key: String, _ value: String, _ message: String) {
        #expect(detail(Self.gru, ["anomalyd.\(key)": value]) == "metadata anomalyd.\(key) is \(message)")
    }

    @Test func attentionWithoutItsSpan() {
        let tensors =
            Array(Self.gru[..<4]) + ["query", "key", "value"].map { Self.tensor("attention.\($0).weight", 3, 3) }
            + [Self.tensor("fc.weight", 1, 6), Self.tensor("fc.bias", 1)]
        let expected = "expected how many states attention looks back on, 1 to 65536"
        #expect(detail(tensors) == "metadata anomalyd.attention is missing, \(expected)")
        #expect(detail(tensors, ["anomalyd.attention": "0"]) == "metadata anomalyd.attention is \"0\", \(expected)")
        #expect(detail(tensors, ["anomalyd.attention": "7"]) == "gru 3")
        #expect(
            detail(tensors.filter { $0.name != "attention.key.weight" }, ["anomalyd.attention": "7"])
                == #"tensor "attention.key.weight" is missing, expected a tensor of shape [3, 3]"#)
    }

    // MARK: Needs

    @Test func whatAStreamNeeds() {
        let shape = NetworkShape(cell: .gru, inputs: 2, hidden: 16, outputs: 1)
        let need = ModelNeed(shape: shape, inputs: "value,change", target: "change", loss: .huber)
        #expect(model(shape).misfits(need) == [])
        var other = model(
            NetworkShape(
                cell: .lstm, inputs: 4, hidden: 8, layers: 2, outputs: 2, isBidirectional: true, attention: 3))
        other.target = .value
        other.loss = .mse
        other.purpose = .hindsight
        other.horizon = 2
        #expect(
            other.misfits(need).map(\.description) == [
                "cell is lstm, expected gru", "hidden is 8, expected 16", "layers is 2, expected 1",
                "bidirectional is true, expected false", "attention is 3, expected 0", "inputs is 4, expected 2",
                "outputs is 2, expected 1", "target is value, expected change", "loss is mse, expected huber",
                "purpose is hindsight, expected predict", "horizon is 2, expected 1",
            ])
    }
}
