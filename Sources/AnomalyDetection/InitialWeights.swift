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
/// It is code and no file, so there is nothing that can be missing; a replay from a stream's first point begins with it
/// as the stream did, and no checkpoint is needed for that. Only a stream that was never checkpointed, so whose daemon was
/// killed in its first minute, and whose program was replaced by one with other weights before the next start, comes back
/// as another network: the one that its points make of the new weights. To note which weights it began with would help
/// nobody, as no program knows the weights of all others.
///
/// `make initial-model` makes it anew.
public enum ShippedModel {
    /// A GRU for one channel that predicts changes.
    public static let shape = ModelSettings().shape(channels: 1)

    /// In the layout of `Network(shape)`.
    public static let parameters: [Float] = bits.map { Float(bitPattern: $0) }

    /// The parameters, if they mean the same in a network with these settings; else nil.
    ///
    /// - Parameter channels: values a point of the stream.
    static func parameters(for model: ModelSettings, channels: Int) -> [Float]? {
        // Who asks for another way to draw weights shall get them.
        guard model.initial == .shipped, model.initialisation == .xavier, model.target == .change,
            model.features == InputFeatures(), model.shape(channels: channels) == shape
        else { return nil }
        return parameters
    }
}
