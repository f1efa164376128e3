public import RecurrentModel

/// What a stream needs of a model that shall predict its next value.
public struct ModelNeed: Sendable, Equatable {
    public var shape: NetworkShape
    /// What its inputs are, as in ``ModelFile/inputs``.
    public var inputs: String
    /// One of ``ModelTarget``.
    public var target: String
    public var loss: LossKind

    public init(shape: NetworkShape, inputs: String, target: String, loss: LossKind) {
        self.shape = shape
        self.inputs = inputs
        self.target = target
        self.loss = loss
    }
}

extension ModelFile {
    /// In what the network is not of the shape that somebody needs; empty if it fits. A head that the file does not
    /// have fits everything.
    ///
    /// The parts are named as the keys of `[model]` in the configuration are, where there is such a key.
    public func differences(from wanted: NetworkShape) -> [FileFault] {
        var faults = [
            Self.difference("cell", shape.cell.rawValue, wanted.cell.rawValue),
            Self.difference("hidden", shape.hidden, wanted.hidden),
            Self.difference("layers", shape.layers, wanted.layers),
            Self.difference("bidirectional", shape.isBidirectional, wanted.isBidirectional),
            Self.difference("attention", shape.attention, wanted.attention),
        ]
        if shape.attention > 0, wanted.attention > 0 {
            let scales = (shape.attentionScale.rawValue, wanted.attentionScale.rawValue)
            faults.append(Self.difference("attention_scale", scales.0, scales.1))
        }
        faults.append(Self.difference("inputs", shape.inputs, wanted.inputs))
        if hasHead { faults.append(Self.difference("outputs", shape.outputs, wanted.outputs)) }
        return faults.compactMap(\.self)
    }

    /// In what the model is not what a stream needs; empty if it fits. What the file does not say (a file of PyTorch's
    /// says neither target nor loss) is taken to fit.
    public func misfits(_ need: ModelNeed) -> [FileFault] {
        let said = [
            inputs.map { Self.difference("inputs", $0, need.inputs) },
            target.map { Self.difference("target", $0.rawValue, need.target) },
            loss.map { Self.difference("loss", $0.rawValue, need.loss.rawValue) },
            purpose.map { Self.difference("purpose", $0.rawValue, ModelPurpose.predict.rawValue) },
            horizon.map { Self.difference("horizon", $0, 1) },
        ]
        return differences(from: need.shape) + said.compactMap { $0 ?? nil }
    }

    private static func difference<Value: Equatable>(_ part: String, _ found: Value, _ wanted: Value) -> FileFault? {
        found == wanted ? nil : FileFault(part, found: "\(found)", expected: "\(wanted)")
    }

    /// The parameters of a network of which this model is to be the new one.
    ///
    /// - Parameter current: of that network, which ``misfits(_:)`` has nothing against; a head that the file does not
    ///   have is kept from it.
    public func parameters(over current: [Float]) -> [Float] {
        if hasHead { return parameters }
        // The head is the last in every layout, and nothing before it depends on it.
        let views = Network<Float>(shape).layout.views
        let end = views.first { $0.isHead }?.offset ?? parameters.count
        return Array(parameters[..<end] + current[end...])
    }
}
