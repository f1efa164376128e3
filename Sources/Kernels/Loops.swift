// The loops behind `KernelScalar`, reference and fallback of those in `CKernels`. They are generic in the source and
// inlined into the two concrete types there.
//
// Measured choice: SIMD8 values over column-major weights, several accumulators, `acc += p * q` and no horizontal sum.
// `addingProduct` looks better and is a trap: without FMA in the build's baseline it calls `fmaf` for every lane.

/// Reads or writes eight neighbours; the address needs no more alignment than one scalar has.
@inline(__always)
private func load<S: SIMDScalar>(_ p: UnsafePointer<S>) -> SIMD8<S> {
    UnsafeRawPointer(p).loadUnaligned(as: SIMD8<S>.self)
}

@inline(__always)
private func store<S: SIMDScalar>(_ v: SIMD8<S>, _ p: UnsafeMutablePointer<S>) {
    UnsafeMutableRawPointer(p).storeBytes(of: v, as: SIMD8<S>.self)
}

/// y(m) = start(m) + W(m, n) · x(n)
@inline(__always)
func affineVector<S: KernelScalar>(
    _ m: Int, _ n: Int, _ w: UnsafePointer<S>, _ x: UnsafePointer<S>,
    _ start: UnsafePointer<S>, _ y: UnsafeMutablePointer<S>
) {
    var i = 0
    // 32 rows at a time: four accumulators hide the latency of the additions.
    while i + 32 <= m {
        var a0 = load(start + i)
        var a1 = load(start + i + 8)
        var a2 = load(start + i + 16)
        var a3 = load(start + i + 24)
        var p = w + i
        for j in 0..<n {
            let s = SIMD8<S>(repeating: x[j])
            a0 += load(p) * s
            a1 += load(p + 8) * s
            a2 += load(p + 16) * s
            a3 += load(p + 24) * s
            p += m
        }
        store(a0, y + i)
        store(a1, y + i + 8)
        store(a2, y + i + 16)
        store(a3, y + i + 24)
        i += 32
    }
    // 16 rows: two accumulators for the even columns and two for the odd ones.
    while i + 16 <= m {
        var a0 = load(start + i)
        var a1 = load(start + i + 8)
        var b0 = SIMD8<S>.zero
        var b1 = SIMD8<S>.zero
        var p = w + i
        var j = 0
        while j + 2 <= n {
            let s = SIMD8<S>(repeating: x[j])
            let t = SIMD8<S>(repeating: x[j + 1])
            a0 += load(p) * s
            a1 += load(p + 8) * s
            b0 += load(p + m) * t
            b1 += load(p + m + 8) * t
            p += 2 * m
            j += 2
        }
        if j < n {
            let s = SIMD8<S>(repeating: x[j])
            a0 += load(p) * s
            a1 += load(p + 8) * s
        }
        store(a0 + b0, y + i)
        store(a1 + b1, y + i + 8)
        i += 16
    }
    while i + 8 <= m {
        var a = load(start + i)
        var b = SIMD8<S>.zero
        var p = w + i
        var j = 0
        while j + 2 <= n {
            a += load(p) * SIMD8<S>(repeating: x[j])
            b += load(p + m) * SIMD8<S>(repeating: x[j + 1])
            p += 2 * m
            j += 2
        }
        if j < n { a += load(p) * SIMD8<S>(repeating: x[j]) }
        store(a + b, y + i)
        i += 8
    }
    while i < m {
        var sum = start[i]
        for j in 0..<n { sum += w[i + j * m] * x[j] }
        y[i] = sum
        i += 1
    }
}

/// Σ x · y, of n numbers; none if n is not above 0.
func productLoop(_ x: UnsafePointer<Float>, _ y: UnsafePointer<Float>, _ n: Int) -> Float {
    var sums = SIMD8<Float>.zero
    var i = 0
    while i + 8 <= n {
        sums += load(x + i) * load(y + i)
        i += 8
    }
    var sum = sums.sum()
    while i < n {
        sum += x[i] * y[i]
        i += 1
    }
    return sum
}

