/// Verdicts are rounded where that loses nothing that anybody looks at, so that they can be stored in a few bits each:
/// rounded once, before anything else sees them, they are the same wherever they are kept.
enum VerdictGrid {
    /// Residuals count in steps of 2⁻⁶ of the power of two below what is usual for them: the error is at most a 128th of the
    /// mean absolute residual.
    private static let bits = 6
    /// Larger numbers count in larger steps, so that none has more than 2⁴⁰ of them.
    private static let mostBits = 40
    /// Steps of a score of 1; the error is below 0.0025 decades of rarity.
    private static let scoreSteps = 4096.0

    /// A score that stays on its side of the threshold.
    static func score(_ score: Double, isFlagged: Bool) -> Double {
        (score * scoreSteps).rounded(isFlagged ? .up : .down) / scoreSteps
    }

    /// Rounds residual and half-width of the band to multiples of a power of two; the prediction is the value less the
    /// residual.
    ///
    /// - Parameters:
    ///   - verdict: a band is as wide below the prediction as above it.
    ///   - usual: mean absolute residual so far; 0 or NaN if nothing is known.
    static func rounded(_ verdict: ChannelVerdict, usual: Double) -> ChannelVerdict {
        let residual = verdict.residual
        // Of a missing value there is only the prediction.
        if residual.isNaN { return verdict }
        let halfWidth = verdict.upper - verdict.prediction
        let largest = max(abs(residual), halfWidth.isNaN ? 0 : halfWidth)
        let reference = usual > 0 ? usual : largest
        guard reference > 0, reference.isFinite, largest.isFinite else { return verdict }
        // No finer than the prediction itself, so that value - prediction is the residual again.
        let ulp = max(abs(verdict.value), abs(verdict.prediction)).ulp
        let exponent = max(
            Int(reference.exponent) - bits, largest > 0 ? Int(largest.exponent) - mostBits : Int.min,
            Int(ulp.exponent), -900)
        let step = Double(sign: .plus, exponent: exponent, significand: 1)
        var rounded = verdict
        // Plus 0: there is no -0.
        rounded.residual = (residual / step).rounded(.toNearestOrEven) * step + 0
        rounded.prediction = verdict.value - rounded.residual
        if !halfWidth.isNaN {
            let halfWidth = (halfWidth / step).rounded(.toNearestOrEven) * step
            rounded.lower = rounded.prediction - halfWidth
            rounded.upper = rounded.prediction + halfWidth
        }
        // The ends of the band lie beyond the prediction, if there is one.
        let isFinite = rounded.residual.isFinite && rounded.prediction.isFinite
        return isFinite && !rounded.lower.isInfinite && !rounded.upper.isInfinite ? rounded : verdict
    }
}
