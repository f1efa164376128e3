import AnomalyConfiguration
import AnomalyDetection
import PointStore

/// What people say may put another detector in a stream's place. It is done here, between two points, for the stream that
/// runs and for the one that is restored alike.
extension StreamRestorer {
    /// The stream's detector after what was said of it: the same, or another one.
    ///
    /// - Throws: ``NotChanged`` if it can't be done, with the detector as it was; `StoreError` if the snapshot of a rollback
    ///   can't be read.
    func successor(
        after said: FeedbackRecord, _ detector: Detector, _ record: StreamRecord, _ store: () throws -> StoreReader,
        _ workbench: Workbench
    ) throws -> Detector {
        switch said.action {
        case .reset:
            let settings = configuration.settings(forStream: record.name)
            let successor = new(record, settings, settings.detector.model.initial, workbench)
            _ = initialModels.begin(successor, stream: record.name, settings: settings)
            successor.begin(inPlaceOf: detector)
            return successor
        case .rollback:
            let number = said.snapshot ?? 0
            guard let snapshot = try store().snapshot(number, of: record.id) else {
                throw NotChanged(cause: "it has no snapshot \(number)")
            }
            let settings = configuration.settings(forStream: record.name)
            let successor = new(record, settings, settings.detector.model.initial, workbench)
            do {
                try successor.restore(snapshot.state, inPlaceOf: detector)
            } catch {
                throw NotChanged(cause: "snapshot \(number) does not fit its settings: \(error)")
            }
            return successor
        default:
            if let act = said.act { detector.take(act) }
            return detector
        }
    }

    /// The same of a stream that is being restored: what can't be done again is passed over, and told.
    func heed(
        _ said: FeedbackRecord, _ detector: Detector, _ record: StreamRecord, _ store: StoreReader,
        _ workbench: Workbench
    ) throws -> Detector {
        try readable(record, or: detector) {
            do {
                return try successor(after: said, detector, record, { store }, workbench)
            } catch let error as NotChanged {
                warn(record, error)
                return detector
            }
        }
    }
}
