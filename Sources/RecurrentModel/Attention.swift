import Kernels

/// Attention over the last n states of the top layer (scaled dot-product, Vaswani et al. 2017, with one head): what
/// the current hidden state asks for is looked up among the last n ones, itself included.
///
///     q_t = W_q·h_t      k_s = W_k·h_s      v_s = W_v·h_s                      s = t−n+1 … t
///     a   = softmax_s(q_t·k_s · scale)      context_t = Σ_s a_s · v_s
///
/// The head then sees h_t followed by context_t, so W_head is (O, 2·D): concatenated, not added, because a head that
/// has both apart can weigh them itself and starts no worse than one without attention. The projections are learned,
/// square and without bias. Near the start of a sequence there are fewer states to attend to, and no made-up ones.
///
/// Being linear, the projections can change places with the sums: q_t·(W_k·h_s) = (W_kᵀ·q_t)·h_s and
/// Σ a_s · (W_v·h_s) = W_v·(Σ a_s · h_s). So keys and values are never computed, a step costs the same few products
/// however large n is, and the memory of a stream holds plain states, which stay right when the weights change.
///
/// D = H, or 2·H in a bidirectional network. Q: rows that the head answers for, N or B.
struct Attention<Scalar: KernelScalar>: Sendable {
    let width: Int
    let span: Int
    let scale: Scalar
    let query: ParameterView
    let key: ParameterView
    let value: ParameterView

    /// Nil if the shape has none.
    init?(_ shape: NetworkShape, layout: inout ParameterLayout) {
        if shape.attention == 0 { return nil }
        width = shape.width
        span = shape.attention
        switch shape.attentionScale {
        case .inverseRoot: scale = Scalar(1 / Double(shape.width).squareRoot())
        case .unscaled: scale = 1
        }
        query = layout.add("attention.query.weight", rows: width, columns: width)
        key = layout.add("attention.key.weight", rows: width, columns: width)
        value = layout.add("attention.value.weight", rows: width, columns: width)
    }

    /// What `forward` writes and `backward` reads, and its scratch, for Q rows.
    struct Tape {
        /// (D, Q): q, and W_kᵀ·q, which meets the states.
        var query: UnsafeMutablePointer<Scalar>
        var probe: UnsafeMutablePointer<Scalar>
        /// (n, Q): a, right-aligned: the current state's is the last.
        var weights: UnsafeMutablePointer<Scalar>
        /// (D, Q): Σ a_s · h_s.
        var mixed: UnsafeMutablePointer<Scalar>
        /// (D, Q) and (n): gradients of the above.
        var dQuery: UnsafeMutablePointer<Scalar>
        var dProbe: UnsafeMutablePointer<Scalar>
        var dMixed: UnsafeMutablePointer<Scalar>
        var dWeights: UnsafeMutablePointer<Scalar>
    }

    /// The states that can be attended to: the batch's own, and those that each sequence brought along.
    struct States {
        let attention: Attention
        /// (D, N) with `stride` from row to row, and the row of each step's first sequence.
        let top: UnsafePointer<Scalar>
        let stride: Int
        let firstRows: [Int]
        /// (M, B), see `memoryWidth`.
        let memory: UnsafePointer<Scalar>

        /// The first step that `row` can see; negative ones lie in the memory.
        @inline(__always)
        func first(_ row: HeadRow) -> Int {
            max(row.step - attention.span + 1, -attention.remembered(memory + row.sequence * attention.memoryWidth))
        }

        @inline(__always)
        subscript(step: Int, sequence: Int) -> UnsafePointer<Scalar> {
            if step >= 0 { return top + (firstRows[step] + sequence) * stride }
            return memory + sequence * attention.memoryWidth + (attention.span - 1 + step) * attention.width
        }
    }

    // MARK: Memory

    /// M: what one sequence carries on: the n − 1 states before, the newest last, and how many of them there are.
    var memoryWidth: Int { (span - 1) * width + 1 }

    /// How many states a memory holds; whatever its bits are, 0…n − 1.
    @inline(__always)
    func remembered(_ memory: UnsafePointer<Scalar>) -> Int {
        let count = memory[memoryWidth - 1]
        return count >= 1 ? Int(min(count, Scalar(span - 1))) : 0
    }

    /// Moves the memory of one sequence on by the `length` steps that it ran in the batch.
    func advance(
        _ memory: UnsafeMutablePointer<Scalar>, sequence: Int, length: Int, top: UnsafePointer<Scalar>, stride: Int,
        firstRows: [Int]
    ) {
        let count = min(span - 1, remembered(memory) + length)
        for slot in 0..<(span - 1) {
            let step = length - (span - 1) + slot
            var state = UnsafePointer(memory + (slot + length) * width)
            if step >= 0 { state = top + (firstRows[step] + sequence) * stride }
            (memory + slot * width).update(from: state, count: width)
        }
        memory[memoryWidth - 1] = Scalar(count)
    }

    // MARK: Forward

