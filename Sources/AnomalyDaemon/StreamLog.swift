import FeedProtocol
import Logging
import PointStore
import RecurrentModel

/// Says what befalls streams, each kind of message rationed by itself: many streams may be hit together, by one event or
/// one setting.
final class StreamLog: Sendable {
    private let directory: StreamDirectory
    private let silences: RationedLog
    private let gradients: RationedLog

    init(logger: Logger, directory: StreamDirectory) {
        self.directory = directory
        silences = RationedLog(logger)
        gradients = RationedLog(logger)
    }

    /// - Parameters:
    ///   - newest: time of the stream's newest point, in microseconds since 1970.
    ///   - patience: the silence that it has outlasted, in microseconds.
    func fellSilent(_ stream: Int32, newest: Int64, patience: Int64) {
        silences.tell(
            .silent,
            [
                "stream": "\(name(of: stream))", "last_point": "\(RFC3339.string(newest))",
                "usual_silence_at_most": "\(Double(patience) / 1e6) s",
            ])
    }

    /// Gradients have vanished or exploded for long.
    func report(_ health: GradientHealth, of stream: Int32) {
        let judgement = health.judgement
        guard let layer = health.layers.firstIndex(where: { $0.judgement == judgement }) else { return }
        let isExploding = judgement == .exploding
        let hint =
            isExploding
            ? "it learns little from its newest points; try model.cell = gru or a smaller model.k2"
            : "it learns nothing from far back; try model.cell = gru, model.initialisation = orthogonal or a smaller "
                + "model.k2"
        gradients.tell(
            isExploding ? .gradientsExplode : .gradientsVanish,
            [
                "stream": "\(name(of: stream))", "layer": "\(layer + 1) of \(health.layers.count)",
                "gain": "\(health.layers[layer].gain)", "steps": "\(health.steps)", "hint": "\(hint)",
            ])
    }

    private func name(of stream: Int32) -> String { directory.record(of: stream)?.name ?? "\(stream)" }
}
