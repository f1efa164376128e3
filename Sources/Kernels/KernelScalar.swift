import CKernels

/// The number types that the networks compute in, each with its own inner loops.
///
/// `Float` is what runs; `Double` serves gradient checks. The loops are requirements of the protocol, not free generic
/// functions, so that a caller that was not specialised still reaches a fast loop with one indirect call.
///
/// Matrices are column-major: element (i, j) of an m × n matrix lies at `i + j * m`. A batch of vectors is a matrix
/// whose columns are the vectors; `stride` is the distance from one to the next.
///
/// Every loop sums in one order that depends on the matrix's own shape only, never on the batch. So a row computed
/// alone has the same bits as the same row in a batch. For `Float` there are forms in C for AVX2 and AVX-512, of equal
/// bits to each other; `KernelVariant` says which is in use. The loops in Swift are the reference.
public protocol KernelScalar: BinaryFloatingPoint, SIMDScalar, Codable, Sendable {
    /// y(m, b) = start(m, b) + W(m, n) · x(n, b). `start` may be `y`, or one vector with the stride 0.
    static func affine(
        rows m: Int, columns n: Int, batch b: Int, _ w: UnsafePointer<Self>, _ x: UnsafePointer<Self>, xStride: Int,
        start: UnsafePointer<Self>, startStride: Int, _ y: UnsafeMutablePointer<Self>, yStride: Int)

    /// C(m, n) += A(m, t) · B(n, t)ᵀ: the sum of t outer products, which is how weight gradients arise.
    static func outerAdd(
        rows m: Int, columns n: Int, terms t: Int, _ a: UnsafePointer<Self>, aStride: Int, _ b: UnsafePointer<Self>,
        bStride: Int, _ c: UnsafeMutablePointer<Self>)

    /// out(n, m) = W(m, n)ᵀ
    static func transpose(rows m: Int, columns n: Int, _ w: UnsafePointer<Self>, _ out: UnsafeMutablePointer<Self>)

    /// y(m) += Σ over the t columns of A(m, t)
    static func sumColumns(
        rows m: Int, terms t: Int, _ a: UnsafePointer<Self>, aStride: Int, _ y: UnsafeMutablePointer<Self>)

    /// y += x, of n numbers.
    static func add(_ x: UnsafePointer<Self>, to y: UnsafeMutablePointer<Self>, count n: Int)

    /// Σ x², of n numbers.
    static func squares(_ x: UnsafePointer<Self>, count n: Int) -> Double

    /// Runs a loop over the numbers of a cell in a form made for this processor.
    ///
    /// - Returns: false if there is none; then nothing was done, and the caller's own loop has to do it.
    static func runWide(_ loop: CellLoop, hidden: Int, batch: Int, _ rows: CellRows<Self>) -> Bool

    /// One step of Adam in a form made for this processor; false as with `runWide`.
    static func runWide(
        _ step: AdamStep<Self>, count: Int, gradient: UnsafePointer<Self>, first: UnsafeMutablePointer<Self>,
        second: UnsafeMutablePointer<Self>, parameters: UnsafeMutablePointer<Self>
    ) -> Bool

    /// The same with moments in 16 bits each: the first as the upper half of a Float, the second as the 16 bits behind its
    /// sign.
    static func runWide(
        _ step: AdamStep<Self>, _ dither: MomentDither, count: Int, gradient: UnsafePointer<Self>,
        first: UnsafeMutablePointer<UInt16>, second: UnsafeMutablePointer<UInt16>,
        parameters: UnsafeMutablePointer<Self>
    ) -> Bool

    /// Hyperbolic tangent, for eight numbers at once.
    static func tanh(_ x: SIMD8<Self>) -> SIMD8<Self>

    /// eˣ, for eight numbers at once.
    static func exponential(_ x: SIMD8<Self>) -> SIMD8<Self>
}

extension KernelScalar {
    /// y(m, b) += W(m, n) · x(n, b)
    @inlinable
    public static func multiplyAdd(
        rows m: Int, columns n: Int, batch b: Int, _ w: UnsafePointer<Self>, _ x: UnsafePointer<Self>, xStride: Int,
        _ y: UnsafeMutablePointer<Self>, yStride: Int
    ) {
        affine(
            rows: m, columns: n, batch: b, w, x, xStride: xStride, start: UnsafePointer(y), startStride: yStride, y,
            yStride: yStride)
    }

    /// Logistic sigmoid 1 / (1 + e⁻ˣ) as ½ · tanh(½ · x) + ½: one polynomial serves both.
    @inlinable
    @inline(__always)
    public static func sigmoid(_ x: SIMD8<Self>) -> SIMD8<Self> {
        let half = SIMD8<Self>(repeating: 0.5)
        return tanh(x * half) * half + half
    }
}

extension KernelScalar {
    public static func runWide(_ loop: CellLoop, hidden: Int, batch: Int, _ rows: CellRows<Self>) -> Bool { false }

