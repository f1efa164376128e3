import AnomalyDetection
package import PointStore
import RecurrentModel

/// How a stream and its model do.
package struct ModelHealth: Sendable {
    package var summary: StreamSummary
    /// From when on nothing came for too long; nil if the stream speaks.
    package var silent: Int64?
    /// Whether somebody has stopped the learning.
    package var isFrozen: Bool
    /// Nil if no checkpoint can be read.
    package var training: Training?

    package struct Training: Sendable {
        /// Such as "gru, 1 × 16".
        package var network: String
        package var learned: Int64
        package var updates: Int64
        package var skipped: Int64
        /// NaN before the first update.
        package var loss: Double
        /// unknown, healthy, vanishing or exploding
        package var gradients: String
        /// Bytes that the stream takes in the daemon while it is awake.
        package var memory: Int
    }

    /// - Parameters:
    ///   - silent: as the property.
    ///   - groups: the stored networks that streams share.
    /// - Throws: `StoreError`.
    init(_ summary: StreamSummary, silent: Int64?, in store: StoreReader, groups: NetworkGroups) throws {
        self.summary = summary
        self.silent = silent
        let said = try store.feedback(of: summary.stream.id).last { $0.action == .freeze || $0.action == .thaw }
        isFrozen = said?.action == .freeze
        let checkpoint = try store.checkpoint(of: summary.stream.id)
        // A model that can't be read is told of by `model show`, and keeps no report from being made.
        guard let detector = try? StreamModel.detector(of: summary.stream, in: checkpoint, groups: groups) else {
            return
        }
        let shape = detector.settings.model.shape(channels: detector.channels)
        let (_, loss, updates, skipped) = detector.training
        training = Training(
            network: "\(shape.cell.rawValue), \(shape.layers) × \(shape.hidden)", learned: detector.learnedPoints,
            updates: updates, skipped: skipped, loss: detector.health.steps > 0 ? loss : .nan,
            gradients: detector.health.judgement.rawValue, memory: detector.footprint.total)
    }
}
