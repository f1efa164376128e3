public import Kernels

/// Sequences to train on, with what each of their rows should have given. Windows are read when they are needed, so a
/// source can cut them from long series and need not keep copies. Several threads may read at once.
public protocol WindowSource<Scalar>: Sendable {
    associatedtype Scalar: KernelScalar

    /// Windows are numbered 0 ..< `count`.
    var count: Int { get }

    /// Length of a window, at least 1. Windows may differ.
    func steps(of window: Int) -> Int

    /// Writes one window.
    ///
    /// - Parameters:
    ///   - inputs: receives (I, steps).
    ///   - targets: receives (values, steps), or (values, 1) if the head answers for the last rows only. NaN where
    ///     nothing is known: such a target adds nothing to loss and gradient.
    func fill(_ window: Int, inputs: UnsafeMutablePointer<Scalar>, targets: UnsafeMutablePointer<Scalar>)
}

/// A loss as a sum, so that means over several batches weigh every target alike.
public struct LossTotal: Sendable, Equatable {
    public var sum = 0.0
    /// Targets that were known.
    public var targets = 0

    public init() {}

    /// NaN if there was no target.
    public var mean: Double { sum / Double(targets) }

    public static func += (total: inout LossTotal, more: LossTotal) {
        total.sum += more.sum
        total.targets += more.targets
    }
}
