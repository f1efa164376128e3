public import Kernels

/// Turns gradients into steps of the parameters; holds the moments that this takes. Formulas, order of operations and
/// constants are PyTorch's (`torch.optim`), so that the same gradients give the same path; but for what is lost where the
/// moments are kept in 16 bits.
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
    public let width: MomentWidth
    /// Steps taken.
    public internal(set) var steps: Int64 = 0
    /// β₁ and β₂ to the power of `steps`, for the bias correction.
    var power1 = 1.0
    var power2 = 1.0
    /// Moving means of the gradient (Adam) and of its square (Adam, RMSProp); empty where the kind has none.
    var first: [Scalar] = []
    var second: [Scalar] = []
    /// The same in 16 bits, all of the first kind before those of the second.
    var short: [UInt16] = []

    public init(_ kind: OptimiserKind, parameters: Int, width: MomentWidth = .full) {
        self.kind = kind
        self.width = width
        let (firsts, seconds) = (kind == .adam || kind == .adamw ? parameters : 0, kind == .sgd ? 0 : parameters)
        switch width {
        case .full:
            first = Array(repeating: 0, count: firsts)
            second = Array(repeating: 0, count: seconds)
        case .short: short = Array(repeating: 0, count: firsts + seconds)
        }
    }

    /// Of memory.
    var bytes: Int { ArrayBytes.of(first) + ArrayBytes.of(second) + ArrayBytes.of(short) }

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
            withMoments(
                count, { rmsprop(rate: rate, count: count, g, $0, p) }, { rmsprop(rate: rate, count: count, g, $0, p) })
        case .adam, .adamw:
            power1 *= Self.beta1
            power2 *= Self.beta2
            let step = AdamStep(
                size: Scalar(rate / (1 - power1)), shrink: Scalar(kind == .adamw ? 1 - rate * Self.weightDecay : 1),
                correction: Scalar(1 / (1 - power2).squareRoot()), keep1: Scalar(Self.beta1),
                take1: Scalar(1 - Self.beta1), keep2: Scalar(Self.beta2), take2: Scalar(1 - Self.beta2),
                epsilon: Scalar(Self.epsilon))
            withMoments(
                count,
                { moments in
                    if Scalar.runWide(
                        step, count: count, gradient: g, first: moments.m, second: moments.v, parameters: p)
                    {
                        return
                    }
                    adam(step, count: count, g, moments, p)
                },
                { moments in
                    if Scalar.runWide(
                        step, moments.dither, count: count, gradient: g, first: moments.m, second: moments.v,
                        parameters: p)
                    {
                        return
                    }
                    adam(step, count: count, g, moments, p)
                })
        }
    }

    // MARK: State

    func encodeMoments(into writer: inout StateWriter) where Scalar: BitwiseCopyable {
        switch width {
        case .full:
            writer.write(first)
            writer.write(second)
        case .short: writer.write(short)
        }
    }

    /// Of states that were saved before there were short moments, those in full are rounded.
    mutating func decodeMoments(from reader: inout StateReader) throws where Scalar: BitwiseCopyable {
        let all = first.count + second.count + short.count
        let firsts = kind == .adam || kind == .adamw ? all / 2 : 0
        if width == .short, reader.format >= ShortMoments.format {
            short = try reader.readArray(count: short.count, field: "moments")
            return
        }
        let first: [Scalar] = try reader.readArray(count: firsts, field: "first moments")
        let second: [Scalar] = try reader.readArray(count: all - firsts, field: "second moments")
        switch width {
        case .full: (self.first, self.second) = (first, second)
        case .short:
            short =
                first.map { ShortMoments.bits(first: Float($0)) } + second.map { ShortMoments.bits(second: Float($0)) }
        }
    }

    // MARK: Moments

    /// Calls one of the two with the moments, as they are kept.
    @inline(__always)
    private mutating func withMoments(
        _ count: Int, _ full: (FullLanes<Scalar>) -> Void, _ short: (ShortLanes<Scalar>) -> Void
    ) {
        switch width {
        case .full:
            first.withUnsafeMutableBufferPointer { first in
                second.withUnsafeMutableBufferPointer { second in
                    // RMSProp has no first ones.
                    let v = second.baseAddress!
                    full(FullLanes(m: first.baseAddress ?? v, v: v, count: count))
                }
            }
        case .short:
            let dither = MomentDither(step: steps)
            self.short.withUnsafeMutableBufferPointer { moments in
                let m = moments.baseAddress!
                short(ShortLanes(m: m, v: m + (moments.count - count), count: count, dither: dither))
            }
        }
    }
}

@inline(__always)
private func rmsprop<Lanes: MomentLanes>(
    rate: Double, count: Int, _ g: UnsafePointer<Lanes.Scalar>, _ moments: Lanes,
    _ p: UnsafeMutablePointer<Lanes.Scalar>
) {
    typealias Scalar = Lanes.Scalar
    let alpha = Optimiser<Scalar>.alpha
    let rate = SIMD8<Scalar>(repeating: Scalar(rate))
    let keep = SIMD8<Scalar>(repeating: Scalar(alpha))
    let take = SIMD8<Scalar>(repeating: Scalar(1 - alpha))
    let epsilon = SIMD8<Scalar>(repeating: Scalar(Optimiser<Scalar>.epsilon))
    for i in stride(from: 0, to: count, by: 8) {
        let gradient = lanes(g, i, of: count)
        let square = moments.second(i) * keep + gradient * gradient * take
        moments.setSecond(i, square)
        setLanes(p, i, of: count, lanes(p, i, of: count) - rate * gradient / (square.squareRoot() + epsilon))
    }
}

@inline(__always)
private func adam<Lanes: MomentLanes>(
    _ step: AdamStep<Lanes.Scalar>, count: Int, _ g: UnsafePointer<Lanes.Scalar>, _ moments: Lanes,
    _ p: UnsafeMutablePointer<Lanes.Scalar>
) {
    for i in stride(from: 0, to: count, by: 8) {
        let gradient = lanes(g, i, of: count)
        let mean = moments.first(i) * step.keep1 + gradient * step.take1
        let square = moments.second(i) * step.keep2 + gradient * gradient * step.take2
        moments.setFirst(i, mean)
        moments.setSecond(i, square)
        let change = step.size * mean / (square.squareRoot() * step.correction + step.epsilon)
        setLanes(p, i, of: count, lanes(p, i, of: count) * step.shrink - change)
    }
}