/// C(m, n) += A(m, t) · B(n, t)ᵀ, two columns of C and sixteen rows at a time.
@inline(__always)
func outerAddLoop<S: KernelScalar>(
    _ m: Int, _ n: Int, _ t: Int, _ a: UnsafePointer<S>, _ aStride: Int, _ b: UnsafePointer<S>, _ bStride: Int,
    _ c: UnsafeMutablePointer<S>
) {
    var j = 0
    while j + 2 <= n {
        let c0 = c + j * m
        let c1 = c0 + m
        var i = 0
        while i + 16 <= m {
            var p0 = load(c0 + i)
            var p1 = load(c0 + i + 8)
            var q0 = load(c1 + i)
            var q1 = load(c1 + i + 8)
            var u = a + i
            var v = b + j
            for _ in 0..<t {
                let s = SIMD8<S>(repeating: v[0])
                let r = SIMD8<S>(repeating: v[1])
                let x0 = load(u)
                let x1 = load(u + 8)
                p0 += x0 * s
                p1 += x1 * s
                q0 += x0 * r
                q1 += x1 * r
                u += aStride
                v += bStride
            }
            store(p0, c0 + i)
            store(p1, c0 + i + 8)
            store(q0, c1 + i)
            store(q1, c1 + i + 8)
            i += 16
        }
        outerAddColumn(i, m, t, a, aStride, b + j, bStride, c0)
        outerAddColumn(i, m, t, a, aStride, b + j + 1, bStride, c1)
        j += 2
    }
    if j < n { outerAddColumn(0, m, t, a, aStride, b + j, bStride, c + j * m) }
}

/// Rows `first..<m` of one column of C.
@inline(__always)
private func outerAddColumn<S: KernelScalar>(
    _ first: Int, _ m: Int, _ t: Int, _ a: UnsafePointer<S>, _ aStride: Int, _ b: UnsafePointer<S>, _ bStride: Int,
    _ c: UnsafeMutablePointer<S>
) {
    var i = first
    while i + 8 <= m {
        var sum = load(c + i)
        for k in 0..<t { sum += load(a + i + k * aStride) * SIMD8<S>(repeating: b[k * bStride]) }
        store(sum, c + i)
        i += 8
    }
    while i < m {
        var sum = c[i]
        for k in 0..<t { sum += a[i + k * aStride] * b[k * bStride] }
        c[i] = sum
        i += 1
    }
}

/// out(n, m) = W(m, n)ᵀ
@inline(__always)
func transposeLoop<S: KernelScalar>(_ m: Int, _ n: Int, _ w: UnsafePointer<S>, _ out: UnsafeMutablePointer<S>) {
    for j in 0..<n {
        for i in 0..<m { out[j + i * n] = w[i + j * m] }
    }
}

/// y(m) += Σ over the t columns of A(m, t)
@inline(__always)
func sumColumnsLoop<S: KernelScalar>(
    _ m: Int, _ t: Int, _ a: UnsafePointer<S>, _ aStride: Int, _ y: UnsafeMutablePointer<S>
) {
    var i = 0
    while i + 8 <= m {
        var sum = load(y + i)
        for k in 0..<t { sum += load(a + i + k * aStride) }
        store(sum, y + i)
        i += 8
    }
    while i < m {
        var sum = y[i]
        for k in 0..<t { sum += a[i + k * aStride] }
        y[i] = sum
        i += 1
    }
}

/// y += x, elementwise.
@inline(__always)
func addLoop<S: KernelScalar>(_ x: UnsafePointer<S>, _ y: UnsafeMutablePointer<S>, _ n: Int) {
    var i = 0
    while i + 8 <= n {
        store(load(y + i) + load(x + i), y + i)
        i += 8
    }
    while i < n {
        y[i] += x[i]
        i += 1
    }
}

/// Σ x².
@inline(__always)
func squaresLoop<S: KernelScalar>(_ x: UnsafePointer<S>, _ n: Int) -> Double {
    var lanes = SIMD8<S>.zero
    var i = 0
    while i + 8 <= n {
        let v: SIMD8<S> = load(x + i)
        lanes += v * v
        i += 8
    }
    var sum = lanes.sum()
    while i < n {
        sum += x[i] * x[i]
        i += 1
    }
    return Double(sum)
}
