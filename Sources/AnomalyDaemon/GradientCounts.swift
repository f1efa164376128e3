import RecurrentModel

/// How many of a shard's streams have gradients that are fit to learn from.
struct GradientCounts: Sendable, Equatable {
    var healthy = 0
    var vanishing = 0
    var exploding = 0
    /// No update yet, or none with a target.
    var unknown = 0
    /// Updates left out because a gradient was not finite, in the lives of all models.
    var skippedUpdates: Int64 = 0

    mutating func count(_ judgement: GradientHealth.Judgement, skippedUpdates: Int64) {
        switch judgement {
        case .healthy: healthy += 1
        case .vanishing: vanishing += 1
        case .exploding: exploding += 1
        case .unknown: unknown += 1
        }
        self.skippedUpdates += skippedUpdates
    }

    static func + (left: GradientCounts, right: GradientCounts) -> GradientCounts {
        GradientCounts(
            healthy: left.healthy + right.healthy, vanishing: left.vanishing + right.vanishing,
            exploding: left.exploding + right.exploding, unknown: left.unknown + right.unknown,
            skippedUpdates: left.skippedUpdates + right.skippedUpdates)
    }
}
