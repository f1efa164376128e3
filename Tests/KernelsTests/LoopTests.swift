import Foundation
import Kernels
import Testing

/// Numbers in (−1, 1) that are the same in each run.
private func numbers<S: KernelScalar>(_ count: Int, seed: UInt64) -> [S] {
    var state = seed
    return (0..<count).map { _ in
        state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
        return S(Double(Int64(bitPattern: state) >> 11) / Double(1 << 52))
    }
}

@Suite struct LoopTests {
    /// Shapes around each edge of the blocking: 8, 16 and 32 rows, odd columns, odd batches.
    static let shapes = [1, 7, 8, 9, 15, 16, 17, 31, 32, 33, 48, 50, 96].flatMap { m in
        [1, 2, 3, 16, 33].map { (m, $0) }
    }

    @Test(arguments: shapes) func productsAgreeWithTheDefinition(_ m: Int, _ n: Int) {
        check(m, n, Float.self, tolerance: 1e-4)
        check(m, n, Double.self, tolerance: 1e-12)
    }

    private func check<S: KernelScalar>(_ m: Int, _ n: Int, _: S.Type, tolerance: S) {
        let batch = 3
        let w: [S] = numbers(m * n, seed: 1)
        let x: [S] = numbers(n * batch, seed: 2)
        let y0: [S] = numbers(m * batch, seed: 3)

        var y = y0
        S.multiplyAdd(rows: m, columns: n, batch: batch, w, x, xStride: n, &y, yStride: m)
        for b in 0..<batch {
            for i in 0..<m {
                let expected = (0..<n).reduce(y0[b * m + i]) { $0 + w[i + $1 * m] * x[b * n + $1] }
                #expect(abs(y[b * m + i] - expected) <= tolerance)
            }
        }

        var c = w
        S.outerAdd(rows: m, columns: n, terms: batch, y0, aStride: m, x, bStride: n, &c)
        for j in 0..<n {
            for i in 0..<m {
                let expected = (0..<batch).reduce(w[i + j * m]) { $0 + y0[$1 * m + i] * x[$1 * n + j] }
                #expect(abs(c[i + j * m] - expected) <= tolerance)
            }
        }

        var t = [S](repeating: 0, count: m * n)
        S.transpose(rows: m, columns: n, w, &t)
        for j in 0..<n {
            for i in 0..<m { #expect(t[j + i * n] == w[i + j * m]) }
        }

        var sums = [S](repeating: 0, count: m)
        S.sumColumns(rows: m, terms: batch, y0, aStride: m, &sums)
        for i in 0..<m {
            #expect(abs(sums[i] - (0..<batch).reduce(0) { $0 + y0[$1 * m + i] }) <= tolerance)
        }
    }

    /// Replay depends on it: a row has the same bits alone and in a batch.
    @Test(arguments: [5, 16, 48, 50, 96]) func batchesDoNotChangeARowsBits(_ m: Int) {
        let n = 17
        let batch = 5
        let w: [Float] = numbers(m * n, seed: 1)
        let x: [Float] = numbers(n * batch, seed: 2)
        var together = [Float](repeating: 0, count: m * batch)
        Float.multiplyAdd(rows: m, columns: n, batch: batch, w, x, xStride: n, &together, yStride: m)
        for b in 0..<batch {
            var alone = [Float](repeating: 0, count: m)
            Array(x[(b * n)..<((b + 1) * n)]).withUnsafeBufferPointer {
                Float.multiplyAdd(
                    rows: m, columns: n, batch: 1, w, $0.baseAddress!, xStride: n, &alone, yStride: m)
            }
            #expect(alone.map(\.bitPattern) == together[(b * m)..<((b + 1) * m)].map(\.bitPattern))
        }
    }
}

@Suite struct ActivationTests {
    @Test func floatTanhIsPreciseEverywhere() {
        for step in -20_000...20_000 {
            let x = Float(step) / 1000
            let y = Float.tanh(SIMD8(repeating: x))[3]
            let exact = Foundation.tanh(Double(x))
            #expect(abs(Double(y) - exact) <= 5 * Double(Float(exact).ulp) + 1e-12, "tanh(\(x))")
        }
    }

    @Test func doubleTanhIsPreciseEverywhere() {
        for step in -20_000...20_000 {
            let x = Double(step) / 997
            let y = Double.tanh(SIMD8(repeating: x))[5]
            #expect(abs(y - Foundation.tanh(x)) <= 4e-16 + 4 * Foundation.tanh(x).ulp, "tanh(\(x))")
        }
    }

    @Test func sigmoidIsPrecise() {
        for step in -3000...3000 {
            let x = Float(step) / 100
            let exact = 1 / (1 + exp(-Double(x)))
            #expect(abs(Double(Float.sigmoid(SIMD8(repeating: x))[0]) - exact) < 2e-7, "sigmoid(\(x))")
            #expect(abs(Double.sigmoid(SIMD8(repeating: Double(x)))[0] - exact) < 1e-15, "sigmoid(\(x))")
        }
    }

    @Test func exponentialIsPreciseEverywhere() {
        for step in -8700...8800 {
            let x = Float(step) / 100
            let exact = exp(Double(x))
            let y = Double(Float.exponential(SIMD8(repeating: x))[2])
            #expect(abs(y - exact) <= 2.4e-7 * exact, "exp(\(x))")
            let z = Double.exponential(SIMD8(repeating: Double(x) * 7))[4]
            #expect(abs(z - exp(Double(x) * 7)) <= 2e-15 * exp(Double(x) * 7), "exp(\(Double(x) * 7))")
        }
        #expect(Float.exponential(SIMD8(repeating: 0))[0] == 1 && Double.exponential(SIMD8(repeating: 0))[0] == 1)
        for x in [Float.infinity, 1e30, 89, 88.4] {
            #expect(Float.exponential(SIMD8(repeating: x))[0].isFinite)
            #expect(Float.exponential(SIMD8(repeating: -x))[0] < 1e-37)
        }
        #expect(Float.exponential(SIMD8(repeating: .nan))[0].isNaN)
        #expect(Double.exponential(SIMD8(repeating: .nan))[0].isNaN)
    }

    @Test func extremesSaturateAndNaNIsNotHidden() {
        for x in [Float.infinity, 1e30, 8, 100] {
            #expect(Float.tanh(SIMD8(repeating: x))[0] == 1)
            #expect(Float.tanh(SIMD8(repeating: -x))[0] == -1)
            #expect(Double.tanh(SIMD8(repeating: Double(x) * 10))[0] == 1)
        }
        #expect(Float.tanh(SIMD8(repeating: .nan))[0].isNaN)
        #expect(Double.tanh(SIMD8(repeating: .nan))[0].isNaN)
        #expect(Float.tanh(SIMD8(repeating: 0))[0] == 0)
    }
}
