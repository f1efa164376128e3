import RecurrentModel

/// Finds a network in the tensors of a file: which tensor is which parameter, and the architecture that follows from
/// their names and shapes.
///
/// | tensor | shape | as in |
/// |---|---|---|
/// | `weight_ih_l0`, `weight_hh_l0` | (G·H, I), (G·H, H) | `torch.nn.RNN`, `LSTM`, `GRU`: G = 1, 4, 3 |
/// | `bias_ih_l0`, `bias_hh_l0` | (G·H) | the same; all of them may be missing (`bias=False`) |
/// | `…_l1`, `…_l0_reverse`, … | | the layers above, and the other direction |
/// | `attention.query.weight`, `.key.`, `.value.` | (D, D) | ours |
/// | `head.weight`, `head.bias` | (O, D), or (O, 2·D) with attention; (O) | `torch.nn.Linear`, under any name |
///
/// As in a saved `torch.nn.Module`, the recurrent tensors may have a prefix in common, such as `lstm.`, and so may
/// attention's. Gates lie in PyTorch's order. An RNN is one with tanh; the file would not tell.
struct StateNames {
    let shape: NetworkShape
    let hasHead: Bool
    /// All but what `shape` says.
    let metadata: [String: String]
    /// By the name that the parameter has in our layout; none for one that is zero.
    private let tensors: [String: Safetensors.Tensor]

    /// - Throws: what is not as a network has it.
    init(of file: Safetensors, requiresHead: Bool) throws(FileFault) {
        var sorting = StateSorting()
        for tensor in file.tensors { try sorting.add(tensor) }
        let recurrent = sorting.recurrent
        guard let first = recurrent["weight_hh_l0"] else {
            throw FileFault("tensor \"weight_hh_l0\"", found: "missing", expected: "the weights of an RNN, LSTM or GRU")
        }
        guard first.shape.count == 2, first.shape[1] > 0, first.shape[0].isMultiple(of: first.shape[1]),
            let cell = Self.cell(gates: first.shape[0] / first.shape[1])
        else {
            throw FileFault(
                "the shape of tensor \(quoted(first.name))", found: "\(first.shape)",
                expected: "[G·H, H] with G = 1 (RNN), 3 (GRU) or 4 (LSTM)")
        }
        // The numbers of rows first: a tensor without rows can claim any number of columns.
        guard let below = recurrent["weight_ih_l0"], below.shape.count == 2, below.shape[0] == first.shape[0],
            below.shape[1] > 0
        else {
            throw FileFault(
                "tensor \"weight_ih_l0\"",
                found: recurrent["weight_ih_l0"].map { "of shape \($0.shape)" } ?? "missing",
                expected: "a matrix of shape [\(first.shape[0]), inputs]")
        }
        var layers = 1
        while recurrent["weight_hh_l\(layers)"] != nil { layers += 1 }
        var shape = NetworkShape(
            cell: cell, inputs: below.shape[1], hidden: first.shape[1], layers: layers, outputs: 1,
            isBidirectional: recurrent["weight_hh_l0_reverse"] != nil)
        let metadata = try Self.checked(file.metadata)
        try shape.takeAttention(from: metadata, hasWeights: !sorting.attention.isEmpty)
        if let weight = sorting.head["head.weight"] {
            guard weight.shape.count == 2, weight.shape[0] > 0, weight.shape[1] == shape.headColumns else {
                throw FileFault(
                    "the shape of the head's tensor \(quoted(weight.name))", found: "\(weight.shape)",
                    expected: "[outputs, \(shape.headColumns)]")
            }
            shape.outputs = weight.shape[0]
        } else if requiresHead || !sorting.head.isEmpty {
            throw FileFault(
                "the head's weight", found: "missing",
                expected: "that of a torch.nn.Linear, of shape [outputs, \(shape.headColumns)]")
        }
        self.shape = shape
        hasHead = !sorting.head.isEmpty
        try Self.check(metadata, against: shape)
        self.metadata = metadata.filter { entry in !ModelKey.isAboutShape(entry.key) }
        tensors = recurrent.merging(sorting.attention) { own, _ in own }.merging(sorting.head) { own, _ in own }
        try checkShapes(hasBiases: recurrent.keys.contains { $0.hasPrefix("bias") })
    }

