/// Whether a loss, epoch after epoch, goes up and down without getting anywhere.
///
/// Over the last `epochs` epochs let the way be Σ |lossₖ − lossₖ₋₁|. The loss fluctuates if
/// - the way is on average more than `swing` of the loss's level for each epoch,
/// - it turned round at least twice,
/// - and from the first of these epochs to the last it went down by less than `progress` of the way.
///
/// The level is the mean loss; of `gaussian`, which is a logarithm and may be negative, it is 1.
package enum LossFluctuation {
    /// Epochs that are looked at.
    package static let epochs = 6
    /// Share of the level.
    package static let swing = 0.05
    /// Share of the way.
    package static let progress = 0.25

    /// The mean change from epoch to epoch as a share of the level, if the newest of `losses` fluctuate; otherwise nil.
    package static func swing(of losses: some BidirectionalCollection<Double>, isLogarithm: Bool) -> Double? {
        let losses = Array(losses.suffix(epochs))
        guard losses.count == epochs, losses.allSatisfy(\.isFinite) else { return nil }
        let steps = zip(losses.dropFirst(), losses).map { $0 - $1 }
        let way = steps.reduce(0) { $0 + abs($1) }
        let level = isLogarithm ? 1 : losses.reduce(0, +) / Double(epochs)
        let swing = way / Double(steps.count) / level
        let turns = zip(steps.dropFirst(), steps).count { $0 * $1 < 0 }
        let gained = losses[0] - losses[epochs - 1]
        return swing > Self.swing && turns >= 2 && gained < progress * way ? swing : nil
    }
}
