import AnomalyDetection
import CPoints

/// Points of one channel that are being summed up.
struct RollupBucket {
    /// Its begin, in microseconds since 1970.
    var start: Int64
    var count: Int64 = 0
    var missing: Int64 = 0
    var anomalies: Int64 = 0
    /// NaN without values, as are the others.
    var minimum = Double.nan
    var maximum = Double.nan
    var mean = Double.nan
    /// NaN if no point was scored.
    var worst = Double.nan

    init(start: Int64) { self.start = start }

    /// - Parameter points: at least one; all of them lie in this bucket.
    init(start: Int64, _ points: UnsafeBufferPointer<anomalyd_point>.SubSequence) {
        self.start = start
        // Relative to the first value: equal ones have exactly it as their mean.
        var (base, sum) = (0.0, 0.0)
        var (low, high, worst) = (Double.infinity, -Double.infinity, -Double.infinity)
        for point in points {
            if !point.value.isNaN {
                if count == 0 { base = point.value }
                count += 1
                sum += point.value - base
                low = low < point.value ? low : point.value
                high = high > point.value ? high : point.value
            }
            // False for NaN.
            if point.score > worst { worst = point.score }
            anomalies += Int64(point.flags >> 2 & 1)
        }
        missing = Int64(points.count) - count
        if worst > -.infinity { self.worst = worst }
        guard count > 0 else { return }
        (minimum, maximum) = (low, high)
        let number = Double(count)
        mean = base + sum / number
        // The sum was too large; the parts of a mean never are.
        if !mean.isFinite { mean = points.reduce(0) { $1.value.isNaN ? $0 : $0 + $1.value / number } }
    }

    /// Adds what another bucket has, which lies in this one.
    mutating func add(_ other: RollupBucket) {
        if other.count > 0 {
            let share = Double(other.count) / Double(count + other.count)
            mean = count == 0 ? other.mean : Self.mean(mean, other.mean, share)
            minimum = count == 0 ? other.minimum : min(minimum, other.minimum)
            maximum = count == 0 ? other.maximum : max(maximum, other.maximum)
        }
        if !other.worst.isNaN { worst = worst.isNaN ? other.worst : max(worst, other.worst) }
        count += other.count
        missing += other.missing
        anomalies += other.anomalies
    }

    /// Two means as one.
    ///
    /// - Parameter share: weight of the second one, 0…1.
    private static func mean(_ one: Double, _ other: Double, _ share: Double) -> Double {
        let mean = one + (other - one) * share
        return mean.isFinite ? mean : one * (1 - share) + other * share
    }
}
