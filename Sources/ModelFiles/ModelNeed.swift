public import RecurrentModel

/// What a stream needs of a model that shall predict its next value.
public struct ModelNeed: Sendable, Equatable {
    public var shape: NetworkShape
    /// One of ``ModelTarget``.
    public var target: String
    public var loss: LossKind

    public init(shape: NetworkShape, target: String, loss: LossKind) {
        self.shape = shape
        self.target = target
        self.loss = loss
    }
}

extension ModelFile {
    /// In what the model is not what a stream needs; empty if it fits. What the file does not say (a file of PyTorch's
    /// says neither target nor loss) is taken to fit, and so is a head that it does not have.
    ///
    /// The parts are named as the keys of `[model]` in the configuration are, where there is such a key.
    public func misfits(_ need: ModelNeed) -> [FileFault] {
        var faults: [FileFault] = []
        func compare(_ part: String, _ found: some CustomStringConvertible, _ expected: some CustomStringConvertible) {
            if found.description == expected.description { return }
            faults.append(FileFault(part, found: found.description, expected: expected.description))
        }
        let wanted = need.shape
        compare("cell", shape.cell.rawValue, wanted.cell.rawValue)
        compare("hidden", shape.hidden, wanted.hidden)
        compare("layers", shape.layers, wanted.layers)
        compare("bidirectional", shape.isBidirectional, wanted.isBidirectional)
        compare("attention", shape.attention, wanted.attention)
        if shape.attention > 0, wanted.attention > 0 {
            compare("attention_scale", shape.attentionScale.rawValue, wanted.attentionScale.rawValue)
        }
        compare("inputs", shape.inputs, wanted.inputs)
        if hasHead { compare("outputs", shape.outputs, wanted.outputs) }
        if let target { compare("target", target.rawValue, need.target) }
        if let loss { compare("loss", loss.rawValue, need.loss.rawValue) }
        if let purpose { compare("purpose", purpose.rawValue, ModelPurpose.predict.rawValue) }
        if let horizon { compare("horizon", horizon, 1) }
        return faults
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
