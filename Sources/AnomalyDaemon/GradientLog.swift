import Logging
import PointStore
import RecurrentModel
import Synchronization

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
        logger.tell(isExploding ? .gradientsExplode : .gradientsVanish, metadata)
    }
}
