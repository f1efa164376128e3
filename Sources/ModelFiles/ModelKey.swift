public import RecurrentModel

/// What our own files say of themselves, besides weights: keys of the header's `__metadata__`. A file without them, such
/// as one that PyTorch wrote, is read as well.
public enum ModelKey: String, Sendable, CaseIterable {
    /// Version of these keys' meanings, ``currentFormat``.
    case format = "anomalyd.format"
    /// The architecture, checked against the tensors: `rnn`, `lstm` or `gru`; H; L; `true` or `false`.
    case cell = "anomalyd.cell"
    case hidden = "anomalyd.hidden"
    case layers = "anomalyd.layers"
    case bidirectional = "anomalyd.bidirectional"
    /// States that attention looks back on, 0…``mostAttention``, which no tensor shows; and what its products are
    /// scaled with: `inverse-root` or `none`.
    case attention = "anomalyd.attention"
    case attentionScale = "anomalyd.attention_scale"
    /// What the inputs are, such as `value,change`: those of each channel in turn, then those of all.
    case inputs = "anomalyd.inputs"
    /// What an output stands for: `change` from the last value, or `value`.
    case target = "anomalyd.target"
    /// What it was trained with: `mse`, `huber`, or `gaussian`, where the head gives values, then log-variances.
    case loss = "anomalyd.loss"
    /// Points that it predicts ahead, 1 or more.
    case horizon = "anomalyd.horizon"
    /// Points that each training example had, 1 or more.
    case window = "anomalyd.window"
    /// For which rows of an example the head was trained: `all` or `last`.
    case head = "anomalyd.head"
    /// `predict`: the next value from those before; `hindsight`: a value from those before and after it.
    case purpose = "anomalyd.purpose"
    /// Version of the program that wrote the file.
    case programVersion = "anomalyd.program_version"

    public static let currentFormat = 1
    /// Longest look back that a file may ask for; each state costs memory.
    public static let mostAttention = 65_536

    /// The keys that repeat what `NetworkShape` says.
    static func values(of shape: NetworkShape) -> [(ModelKey, String)] {
        [
            (.cell, shape.cell.rawValue), (.hidden, "\(shape.hidden)"), (.layers, "\(shape.layers)"),
            (.bidirectional, "\(shape.isBidirectional)"), (.attention, "\(shape.attention)"),
            (.attentionScale, shape.attentionScale.rawValue),
        ]
    }

    /// What the key's values may be.
    var expectation: String {
        func oneOf<Word: RawRepresentable<String> & CaseIterable>(_: Word.Type) -> String {
            "one of " + Word.allCases.map { "\"\($0.rawValue)\"" }.joined(separator: ", ")
        }
        switch self {
        case .format: return "an integer from 1 to \(Self.currentFormat) (a newer program wrote it?)"
        case .cell: return oneOf(CellKind.self)
        case .bidirectional: return "\"true\" or \"false\""
        case .attention: return "an integer from 0 to \(Self.mostAttention)"
        case .attentionScale: return oneOf(AttentionScale.self)
        case .target: return oneOf(ModelTarget.self)
        case .loss: return oneOf(LossKind.self)
        case .head: return oneOf(HeadRows.self)
        case .purpose: return oneOf(ModelPurpose.self)
        case .hidden, .layers, .horizon, .window: return "an integer of 1 or more"
        case .inputs, .programVersion: return "any text"
        }
    }

    /// Whether the key can have this value.
    func accepts(_ text: String) -> Bool {
        switch self {
        case .format: Int(text).map { (1...Self.currentFormat).contains($0) } ?? false
        case .cell: CellKind(rawValue: text) != nil
        case .bidirectional: Bool(text) != nil
        case .attention: Int(text).map { (0...Self.mostAttention).contains($0) } ?? false
        case .attentionScale: AttentionScale(rawValue: text) != nil
        case .target: ModelTarget(rawValue: text) != nil
        case .loss: LossKind(rawValue: text) != nil
        case .head: HeadRows(rawValue: text) != nil
        case .purpose: ModelPurpose(rawValue: text) != nil
        case .hidden, .layers, .horizon, .window: Int(text).map { $0 >= 1 } ?? false
        case .inputs, .programVersion: true
        }
    }
}

/// What a network's outputs stand for.
public enum ModelTarget: String, Sendable, CaseIterable { case change, value }

/// What a network was trained for.
public enum ModelPurpose: String, Sendable, CaseIterable { case predict, hindsight }

/// The entries of `metadata` that mean something to us. Nil: the file does not say. Setting nil takes the entry away.
extension ModelFile {
    public var target: ModelTarget? {
        get { self[.target].flatMap(ModelTarget.init) }
        set { self[.target] = newValue?.rawValue }
    }

    public var inputs: String? {
        get { self[.inputs] }
        set { self[.inputs] = newValue }
    }

    public var loss: LossKind? {
        get { self[.loss].flatMap(LossKind.init) }
        set { self[.loss] = newValue?.rawValue }
    }

    public var horizon: Int? {
        get { self[.horizon].flatMap { Int($0) } }
        set { self[.horizon] = newValue?.description }
    }

    public var window: Int? {
        get { self[.window].flatMap { Int($0) } }
        set { self[.window] = newValue?.description }
    }

    public var head: HeadRows? {
        get { self[.head].flatMap(HeadRows.init) }
        set { self[.head] = newValue?.rawValue }
    }

    public var purpose: ModelPurpose? {
        get { self[.purpose].flatMap(ModelPurpose.init) }
        set { self[.purpose] = newValue?.rawValue }
    }

    public var programVersion: String? {
        get { self[.programVersion] }
        set { self[.programVersion] = newValue }
    }

    private subscript(key: ModelKey) -> String? {
        get { metadata[key.rawValue] }
        set { metadata[key.rawValue] = newValue }
    }
}
