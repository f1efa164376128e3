/// The choices that a configuration makes by name. Raw values are the words that users write.

/// The recurrent cell of a network.
public enum CellKind: String, Sendable, CaseIterable {
    /// Elman's network with tanh: one gate, cheapest, forgets soonest.
    case rnn
    /// Long short-term memory (Hochreiter & Schmidhuber 1997, with the forget gate of Gers et al. 2000).
    case lstm
    /// Gated recurrent unit (Cho et al. 2014) in PyTorch's form: reset gate after the recurrent product, two biases.
    case gru
}

/// How the weights of a new network are drawn.
public enum Initialisation: String, Sendable, CaseIterable {
    /// Glorot & Bengio 2010: uniform in ±√(6 / (inputs + outputs)) for each gate's matrix.
    case xavier
    /// Xavier for the input weights, random orthogonal recurrent ones (Saxe et al. 2014): every eigenvalue has
    /// modulus 1, so a state is neither blown up nor shrunk by being carried along.
    case orthogonal
    /// N(0, 1) × 0.01, as simple tutorials do. So small that the gates hardly open: it learns late or never.
    case normal
}

/// The rule that turns gradients into steps.
public enum OptimiserKind: String, Sendable, CaseIterable {
    case sgd, rmsprop, adam, adamw
}

/// What training minimises.
public enum LossKind: String, Sendable, CaseIterable {
    /// Squared error.
    case mse
    /// Squared near zero, linear beyond δ = 1 (Huber 1964): one outlier pulls with bounded force.
    case huber
    /// Negative log-likelihood of a normal distribution whose mean and log-variance the network both predicts (Nix &
    /// Weigend 1994), so that it learns how sure it can be: two outputs for each value.
    case gaussian
}

/// What attention's dot products are multiplied with before the softmax.
public enum AttentionScale: String, Sendable, CaseIterable {
    /// 1/√D (Vaswani et al. 2017), so that the softmax does not saturate only because the states are wide.
    case inverseRoot = "inverse-root"
    /// Nothing: the plain softmax(Q·Kᵀ)·V.
    case unscaled = "none"
}

/// For which rows of a batch the head gives outputs.
public enum HeadRows: String, Sendable, CaseIterable {
    /// For all N of them, in their order.
    case all
    /// For the last row of each sequence: B outputs, in the order of the sequences.
    case last
}

/// How gradients are kept from exploding.
public enum ClipKind: String, Sendable, CaseIterable {
    /// Scale the whole gradient down to the threshold's length (Pascanu et al. 2013); keeps its direction.
    case norm
    /// Cut each component at ± the threshold.
    case value
}