    private static func cell(gates: Int) -> CellKind? {
        switch gates {
        case 1: .rnn
        case 3: .gru
        case 4: .lstm
        default: nil
        }
    }

    /// Every parameter of the network must have its tensor, and every tensor its parameter.
    private func checkShapes(hasBiases: Bool) throws(FileFault) {
        var known: Set<String> = []
        for view in Network<Float>(shape).layout.views {
            known.insert(view.name)
            guard let tensor = tensors[view.name] else {
                if view.isHead ? !hasHead : view.name.hasPrefix("bias") && !hasBiases { continue }
                throw FileFault(
                    "tensor \"\(view.name)\"", found: "missing", expected: "a tensor of shape \(view.torchShape)")
            }
            guard tensor.shape == view.torchShape else {
                throw FileFault(
                    "the shape of tensor \(quoted(tensor.name))", found: "\(tensor.shape)",
                    expected: "\(view.torchShape)")
            }
        }
        if let (_, tensor) = tensors.filter({ !known.contains($0.key) }).min(by: { $0.key < $1.key }) {
            throw FileFault(
                "tensor \(quoted(tensor.name))", found: "one too many",
                expected: "those of \(shape.layers) layer\(shape.layers == 1 ? "" : "s")"
                    + "\(shape.isBidirectional ? ", both ways," : "") and a head")
        }
    }

    /// The network's parameters in its layout, `file` being the one that this was made from.
    func parameters(from file: Safetensors) throws(FileFault) -> [Float] {
        let layout = Network<Float>(shape).layout
        var parameters = [Float](repeating: 0, count: layout.count)
        for view in layout.views {
            guard let tensor = tensors[view.name] else { continue }
            let values = file.values(of: tensor)
            if let place = values.firstIndex(where: { !$0.isFinite }) {
                throw FileFault(
                    "element \(place) of tensor \(quoted(tensor.name))", found: "\(values[place])",
                    expected: "a finite number of 32 bits")
            }
            parameters.replaceSubrange(view.range, with: values.transposed(rows: view.rows, columns: view.columns))
        }
        return parameters
    }

    // MARK: Metadata

    /// Our own entries must have values that they can have.
    private static func checked(_ metadata: [String: String]) throws(FileFault) -> [String: String] {
        for key in ModelKey.allCases {
            guard let value = metadata[key.rawValue], !key.accepts(value) else { continue }
            throw FileFault("metadata \(key.rawValue)", found: quoted(value), expected: key.expectation)
        }
        return metadata
    }

    /// What the file says of its architecture must be what its tensors show.
    private static func check(_ metadata: [String: String], against shape: NetworkShape) throws(FileFault) {
        for (key, expected) in ModelKey.values(of: shape) {
            guard let value = metadata[key.rawValue], value != expected, key != .attentionScale else { continue }
            throw FileFault(
                "metadata \(key.rawValue)", found: quoted(value), expected: "\"\(expected)\", as the tensors show")
        }
    }
}

extension ModelKey {
    /// Whether `NetworkShape`, or the writing of files, provides this entry.
    static func isAboutShape(_ name: String) -> Bool {
        switch ModelKey(rawValue: name) {
        case .format, .cell, .hidden, .layers, .bidirectional, .attention, .attentionScale: true
        case .inputs, .target, .loss, .horizon, .window, .head, .purpose, .programVersion, nil: false
        }
    }
}

extension NetworkShape {
    var headColumns: Int { attention > 0 ? 2 * width : width }

    /// How far attention looks back stands in no tensor.
    fileprivate mutating func takeAttention(
        from metadata: [String: String], hasWeights: Bool
    ) throws(FileFault) {
        attentionScale = metadata[ModelKey.attentionScale.rawValue].flatMap(AttentionScale.init) ?? .inverseRoot
        guard hasWeights else { return }
        guard let span = metadata[ModelKey.attention.rawValue].flatMap({ Int($0) }), span > 0 else {
            throw FileFault(
                "metadata \(ModelKey.attention.rawValue)",
                found: metadata[ModelKey.attention.rawValue].map(quoted) ?? "missing",
                expected: "how many states attention looks back on, 1 to \(ModelKey.mostAttention)")
        }
        attention = span
    }
}
