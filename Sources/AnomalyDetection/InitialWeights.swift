public import RecurrentModel

/// The first weights of new streams.
public enum InitialWeights: Sendable, CaseIterable {
    /// Those of ``ShippedModel`` where the network is of its kind; else as `random`.
    case shipped
    /// Drawn, as `ModelSettings.initialisation` says.
    case random
}

/// The model that is part of the program: trained on made series (`fixtures/initial`), so that a stream is predicted well
/// before its own network has learned anything.
///
/// It is code and no file, so there is nothing that can be missing. A later version may ship other weights, so whoever
/// replays points must have stored the detector before the first of them.
///
/// `make initial-model` makes it anew.
public enum ShippedModel {
    /// A GRU for one channel that predicts changes.
    public static let shape = ModelSettings().shape(channels: 1)

    /// In the layout of `Network(shape)`.
    public static let parameters: [Float] = bits.map { Float(bitPattern: $0) }

    /// Whether new detectors with these settings begin with it.
    ///
    /// - Parameter channels: values a point of the stream.
    public static func begins(_ model: ModelSettings, channels: Int) -> Bool {
        begins(model, model.shape(channels: channels))
    }

    private static func begins(_ model: ModelSettings, _ shape: NetworkShape) -> Bool {
        // Its inputs and outputs must mean the same. Who asks for another way to draw weights shall get them.
        model.initial == .shipped && model.initialisation == .xavier && model.target == .change
            && model.features == InputFeatures() && shape == Self.shape
    }

    /// What a new network with these settings begins with: these weights, or random ones.
    ///
    /// - Parameter name: of the stream or the group, which seeds random ones together with `model.seed`.
    static func parameters(
        _ model: ModelSettings, of network: Network<Float>, name: some Sequence<UInt8>
    ) -> [Float] {
        if begins(model, network.shape) { return parameters }
        var generator = SeededGenerator(seed: model.seed, name: name)
        return network.initialParameters(model.initialisation, forgetBias: model.forgetBias, using: &generator)
    }
}
