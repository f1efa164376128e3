import CKernels

extension Float {
    /// Products of a series with itself, moved by each lag: for 0 ≤ k < `y.count`, y(k) = Σ x(i) · x(i + k) over the pairs
    /// that both lie in the series.
    ///
    /// - Parameter x: the series, and behind it as many zeros as there are lags.
    public static func correlate(_ x: UnsafeBufferPointer<Float>, _ y: UnsafeMutableBufferPointer<Float>) {
        let n = x.count - y.count
        precondition(n >= 0, "as many zeros as lags")
        guard let x = x.baseAddress, let lags = y.baseAddress else { return }
        if ck_is_wide() { return ck_current().pointee.correlate(y.count, n, x, lags) }
        for lag in y.indices { lags[lag] = productLoop(x, x + lag, n - lag) }
    }
}
