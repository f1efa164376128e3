/// A part of a range. What a network has learned to say of a point is no measure of that point, so a range is cut into
/// blocks: one network learns from every other block and reads the rest, and a second one the other way round.
public enum HindsightFold: Sendable {
    case all, even, odd

    /// Whether it has a point of a range.
    ///
    /// - Parameters:
    ///   - count: points of the range.
    ///   - window: points that the network sees together. Blocks are two of them long, so that a day or so that is
    ///     unlike others is mostly in one, or half of the range.
    func contains(_ point: Int, of count: Int, window: Int) -> Bool {
        let isEven = (point / max(1, min(2 * window, (count + 1) / 2))).isMultiple(of: 2)
        return self == .all || isEven == (self == .even)
    }
}

/// A model, and the points that it is to predict.
public struct HindsightReader: Sendable {
    public let model: HindsightModel
    public let reads: HindsightFold

    public init(_ model: HindsightModel, reads: HindsightFold) {
        self.model = model
        self.reads = reads
    }
}
