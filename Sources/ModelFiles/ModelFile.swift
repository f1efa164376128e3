public import RecurrentModel

/// A network in a file: its architecture, its weights, and what else must be known to use it.
///
///     let file = try ModelFile.read("lstm.safetensors")
///     let learner = OnlineLearner(Network<Float>(file.shape), training: training, parameters: file.parameters)
///
/// The file is one of safetensors. Tensors have PyTorch's names and shapes: what `state_dict()` of a `torch.nn.RNN`,
/// `LSTM` or `GRU` and of a `torch.nn.Linear` gives can be read, and what is written loads into them. See `StateNames`
/// for the names, and ``ModelKey`` for what the file says besides.
public struct ModelFile: Sendable, Equatable {
    public var shape: NetworkShape
    /// In the layout of `Network(shape)`, so column-major. All finite.
    public var parameters: [Float]
    /// False for the recurrent layers alone, as a bare `torch.nn.LSTM` has them: the head in `parameters` is then made
    /// up, with one output and all zeros, and is not written.
    public var hasHead: Bool
    /// All that the file says of itself besides `shape`: those of ``ModelKey`` that are not about the architecture, and
    /// whatever other programs wrote.
    public var metadata: [String: String]

    /// - Precondition: as many parameters as `Network(shape)` has.
    public init(
        shape: NetworkShape, parameters: [Float], hasHead: Bool = true, metadata: [String: String] = [:]
    ) {
        precondition(
            parameters.count == Network<Float>(shape).layout.count, "the parameters are those of another network")
        self.shape = shape
        self.parameters = parameters
        self.hasHead = hasHead
        self.metadata = metadata
    }

    /// Largest file that is read, in bytes. The largest network that can be configured (8 layers of 1024 LSTM units)
    /// has 270 MB.
    public static let largestFile = 1 << 30

    // MARK: Read

    /// Reads a file.
    ///
    /// - Parameter requiresHead: whether a file without a head is refused; see ``hasHead``.
    /// - Throws: ``ModelFileError``, whatever the file is.
    public static func read(_ path: String, requiresHead: Bool = true) throws(ModelFileError) -> ModelFile {
        try decode(try FileAccess.read(path, limit: largestFile), name: path, requiresHead: requiresHead)
    }

    /// Reads the contents of a file.
    ///
    /// - Parameter name: how errors call the file.
    public static func decode(
        _ bytes: [UInt8], name: String, requiresHead: Bool = true
    ) throws(ModelFileError) -> ModelFile {
        let file: Safetensors
        do throws(FileFault) {
            file = try Safetensors.parse(bytes)
        } catch {
            throw ModelFileError(operation: operation, file: name, cause: .damaged, detail: "\(error)")
        }
        do throws(FileFault) {
            let names = try StateNames(of: file, requiresHead: requiresHead)
            return ModelFile(
                shape: names.shape, parameters: try names.parameters(from: file), hasHead: names.hasHead,
                metadata: names.metadata)
        } catch {
            throw ModelFileError(operation: operation, file: name, cause: .mismatch, detail: "\(error)")
        }
    }

    static let operation = "read the model"

    /// The parameters that the file has, in their order; see ``hasHead``.
    public var views: [ParameterView] { Network<Float>(shape).layout.views.filter { hasHead || !$0.isHead } }

    // MARK: Write

    /// The contents of a file. The same model gives the same bytes.
    public func encode() -> [UInt8] {
        let tensors = views.map { view in
            (
                name: view.name, shape: view.torchShape,
                values: parameters[view.range].transposed(rows: view.columns, columns: view.rows)
            )
        }
        var metadata = metadata
        for (key, value) in ModelKey.values(of: shape) { metadata[key.rawValue] = value }
        metadata[ModelKey.format.rawValue] = "\(ModelKey.currentFormat)"
        return Safetensors.encode(tensors, metadata: metadata)
    }

    /// Writes the file, whole or not at all: under another name first, then renamed once it is on the disk.
    ///
    /// - Throws: ``ModelFileError``; what was there before is still there then.
    public func write(_ path: String) throws(ModelFileError) { try FileAccess.write(encode(), to: path) }
}

extension ParameterView {
    /// PyTorch's shape of it.
    public var torchShape: [Int] { isBias ? [rows] : [rows, columns] }
    var isHead: Bool { name.hasPrefix("head.") }
}

extension Collection<Float> {
    /// A row-major matrix of `rows` × `columns` as a column-major one. The other way round, it is the transpose of the
    /// column-major one of `columns` × `rows`.
    func transposed(rows: Int, columns: Int) -> [Float] {
        let values = Array(self)
        var result = [Float](repeating: 0, count: values.count)
        for i in 0..<rows {
            for j in 0..<columns { result[j * rows + i] = values[i * columns + j] }
        }
        return result
    }
}
