import Logging
import PointStore
import RecurrentModel
import Synchronization

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

/// Says of streams that their gradients have vanished or exploded for long, no more often than `LogAllowance` permits:
/// one setting can bring all streams into trouble together.
final class GradientLog: Sendable {
    private let logger: Logger
    private let directory: StreamDirectory
    private let allowance = Mutex(LogAllowance())

    init(logger: Logger, directory: StreamDirectory) {
        self.logger = logger
        self.directory = directory
    }

    func report(_ health: GradientHealth, ofStream id: Int32) {
        let judgement = health.judgement
        guard let layer = health.layers.firstIndex(where: { $0.judgement == judgement }),
            let suppressed = allowance.withLock({ $0.take() })
        else { return }
        let isExploding = judgement == .exploding
        let hint =
            isExploding
            ? "it learns little from its newest points; try model.cell = gru or a smaller model.k2"
            : "it learns nothing from far back; try model.cell = gru, model.initialisation = orthogonal or a smaller "
                + "model.k2"
        var metadata: Logger.Metadata = [
            "stream": "\(directory.record(of: id)?.name ?? "\(id)")",
            "layer": "\(layer + 1) of \(health.layers.count)", "gain": "\(health.layers[layer].gain)",
            "steps": "\(health.steps)", "hint": "\(hint)",
        ]
        if suppressed > 0 { metadata["suppressed"] = "\(suppressed)" }
        logger.warning(
            isExploding ? "the gradients of a stream explode" : "the gradients of a stream vanish", metadata: metadata)
    }
}
