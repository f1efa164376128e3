import CKernels
import Foundation
import Kernels
import Testing

/// The forms made for a processor, as far as this one has them, against the loops in Swift and against each other.
@Suite struct WideLoopTests {
    static var variants: [ck_loops] { (0..<4).compactMap { ck_variant($0)?.pointee } }
    /// Around the edges of registers, of the parts that a sum is made of, and of tiles.
    static let shapes = [1, 2, 7, 8, 9, 15, 16, 17, 24, 31, 32, 33, 48, 50, 64, 96, 130].flatMap { m in
        [1, 2, 3, 5, 16, 33].map { (m, $0) }
    }

    private func numbers(_ count: Int, seed: UInt64) -> [Float] {
        var state = seed
        return (0..<count).map { _ in
            state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            return Float(Double(Int64(bitPattern: state) >> 11) / Double(1 << 52))
        }
    }

    /// Runs `body` with each variant; all must leave the same bits. Returns them, nil if this processor has none.
    private func sameBits(_ body: (ck_loops) -> [Float]) -> [Float]? {
        let results = Self.variants.map(body)
        let bits = results.map { $0.map(\.bitPattern) }
        for other in bits.dropFirst() { #expect(other == bits[0]) }
        return results.first
    }

    private func expectClose(_ found: [Float]?, _ expected: [Float], tolerance: Float = 2e-5) {
        guard let found else { return }
        #expect(found.count == expected.count)
        for (a, b) in zip(found, expected) { #expect(abs(a - b) <= tolerance * max(1, abs(b))) }
    }

    @Test func theNamesAreThoseOfTheVariants() {
        for variant in Self.variants { #expect(KernelVariant(rawValue: String(cString: variant.name)) != nil) }
        #expect(Self.variants.isEmpty == (KernelVariant.current == .portable) || KernelVariant.current == .portable)
    }

    @Test(arguments: shapes) func products(_ m: Int, _ n: Int) {
        let batch = 19
        let w = numbers(m * n, seed: 1)
        let x = numbers((n + 3) * batch, seed: 2)
        let y0 = numbers((m + 2) * batch, seed: 3)
        var expected = y0
        for b in 0..<batch {
            for i in 0..<m {
                for j in 0..<n { expected[b * (m + 2) + i] += w[i + j * m] * x[b * (n + 3) + j] }
            }
        }
        let together = sameBits { loops in
            var y = y0
            y.withUnsafeMutableBufferPointer { y in
                let y = y.baseAddress!
                loops.affine(m, n, batch, w, x, n + 3, y, m + 2, y, m + 2)
            }
            return y
        }
        expectClose(together, expected)
        let apart = sameBits { loops in
            var y = y0
            for b in 0..<batch {
                y.withUnsafeMutableBufferPointer { y in
                    x.withUnsafeBufferPointer { x in
                        let (from, to) = (x.baseAddress! + b * (n + 3), y.baseAddress! + b * (m + 2))
                        loops.affine(m, n, 1, w, from, n + 3, to, m + 2, to, m + 2)
                    }
                }
            }
            return y
        }
        #expect(apart == together, "a row alone has the bits of the row in a batch")
    }

    @Test(arguments: shapes) func correlations(_ lags: Int, _ n: Int) {
        let series = numbers(n, seed: 9)
        let padded = series + [Float](repeating: 0, count: lags)
        let expected = (0..<lags).map { lag in
            lag < n ? zip(series, series[lag...]).reduce(0) { $0 + $1.0 * $1.1 } : 0
        }
        func run(_ body: (UnsafeBufferPointer<Float>, UnsafeMutableBufferPointer<Float>) -> Void) -> [Float] {
            var sums = [Float](repeating: .nan, count: lags)
            padded.withUnsafeBufferPointer { x in sums.withUnsafeMutableBufferPointer { body(x, $0) } }
            return sums
        }
        expectClose(sameBits { loops in run { loops.correlate(lags, n, $0.baseAddress!, $1.baseAddress!) } }, expected)
        expectClose(run { Float.correlate($0, $1) }, expected)
    }

    @Test(arguments: shapes) func outerProductsSumsAndTransposes(_ m: Int, _ n: Int) {
        let terms = 11
        let a = numbers((m + 1) * terms, seed: 4)
        let b = numbers((n + 1) * terms, seed: 5)
        let c0 = numbers(m * n, seed: 6)
        var expected = c0
        var sums = Array(c0.prefix(m))
        for k in 0..<terms {
            for j in 0..<n {
                for i in 0..<m { expected[i + j * m] += a[i + k * (m + 1)] * b[j + k * (n + 1)] }
            }
            for i in 0..<m { sums[i] += a[i + k * (m + 1)] }
        }
        expectClose(
            sameBits { loops in
                var c = c0
                loops.outer_add(m, n, terms, a, m + 1, b, n + 1, &c)
                return c
            }, expected)
        expectClose(
            sameBits { loops in
                var y = Array(c0.prefix(m))
                loops.sum_columns(m, terms, a, m + 1, &y)
                return y
            }, sums)
        let transposed = (0..<m).flatMap { i in (0..<n).map { c0[i + $0 * m] } }
        expectClose(
            sameBits { loops in
                var out = [Float](repeating: 0, count: m * n)
                loops.transpose(m, n, c0, &out)
                return out
            }, transposed, tolerance: 0)
    }

    @Test(arguments: [1, 7, 8, 15, 16, 17, 31, 100]) func sumsOfSquaresAndVectors(_ n: Int) {
        let x = numbers(n, seed: 7)
        let y0 = numbers(n, seed: 8)
        expectClose(sameBits { [$0.squares(n, x)] }, [x.reduce(0) { $0 + $1 * $1 }])
        expectClose(
            sameBits { loops in
                var y = y0
                loops.add(n, x, &y)
                return y
            }, zip(x, y0).map(+), tolerance: 0)
    }

    /// Every loop of every cell: the same bits at every width, and the cells' formulas written down plainly.
    @Test(arguments: [1, 7, 8, 9, 16, 20, 33]) func cells(_ hidden: Int) {
        let batch = 3
        let x0 = numbers(4 * hidden * batch, seed: 9).map { $0 * 3 }
        let r0 = numbers(4 * hidden * batch, seed: 10).map { $0 * 3 }
        let p0 = numbers(2 * hidden * batch, seed: 11)
        let d0 = numbers(2 * hidden * batch, seed: 12)
        func run(_ pick: (ck_loops) -> (Int, Int, ck_cell) -> Void, _ state0: [Float], _ x0: [Float]) -> [Float]? {
            sameBits { loops in
                var (x, r, state, d) = (x0, r0, state0, d0)
                x.withUnsafeMutableBufferPointer { x in
                    r.withUnsafeMutableBufferPointer { r in
                        state.withUnsafeMutableBufferPointer { state in
                            d.withUnsafeMutableBufferPointer { d in
                                p0.withUnsafeBufferPointer { p in
                                    pick(loops)(
                                        hidden, batch,
                                        ck_cell(
                                            x: x.baseAddress, r: r.baseAddress, state: state.baseAddress,
                                            d: d.baseAddress, previous: p.baseAddress))
                                }
                            }
                        }
                    }
                }
                return x + r + state + d
            }
        }
        let zero = [Float](repeating: 0, count: 2 * hidden * batch)
        let states = 2 * x0.count..<(2 * x0.count + 2 * hidden * batch)
        func sigmoid(_ x: Float) -> Float { 1 / (1 + exponential(-x)) }

        if let all = run({ l in { l.gru_forward($0, $1, $2) } }, zero, x0) {
            for b in 0..<batch {
                for i in 0..<hidden {
                    let at = { (gate: Int) in b * 3 * hidden + gate * hidden + i }
                    let reset = sigmoid(x0[at(0)] + r0[at(0)])
                    let update = sigmoid(x0[at(1)] + r0[at(1)])
                    let new = 2 * sigmoid(2 * (x0[at(2)] + reset * r0[at(2)])) - 1
                    let expected = (1 - update) * new + update * p0[b * hidden + i]
                    #expect(abs(all[states][states.lowerBound + b * hidden + i] - expected) < 1e-5)
                }
            }
        }
        if let all = run({ l in { l.lstm_forward($0, $1, $2) } }, zero, x0) {
            for b in 0..<batch {
                for i in 0..<hidden {
                    let at = { (gate: Int) in b * 4 * hidden + gate * hidden + i }
                    let c =
                        sigmoid(x0[at(1)]) * p0[b * 2 * hidden + hidden + i]
                        + sigmoid(x0[at(0)]) * (2 * sigmoid(2 * x0[at(2)]) - 1)
                    let h = sigmoid(x0[at(3)]) * (2 * sigmoid(2 * c) - 1)
                    let state = all[states]
                    #expect(abs(state[state.startIndex + b * 2 * hidden + i] - h) < 1e-5)
                    #expect(abs(state[state.startIndex + b * 2 * hidden + hidden + i] - c) < 1e-5)
                }
            }
        }

        // Backward is checked against finite differences and PyTorch in RecurrentModelTests; here, that widths agree.
        let gates = x0.map { ($0 / 3 + 1) / 2 }
        for pick: (ck_loops) -> (Int, Int, ck_cell) -> Void in [
            { l in { l.rnn_forward($0, $1, $2) } }, { l in { l.rnn_backward($0, $1, $2) } },
            { l in { l.lstm_backward($0, $1, $2) } }, { l in { l.gru_backward($0, $1, $2) } },
        ] {
            if let all = run(pick, p0, gates) {
                let finite = all.filter(\.isFinite)
                #expect(finite.count == all.count)
            }
        }
    }

    private func exponential(_ x: Float) -> Float { Float(Double.exponential(SIMD8(repeating: Double(x)))[0]) }

    @Test func tanhIsPreciseSaturatesAndHidesNoNaN() {
        for loops in Self.variants {
            let numbers = (-20_000...20_000).map { Float($0) / 1000 }
            var x = [.nan, .infinity, -.infinity] + numbers
            var state = [Float](repeating: 0, count: x.count)
            let count = x.count
            x.withUnsafeMutableBufferPointer { x in
                state.withUnsafeMutableBufferPointer { state in
                    loops.rnn_forward(
                        count, 1, ck_cell(x: x.baseAddress, r: nil, state: state.baseAddress, d: nil, previous: nil))
                }
            }
            #expect(state[0].isNaN && state[1] == 1 - .ulpOfOne / 2 && state[2] == -state[1])
            for (x, y) in zip(numbers, state.dropFirst(3)) {
                let exact = Foundation.tanh(Double(x))
                #expect(abs(y) <= 1 && abs(Double(y) - exact) <= 5 * Double(Float(exact).ulp) + 1e-12, "tanh(\(x))")
            }
        }
    }

    /// With moments in full, and in 16 bits.
    @Test(arguments: [1, 7, 8, 15, 16, 17, 977]) func stepsOfAdam(_ count: Int) {
        let gradient = numbers(count, seed: 5)
        let constants = ck_adam(
            size: 0.01, shrink: 0.999, correction: 1.5, keep1: 0.9, take1: 0.1, keep2: 0.999, take2: 0.001,
            epsilon: 1e-8)
        var full: [Float] = []
        let all = sameBits { loops in
            var parameters = numbers(count, seed: 6)
            var (first, second) = ([Float](repeating: 0, count: count), [Float](repeating: 0, count: count))
            for _ in 0..<20 { loops.adam(count, constants, gradient, &first, &second, &parameters) }
            full = parameters
            return first + second + parameters
        }
        let short = sameBits { loops in
            var parameters = numbers(count, seed: 6)
            var (first, second) = ([UInt16](repeating: 0, count: count), [UInt16](repeating: 0, count: count))
            for step in 1...20 as ClosedRange<Int64> {
                let dither = MomentDither(step: step)
                let fractions = ck_dither(first: dither.first, second: dither.second, stride: dither.stride)
                loops.short_adam(count, constants, fractions, gradient, &first, &second, &parameters)
            }
            return parameters + first.map { Float($0) } + second.map { Float($0) }
        }
        #expect((all == nil) == (short == nil))
        expectClose(short.map { Array($0[..<count]) }, full, tolerance: 1e-2)
    }
}
