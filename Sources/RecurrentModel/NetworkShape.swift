/// The architecture of a network: what decides its parameters and what it computes from them.
public struct NetworkShape: Sendable, Hashable {
    public var cell: CellKind
    /// I, H, L and O.
    public var inputs: Int
    public var hidden: Int
    public var layers: Int
    /// Numbers that the head gives for a row. For n values this is `loss.outputsPerTarget * n`.
    public var outputs: Int
    /// True: each layer also reads every sequence from its end, and hands on both outputs, forward | backward, so that
    /// the next layer and the head see 2 · H numbers. Only where the future is known; not for `OnlineLearner`.
    public var isBidirectional: Bool
    /// States of the top layer, the current one among them, that the head can look back on; 0 is no attention.
    /// See `Attention`.
    public var attention: Int
    public var attentionScale: AttentionScale

    public init(
        cell: CellKind, inputs: Int, hidden: Int, layers: Int = 1, outputs: Int, isBidirectional: Bool = false,
        attention: Int = 0, attentionScale: AttentionScale = .inverseRoot
    ) {
        self.cell = cell
        self.inputs = inputs
        self.hidden = hidden
        self.layers = layers
        self.outputs = outputs
        self.isBidirectional = isBidirectional
        self.attention = attention
        self.attentionScale = attentionScale
    }

    /// 1, or 2 in a bidirectional network.
    public var directions: Int { isBidirectional ? 2 : 1 }
    /// D: numbers that a layer hands on for each row, H for each direction.
    public var width: Int { hidden * directions }
    /// Columns of the head's weight: D, or with attention 2 · D, the hidden state and then the context.
    var headInputs: Int { attention > 0 ? 2 * width : width }
}
