// Dimensions, once for the whole module. Names in code are these letters' words.
//   T steps    B batch (sequences at the first step)    N rows = Σ batchSizes over the steps
//   I inputs   H hidden   G gates of the cell            O outputs    S state width (H, or 2 H for LSTM)
// All matrices are column-major with one column a row of the batch: x is (I, N), gates are (G·H, N), states (S, N).

/// How the rows of a batch of sequences of unequal length lie in memory: step after step, without padding, as in
/// PyTorch's `PackedSequence`. The sequences are in order of falling length, so `batchSizes` never rises.
public struct PackedShape: Sendable, Equatable {
    /// How many sequences are still running at each step.
    public let batchSizes: [Int]
    /// Rows in all.
    public let rows: Int
    /// True if all sequences have the same length.
    let isUniform: Bool

    /// - Precondition: `batchSizes` holds positive numbers and never rises.
    public init(batchSizes: [Int]) {
        precondition(batchSizes.allSatisfy { $0 > 0 }, "batch sizes must be positive")
        precondition(zip(batchSizes, batchSizes.dropFirst()).allSatisfy { $0 >= $1 }, "batch sizes must not rise")
        self.batchSizes = batchSizes
        rows = batchSizes.reduce(0, +)
        isUniform = batchSizes.first == batchSizes.last
    }

    /// `batch` sequences of `steps` steps each.
    public init(steps: Int, batch: Int = 1) {
        self.init(batchSizes: Array(repeating: batch, count: steps))
    }

    public var steps: Int { batchSizes.count }
    /// Sequences in all.
    public var batch: Int { batchSizes.first ?? 0 }
}
