/// The elementwise loops of the recurrent cells, for which there are forms made for a processor.
public enum CellLoop: Sendable, CaseIterable {
    case rnnForward, rnnBackward, lstmForward, lstmBackward, gruForward, gruBackward
}

/// What a cell reads and writes at one time step, as `RecurrentCell` describes it.
public struct CellRows<Scalar> {
    public var x: UnsafeMutablePointer<Scalar>
    public var r: UnsafeMutablePointer<Scalar>
    public var previous: UnsafePointer<Scalar>
    public var state: UnsafeMutablePointer<Scalar>
    /// ∂loss/∂state; only for loops that go backward.
    public var d: UnsafeMutablePointer<Scalar>?

    /// Forward.
    public init(
        x: UnsafeMutablePointer<Scalar>, r: UnsafeMutablePointer<Scalar>, previous: UnsafePointer<Scalar>,
        state: UnsafeMutablePointer<Scalar>
    ) {
        self.x = x
        self.r = r
        self.previous = previous
        self.state = state
    }

    /// Backward; `state` is only read.
    public init(
        x: UnsafeMutablePointer<Scalar>, r: UnsafeMutablePointer<Scalar>, previous: UnsafePointer<Scalar>,
        state: UnsafePointer<Scalar>, d: UnsafeMutablePointer<Scalar>
    ) {
        self.init(x: x, r: r, previous: previous, state: UnsafeMutablePointer(mutating: state))
        self.d = d
    }
}

/// The constants of one step of Adam or AdamW (Kingma & Ba 2015, Algorithm 1):
/// m ← keep1 · m + take1 · g, v ← keep2 · v + take2 · g², θ ← shrink · θ − size · m / (correction · √v + ε).
public struct AdamStep<Scalar> {
    /// Learning rate / (1 − β₁ᵗ).
    public var size: Scalar
    /// 1, or 1 − rate · decay with AdamW.
    public var shrink: Scalar
    /// 1 / √(1 − β₂ᵗ).
    public var correction: Scalar
    public var keep1: Scalar
    public var take1: Scalar
    public var keep2: Scalar
    public var take2: Scalar
    public var epsilon: Scalar

    public init(
        size: Scalar, shrink: Scalar, correction: Scalar, keep1: Scalar, take1: Scalar, keep2: Scalar, take2: Scalar,
        epsilon: Scalar
    ) {
        self.size = size
        self.shrink = shrink
        self.correction = correction
        self.keep1 = keep1
        self.take1 = take1
        self.keep2 = keep2
        self.take2 = take2
        self.epsilon = epsilon
    }
}
