public import RecurrentModel

/// How a range is read again by a network that sees what came before and what came after each point.
public struct HindsightSettings: Sendable, Equatable {
    public var cell = CellKind.gru
    /// Units of each direction, in ``hiddenRange``.
    public var hidden = 32
    /// In ``layerRange``.
    public var layers = 1
    /// Points that the network sees together, in ``windowRange``. A point that is predicted has three eighths of
    /// them on either side, unless the range ends there.
    public var window = 128
    /// Passes over the training windows, 1 or more; nil for as many as make about ``steps`` steps.
    public var epochs: Int?
    public var rate = 0.005
    public var seed: UInt64 = 0
    /// What makes a residual a score, and a score an anomaly, as online.
    public var score = ScoreSettings()

    public init() {}

    /// Calls `body` once with each of 0 ..< count, in any order and on any threads, and returns when all have returned.
    public typealias Parallel = (_ count: Int, _ body: @escaping @Sendable (Int) -> Void) -> Void

    public static let hiddenRange = 1...1024
    public static let layerRange = 1...8
    public static let windowRange = 32...4096

    /// Windows in a mini-batch.
    public static let batch = 8
    /// Steps of training of each network unless the number of epochs is given. More find more, and take longer.
    public static let steps = 12_000
    /// Fewest and most epochs then.
    public static let epochRange = 4...4000

    /// Points with a value that a range needs.
    public var fewestPoints: Int { 2 * window }
}
