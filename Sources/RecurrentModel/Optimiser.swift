public import Kernels

/// Turns gradients into steps of the parameters; holds the moments that this takes. Formulas, order of operations and
/// constants are PyTorch's (`torch.optim`), so that the same gradients give the same path.
public struct Optimiser<Scalar: KernelScalar>: Sendable {
    /// Decay of the first and second moment (Kingma & Ba 2015, Algorithm 1).
    public static var beta1: Double { 0.9 }
    public static var beta2: Double { 0.999 }
    /// Decay of RMSProp's mean square (Hinton's lecture 6e, PyTorch's default).
    public static var alpha: Double { 0.99 }
    public static var epsilon: Double { 1e-8 }
    /// AdamW's decoupled decay of the weights (Loshchilov & Hutter 2019).
    public static var weightDecay: Double { 0.01 }

    public let kind: OptimiserKind
    /// Steps taken.
    public internal(set) var steps: Int64 = 0
    /// β₁ and β₂ to the power of `steps`, for the bias correction.
    var power1 = 1.0
    var power2 = 1.0
    /// Moving means of the gradient (Adam) and of its square (Adam, RMSProp); empty where the kind has none.
    var first: [Scalar]
    var second: [Scalar]

    public init(_ kind: OptimiserKind, parameters: Int) {
        self.kind = kind
        first = kind == .adam || kind == .adamw ? Array(repeating: 0, count: parameters) : []
        second = kind == .sgd ? [] : Array(repeating: 0, count: parameters)
    }

    /// One step. gradient, parameters: `count` scalars each.
    @specialized(where Scalar == Float)
    public mutating func step(
        rate: Double, count: Int, gradient g: UnsafePointer<Scalar>, parameters p: UnsafeMutablePointer<Scalar>
    ) {
        steps += 1
        switch kind {
        case .sgd:
            let rate = SIMD8<Scalar>(repeating: Scalar(rate))
            for i in stride(from: 0, to: count, by: 8) {
                setLanes(p, i, of: count, lanes(p, i, of: count) - rate * lanes(g, i, of: count))
            }
        case .rmsprop:
            let rate = SIMD8<Scalar>(repeating: Scalar(rate))
            let keep = SIMD8<Scalar>(repeating: Scalar(Self.alpha))
            let take = SIMD8<Scalar>(repeating: Scalar(1 - Self.alpha))
            let epsilon = SIMD8<Scalar>(repeating: Scalar(Self.epsilon))
            second.withUnsafeMutableBufferPointer { second in
                let v = second.baseAddress!
                for i in stride(from: 0, to: count, by: 8) {
                    let gradient = lanes(g, i, of: count)
                    let square = lanes(v, i, of: count) * keep + gradient * gradient * take
                    setLanes(v, i, of: count, square)
                    setLanes(
                        p, i, of: count, lanes(p, i, of: count) - rate * gradient / (square.squareRoot() + epsilon))
                }
            }
        case .adam, .adamw:
            adam(rate: rate, count: count, g, p)
        }
    }

    @specialized(where Scalar == Float)
    private mutating func adam(
        rate: Double, count: Int, _ g: UnsafePointer<Scalar>, _ p: UnsafeMutablePointer<Scalar>
    ) {
        power1 *= Self.beta1
        power2 *= Self.beta2
        let step = AdamStep(
            size: Scalar(rate / (1 - power1)), shrink: Scalar(kind == .adamw ? 1 - rate * Self.weightDecay : 1),
            correction: Scalar(1 / (1 - power2).squareRoot()), keep1: Scalar(Self.beta1), take1: Scalar(1 - Self.beta1),
            keep2: Scalar(Self.beta2), take2: Scalar(1 - Self.beta2), epsilon: Scalar(Self.epsilon))
        first.withUnsafeMutableBufferPointer { first in
            second.withUnsafeMutableBufferPointer { second in
                let m = first.baseAddress!
                let v = second.baseAddress!
                if Scalar.runWide(step, count: count, gradient: g, first: m, second: v, parameters: p) { return }
                for i in stride(from: 0, to: count, by: 8) {
                    let gradient = lanes(g, i, of: count)
                    let mean = lanes(m, i, of: count) * step.keep1 + gradient * step.take1
                    let square = lanes(v, i, of: count) * step.keep2 + gradient * gradient * step.take2
                    setLanes(m, i, of: count, mean)
                    setLanes(v, i, of: count, square)
                    let change = step.size * mean / (square.squareRoot() * step.correction + step.epsilon)
                    setLanes(p, i, of: count, lanes(p, i, of: count) * step.shrink - change)
                }
            }
        }
    }
}