    /// headInput: (2·D, Q), whose first D numbers of each row hold h_t; the others receive the context.
    @specialized(where Scalar == Float)
    func forward(
        _ rows: [HeadRow], _ states: States, parameters p: UnsafePointer<Scalar>,
        headInput: UnsafeMutablePointer<Scalar>, tape: Tape
    ) {
        let d = width
        tape.query.update(repeating: 0, count: rows.count * d)
        Scalar.multiplyAdd(
            rows: d, columns: d, batch: rows.count, p + query.offset, headInput, xStride: 2 * d, tape.query, yStride: d)
        tape.weights.update(repeating: 0, count: rows.count * span)
        tape.mixed.update(repeating: 0, count: rows.count * d)
        for (i, row) in rows.enumerated() {
            let asked = UnsafePointer(tape.query + i * d)
            let probe = tape.probe + i * d
            for j in 0..<d { probe[j] = dot(p + (key.offset + j * d), asked, count: d) }
            let first = states.first(row)
            let used = row.step - first + 1
            let a = tape.weights + i * span + span - used
            for k in 0..<used { a[k] = dot(probe, states[first + k, row.sequence], count: d) * scale }
            softmax(a, count: used)
            for k in 0..<used { add(a[k], states[first + k, row.sequence], to: tape.mixed + i * d, count: d) }
            (headInput + (2 * i + 1) * d).update(repeating: 0, count: d)
        }
        Scalar.multiplyAdd(
            rows: d, columns: d, batch: rows.count, p + value.offset, tape.mixed, xStride: d, headInput + d,
            yStride: 2 * d)
    }

    // MARK: Backward

    /// dHeadInput: (2·D, Q) = ∂loss/∂headInput. Adds what the context does to ∂loss/∂(the batch's states) to `dTop`
    /// (D, N), and the weights' gradients to `gradient`. Memories are constants.
    @specialized(where Scalar == Float)
    func backward(
        _ rows: [HeadRow], _ states: States, parameters p: UnsafePointer<Scalar>, headInput: UnsafePointer<Scalar>,
        dHeadInput: UnsafePointer<Scalar>, tape: Tape, dTop: UnsafeMutablePointer<Scalar>,
        gradient: UnsafeMutablePointer<Scalar>, transposed: UnsafeMutablePointer<Scalar>
    ) {
        let d = width
        let count = rows.count
        let dContext = dHeadInput + d
        Scalar.outerAdd(
            rows: d, columns: d, terms: count, dContext, aStride: 2 * d, tape.mixed, bStride: d,
            gradient + value.offset)
        Scalar.transpose(rows: d, columns: d, p + value.offset, transposed)
        tape.dMixed.update(repeating: 0, count: count * d)
        Scalar.multiplyAdd(
            rows: d, columns: d, batch: count, transposed, dContext, xStride: 2 * d, tape.dMixed, yStride: d)

        tape.dProbe.update(repeating: 0, count: count * d)
        for (i, row) in rows.enumerated() {
            let probe = tape.probe + i * d
            let dMixed = tape.dMixed + i * d
            let first = states.first(row)
            let used = row.step - first + 1
            let a = tape.weights + i * span + span - used
            var mean: Scalar = 0
            for k in 0..<used {
                tape.dWeights[k] = dot(dMixed, states[first + k, row.sequence], count: d)
                mean += a[k] * tape.dWeights[k]
            }
            for k in 0..<used {
                let dScore = a[k] * (tape.dWeights[k] - mean) * scale
                add(dScore, states[first + k, row.sequence], to: tape.dProbe + i * d, count: d)
                if first + k < 0 { continue }
                let dState = dTop + (states.firstRows[first + k] + row.sequence) * d
                add(a[k], dMixed, to: dState, count: d)
                add(dScore, probe, to: dState, count: d)
            }
        }

        Scalar.outerAdd(
            rows: d, columns: d, terms: count, tape.query, aStride: d, tape.dProbe, bStride: d, gradient + key.offset)
        tape.dQuery.update(repeating: 0, count: count * d)
        Scalar.multiplyAdd(
            rows: d, columns: d, batch: count, p + key.offset, tape.dProbe, xStride: d, tape.dQuery, yStride: d)
        Scalar.outerAdd(
            rows: d, columns: d, terms: count, tape.dQuery, aStride: d, headInput, bStride: 2 * d,
            gradient + query.offset)
        Scalar.transpose(rows: d, columns: d, p + query.offset, transposed)
        for (i, row) in rows.enumerated() {
            Scalar.multiplyAdd(
                rows: d, columns: d, batch: 1, transposed, tape.dQuery + i * d, xStride: d, dTop + row.row * d,
                yStride: d)
        }
    }
}

/// Σ x · y.
@inline(__always)
private func dot<S: KernelScalar>(_ x: UnsafePointer<S>, _ y: UnsafePointer<S>, count n: Int) -> S {
    var sum = SIMD8<S>.zero
    for i in stride(from: 0, to: n, by: 8) { sum += lanes(x, i, of: n) * lanes(y, i, of: n) }
    return sum.sum()
}

/// y += a · x.
@inline(__always)
private func add<S: KernelScalar>(_ a: S, _ x: UnsafePointer<S>, to y: UnsafeMutablePointer<S>, count n: Int) {
    let factor = SIMD8<S>(repeating: a)
    for i in stride(from: 0, to: n, by: 8) { setLanes(y, i, of: n, lanes(y, i, of: n) + factor * lanes(x, i, of: n)) }
}

/// In place. The largest score is taken off first, so that nothing overflows.
@inline(__always)
private func softmax<S: KernelScalar>(_ a: UnsafeMutablePointer<S>, count n: Int) {
    var largest = a[0]
    for k in 1..<max(n, 1) where a[k] > largest { largest = a[k] }
    for i in stride(from: 0, to: n, by: 8) { setLanes(a, i, of: n, S.exponential(lanes(a, i, of: n) - largest)) }
    var sum: S = 0
    for k in 0..<n { sum += a[k] }
    for k in 0..<n { a[k] /= sum }
}
