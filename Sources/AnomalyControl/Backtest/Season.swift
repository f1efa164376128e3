/// The length of the cycle that a series repeats, for the forecast "as one season before".
package enum Season {
    /// Longest season that is looked for, in rows: a week of five minutes, and some more for its peak to stand out.
    package static let longest = 2100
    /// Least height of a peak of the autocorrelation above the deepest valley before it: 0.1, and eight standard
    /// deviations that the autocorrelations of noise have, 1/√n.
    private static func leastRise(rows: Int) -> Double { max(0.1, 8 / Double(rows).squareRoot()) }

    /// Finds the season as the lag at which the autocorrelation has risen highest above its lowest value before.
    ///
    /// The highest autocorrelation itself says little: in a smooth series it is always that of neighbours. Lags go up
    /// to `longest` and to a third of the series. Missing values count as the mean.
    ///
    /// - Parameter values: finite or NaN.
    /// - Returns: at least 2 rows; nil if no peak rises enough.
    package static func find(in values: [Double]) -> Int? {
        let lags = min(longest, values.count / 3)
        guard lags >= 2 else { return nil }
        let correlations = autocorrelations(of: values, through: lags + 1)
        let leastRise = leastRise(rows: values.count)
        var lowest = correlations[1]
        var best: (lag: Int, rise: Double)?
        for lag in 2...lags {
            let here = correlations[lag]
            lowest = min(lowest, here)
            let isPeak = correlations[lag - 1] < here && here >= correlations[lag + 1]
            if isPeak, here - lowest >= leastRise, here - lowest > best?.rise ?? 0 { best = (lag, here - lowest) }
        }
        return best?.lag
    }

    /// Autocorrelations of the lags 0 to `last`, by the usual estimator, which divides by n at every lag and so does
    /// not favour long ones; all 0 for a series that does not change.
    ///
    /// Directly, as eight lanes of Float do it in some 10 ms for 30,000 rows: a Fourier transform would be one more
    /// thing to own.
    private static func autocorrelations(of values: [Double], through last: Int) -> [Double] {
        let known = values.filter { !$0.isNaN }
        // Halves, because a difference of two doubles may overflow.
        let mean = known.reduce(0) { $0 + $1 / Double(known.count) }
        let size = known.reduce(0) { max($0, abs($1 / 2 - mean / 2)) }
        guard size > 0 else { return Array(repeating: 0, count: last + 1) }
        var x = values.map { $0.isNaN ? Float(0) : Float(($0 / 2 - mean / 2) / size) }
        // Zeros at the end add nothing, and let every lag read in whole lanes.
        let count = x.count
        x += repeatElement(0, count: last + 8)
        let products = x.withUnsafeBytes { x in
            (0...last).map { lag in
                var sum = SIMD8<Float>.zero
                var total = 0.0
                for row in stride(from: 0, to: count, by: 8) {
                    let here = x.loadUnaligned(fromByteOffset: 4 * row, as: SIMD8<Float>.self)
                    let there = x.loadUnaligned(fromByteOffset: 4 * (row + lag), as: SIMD8<Float>.self)
                    sum += here * there
                    // In Float, a long sum would lose what is added late.
                    if row & 4095 == 4088 {
                        total += Double(sum.sum())
                        sum = .zero
                    }
                }
                return total + Double(sum.sum())
            }
        }
        guard products[0] > 0 else { return Array(repeating: 0, count: last + 1) }
        return products.map { $0 / products[0] }
    }
}
