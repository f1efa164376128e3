/// How rare a residual is among those of a whole range: as ``ResidualTail``, but with all residuals at hand.
///
/// By rank up to a threshold, beyond it by a generalised Pareto tail. What would disturb the fit, the anomalies
/// themselves, is in the range as well. So the tail begins as an exponential one through the median of the excesses,
/// which a few anomalies hardly move, and is then fitted again and again to excesses that count at most twice as far
/// beyond the threshold as the alarm lies by the fit before.
struct HindsightTail: Sendable {
    /// Fits after the first.
    private static let refits = 8
    private static let median = 0.693_147_180_559_945_3

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
        let wanted = min(max(Int(Double(n) * settings.tail), ParetoTail.fewestExcesses), n / 4)
        if wanted == 0 { return }
        let threshold = self.sizes[n - 1 - wanted]
        self.threshold = threshold
        let excesses = self.sizes[(n - wanted)...].map { $0 - threshold }.filter { $0 > 0 }
        if excesses.isEmpty { return }
        thresholdShare = Double(excesses.count) / Double(n)
        tail.sigma = excesses[excesses.count / 2] / Self.median
        let alarm = min(1, settings.falseAlarmProbability / thresholdShare)
        for _ in 0..<Self.refits {
            let limit = 2 * tail.excess(ofProbability: alarm)
            tail = ParetoTail(ascending: excesses.map { min($0, limit) })
        }
    }

    /// Probability that an ordinary residual is at least this large, in (0, 1].
    func probability(of size: Double) -> Double {
        if size > threshold, tail.sigma > 0 {
            return max(thresholdShare * tail.probability(of: size - threshold), Double.leastNormalMagnitude)
        }
        if size == 0 || sizes.isEmpty { return 1 }
        let below = sizes.partitioningIndex { $0 >= size }
        return Double(sizes.count - below + 1) / Double(sizes.count + 1)
    }
}

extension Array {
    /// Index of the first element that belongs to the second part; elements of the first part come before those.
    fileprivate func partitioningIndex(where isSecond: (Element) -> Bool) -> Int {
        var low = 0
        var high = count
        while low < high {
            let middle = (low + high) / 2
            if isSecond(self[middle]) { high = middle } else { low = middle + 1 }
        }
        return low
    }
}