    public static func runWide(
        _ step: AdamStep<Self>, count: Int, gradient: UnsafePointer<Self>, first: UnsafeMutablePointer<Self>,
        second: UnsafeMutablePointer<Self>, parameters: UnsafeMutablePointer<Self>
    ) -> Bool {
        false
    }

    public static func runWide(
        _ step: AdamStep<Self>, _ dither: MomentDither, count: Int, gradient: UnsafePointer<Self>,
        first: UnsafeMutablePointer<UInt16>, second: UnsafeMutablePointer<UInt16>,
        parameters: UnsafeMutablePointer<Self>
    ) -> Bool {
        false
    }
}

extension Float: KernelScalar {
    public static func affine(
        rows m: Int, columns n: Int, batch b: Int, _ w: UnsafePointer<Float>, _ x: UnsafePointer<Float>, xStride: Int,
        start: UnsafePointer<Float>, startStride: Int, _ y: UnsafeMutablePointer<Float>, yStride: Int
    ) {
        if ck_is_wide() {
            return ck_current().pointee.affine(m, n, b, w, x, xStride, start, startStride, y, yStride)
        }
        for j in 0..<b { affineVector(m, n, w, x + j * xStride, start + j * startStride, y + j * yStride) }
    }

    public static func outerAdd(
        rows m: Int, columns n: Int, terms t: Int, _ a: UnsafePointer<Float>, aStride: Int, _ b: UnsafePointer<Float>,
        bStride: Int, _ c: UnsafeMutablePointer<Float>
    ) {
        if ck_is_wide() { return ck_current().pointee.outer_add(m, n, t, a, aStride, b, bStride, c) }
        outerAddLoop(m, n, t, a, aStride, b, bStride, c)
    }

    public static func transpose(
        rows m: Int, columns n: Int, _ w: UnsafePointer<Float>, _ out: UnsafeMutablePointer<Float>
    ) {
        if ck_is_wide() { return ck_current().pointee.transpose(m, n, w, out) }
        transposeLoop(m, n, w, out)
    }

    public static func sumColumns(
        rows m: Int, terms t: Int, _ a: UnsafePointer<Float>, aStride: Int, _ y: UnsafeMutablePointer<Float>
    ) {
        if ck_is_wide() { return ck_current().pointee.sum_columns(m, t, a, aStride, y) }
        sumColumnsLoop(m, t, a, aStride, y)
    }

    public static func add(_ x: UnsafePointer<Float>, to y: UnsafeMutablePointer<Float>, count n: Int) {
        if ck_is_wide() { return ck_current().pointee.add(n, x, y) }
        addLoop(x, y, n)
    }

    public static func squares(_ x: UnsafePointer<Float>, count n: Int) -> Double {
        ck_is_wide() ? Double(ck_current().pointee.squares(n, x)) : squaresLoop(x, n)
    }

    public static func runWide(_ loop: CellLoop, hidden: Int, batch: Int, _ rows: CellRows<Float>) -> Bool {
        guard ck_is_wide() else { return false }
        let loops = ck_current()!
        let cell = ck_cell(x: rows.x, r: rows.r, state: rows.state, d: rows.d, previous: rows.previous)
        switch loop {
        case .rnnForward: loops.pointee.rnn_forward(hidden, batch, cell)
        case .rnnBackward: loops.pointee.rnn_backward(hidden, batch, cell)
        case .lstmForward: loops.pointee.lstm_forward(hidden, batch, cell)
        case .lstmBackward: loops.pointee.lstm_backward(hidden, batch, cell)
        case .gruForward: loops.pointee.gru_forward(hidden, batch, cell)
        case .gruBackward: loops.pointee.gru_backward(hidden, batch, cell)
        }
        return true
    }

    public static func runWide(
        _ step: AdamStep<Float>, count: Int, gradient: UnsafePointer<Float>, first: UnsafeMutablePointer<Float>,
        second: UnsafeMutablePointer<Float>, parameters: UnsafeMutablePointer<Float>
    ) -> Bool {
        guard ck_is_wide() else { return false }
        ck_current().pointee.adam(count, constants(step), gradient, first, second, parameters)
        return true
    }

    public static func runWide(
        _ step: AdamStep<Float>, _ dither: MomentDither, count: Int, gradient: UnsafePointer<Float>,
        first: UnsafeMutablePointer<UInt16>, second: UnsafeMutablePointer<UInt16>,
        parameters: UnsafeMutablePointer<Float>
    ) -> Bool {
        guard ck_is_wide() else { return false }
        let fractions = ck_dither(first: dither.first, second: dither.second, stride: dither.stride)
        ck_current().pointee.short_adam(count, constants(step), fractions, gradient, first, second, parameters)
        return true
    }

