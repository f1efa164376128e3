/// How rare a residual is among those of a whole range: as ``ResidualTail``, but with all residuals at hand.
///
/// By rank up to a threshold, beyond it by a generalised Pareto tail. The anomalies are among the residuals that it is
/// fitted to, so that it is fitted to two quantiles, which a few large residuals hardly move, not to moments: by those,
/// a single spike of ten standard deviations in 1,000 points of noise would count as what is to be expected there.
struct HindsightTail: Sendable {
    /// Share of the residuals, the largest ones, that the tail is fitted to. Larger than online: holidays and outages can
    /// be some per cent of a range, and shall be no more than a small part of what is fitted.
    private static let share = 0.1
    /// Fewest excesses to be fitted to, where there are four times as many residuals.
    private static let fewestExcesses = 20

    /// Half-width of the band, in the residual's own units; NaN without residuals.
    private(set) var band = Double.nan
    /// Ascending.
    private let sizes: [Double]
    private var threshold = Double.infinity
    private var thresholdShare = 1.0
    private var tail = ParetoTail()

    /// - Parameter sizes: 0 or more; NaN where there is none.
    init(_ sizes: [Double], _ settings: ScoreSettings) {
        self.sizes = sizes.filter { !$0.isNaN }.sorted()
        let n = self.sizes.count
        if n == 0 { return }
        band = self.sizes[min(n - 1, Int(Double(n) * settings.band))]
        let wanted = min(max(Int(Double(n) * Self.share), Self.fewestExcesses), n / 4)
        if wanted == 0 { return }
        let threshold = self.sizes[n - 1 - wanted]
        self.threshold = threshold
        let excesses = self.sizes[(n - wanted)...].map { $0 - threshold }.filter { $0 > 0 }
        if excesses.isEmpty { return }
        thresholdShare = Double(excesses.count) / Double(n)
        tail = ParetoTail(quartilesOf: excesses)
    }

    /// Probability that an ordinary residual is at least this large, in (0, 1].
    func probability(of size: Double) -> Double {
        if size > threshold, tail.sigma > 0 {
            return max(thresholdShare * tail.probability(of: size - threshold), Double.leastNormalMagnitude)
        }
        if size == 0 || sizes.isEmpty { return 1 }
        return Double(sizes.count - countBelow(size) + 1) / Double(sizes.count + 1)
    }

    private func countBelow(_ size: Double) -> Int {
        var low = 0
        var high = sizes.count
        while low < high {
            let middle = (low + high) / 2
            if sizes[middle] >= size { high = middle } else { low = middle + 1 }
        }
        return low
    }
}
