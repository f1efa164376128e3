import RealModule

/// A generalised Pareto distribution fitted to what exceeds a threshold: P(X > x) = (1 + ξ x / σ)^(−1/ξ).
///
/// The shape ξ is kept in 0…0.9: a negative one would give the tail an end and call anything beyond it impossible.
struct ParetoTail: Sendable {
    /// Below this, ξ counts as 0.
    private static let smallestShape = 1e-6
    private static let largestShape = 0.9
    /// Residuals of real streams have tails a little heavier than exponential ones. The shape that two quantiles show
    /// is drawn towards this, as if so many more excesses had it: a few dozen can't tell it alone.
    private static let usualShape = 0.15
    private static let usualWeight = 100.0

    /// σ, in the units of the excesses; 0 if there were none.
    var sigma = 0.0
    /// ξ.
    var shape = 0.0

    init() {}

    /// By median and upper quartile, as Pickands 1975 fits the shape: up to a quarter of the excesses may be of any
    /// size without moving the fit much. From (x₇₅ / x₅₀ − 1) = 2^ξ follows ξ, and σ from the median.
    ///
    /// - Parameter excesses: beyond the threshold, ascending, more than 0.
    init(quartilesOf excesses: [Double]) {
        let m = excesses.count
        if m == 0 { return }
        func quantile(_ share: Double) -> Double {
            let place = share * Double(m - 1)
            let low = excesses[Int(place)]
            return low + (excesses[min(m - 1, Int(place) + 1)] - low) * (place - place.rounded(.down))
        }
        let median = quantile(0.5)
        let ratio = quantile(0.75) / median - 1
        let found = ratio > 0 ? max(0, min(Self.largestShape, Double.log2(ratio))) : 0
        shape = (Double(m) * found + Self.usualWeight * Self.usualShape) / (Double(m) + Self.usualWeight)
        sigma = shape * median / (Double.exp2(shape) - 1)
    }

    /// P(X > excess), where `sigma` is not 0.
    func probability(of excess: Double) -> Double {
        let x = excess / sigma
        return shape < Self.smallestShape ? Double.exp(-x) : Double.exp(-Double.log(onePlus: shape * x) / shape)
    }
}