    private static func constants(_ step: AdamStep<Float>) -> ck_adam {
        ck_adam(
            size: step.size, shrink: step.shrink, correction: step.correction, keep1: step.keep1, take1: step.take1,
            keep2: step.keep2, take2: step.take2, epsilon: step.epsilon)
    }

    /// Rational minimax approximation, odd of degree 13 over even of degree 6, as in Eigen's `ptanh`
    /// (`MathFunctionsImpl.h`). At most 5 units in the last place off; exactly ±1 beyond |x| = 7.91.
    @inlinable
    @inline(__always)
    public static func tanh(_ x: SIMD8<Float>) -> SIMD8<Float> {
        let limit = SIMD8<Float>(repeating: 7.905_311_107_635_498)
        // Clamping with this order of arguments lets a NaN through, so that it is noticed and not turned into ±1.
        let c = x.replacing(with: limit, where: x .> limit).replacing(with: -limit, where: x .< -limit)
        let s = c * c
        var p = SIMD8<Float>(repeating: -2.760_768_477_423_55e-16) * s + 2.000_187_904_824_77e-13
        p = p * s + -8.604_671_522_137_35e-11
        p = p * s + 5.122_297_090_371_14e-08
        p = p * s + 1.485_722_357_178_91e-05
        p = p * s + 6.372_619_288_754_00e-04
        p = p * s + 4.893_524_558_917_86e-03
        var q = SIMD8<Float>(repeating: 1.198_258_394_667_02e-06) * s + 1.185_347_056_866_54e-04
        q = q * s + 2.268_434_632_439_00e-03
        q = q * s + 4.893_525_185_543_85e-03
        return c * p / q
    }
}

extension Double: KernelScalar {
    public static func affine(
        rows m: Int, columns n: Int, batch b: Int, _ w: UnsafePointer<Double>, _ x: UnsafePointer<Double>,
        xStride: Int, start: UnsafePointer<Double>, startStride: Int, _ y: UnsafeMutablePointer<Double>, yStride: Int
    ) {
        for j in 0..<b { affineVector(m, n, w, x + j * xStride, start + j * startStride, y + j * yStride) }
    }

    public static func outerAdd(
        rows m: Int, columns n: Int, terms t: Int, _ a: UnsafePointer<Double>, aStride: Int,
        _ b: UnsafePointer<Double>, bStride: Int, _ c: UnsafeMutablePointer<Double>
    ) {
        outerAddLoop(m, n, t, a, aStride, b, bStride, c)
    }

    public static func transpose(
        rows m: Int, columns n: Int, _ w: UnsafePointer<Double>, _ out: UnsafeMutablePointer<Double>
    ) {
        transposeLoop(m, n, w, out)
    }

    public static func sumColumns(
        rows m: Int, terms t: Int, _ a: UnsafePointer<Double>, aStride: Int, _ y: UnsafeMutablePointer<Double>
    ) {
        sumColumnsLoop(m, t, a, aStride, y)
    }

    public static func add(_ x: UnsafePointer<Double>, to y: UnsafeMutablePointer<Double>, count n: Int) {
        addLoop(x, y, n)
    }

    public static func squares(_ x: UnsafePointer<Double>, count n: Int) -> Double { squaresLoop(x, n) }

    /// (1 − e) / (1 + e) with e = exp(−2|x|), and x − x³/3 + … where that would cancel. Precise to 10⁻¹⁵.
    @inlinable
    public static func tanh(_ x: SIMD8<Double>) -> SIMD8<Double> {
        var y = x
        for k in 0..<8 {
            let a = abs(x[k])
            if a.isNaN { continue }
            if a < 0.1 {
                let s = x[k] * x[k]
                // Taylor series (DLMF 4.33.3); the next term is below 10⁻¹⁶ here.
                let c = [-1.0 / 3, 2.0 / 15, -17.0 / 315, 62.0 / 2835, -1382.0 / 155_925, 21844.0 / 6_081_075]
                var p = -929_569.0 / 638_512_875
                for coefficient in c.reversed() { p = p * s + coefficient }
                y[k] = x[k] + x[k] * s * p
            } else {
                let e = exponential(-2 * min(a, 30))
                let t = (1 - e) / (1 + e)
                y[k] = x[k] < 0 ? -t : t
            }
        }
        return y
    }

    /// eˣ for −700 < x < 700: 2ᵏ · e^r with |r| ≤ ½ ln 2 and a Taylor series of degree 14.
    @usableFromInline
    static func exponential(_ x: Double) -> Double {
        let k = (x * 1.442_695_040_888_963_4).rounded()
        let r = x - k * 0.693_147_180_369_123_8 - k * 1.908_214_929_270_587_7e-10
        var sum = 1.0
        for i in stride(from: 14.0, through: 1, by: -1) { sum = 1 + r / i * sum }
        return sum * Double(sign: .plus, exponent: Int(k), significand: 1)
    }
}
