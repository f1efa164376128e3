import AnomalyDetection
import ModelFiles
import PointStore
import Synchronization

/// How streams of a shard are changed by people, between two points.
extension Shard {
    /// Other weights from here on. With a checkpoint at once, as no replay would come to them by itself.
    func replace(_ replacement: ModelReplacement) {
        change(replacement.stream, replacement.replaced) { state throws(NotChanged) in
            if let group = state.detector.group {
                throw NotChanged(cause: "it shares its network with all streams of the group \(group.group)")
            }
            state.detector.replaceParameters(replacement.model.parameters(over: state.detector.parameters))
            batch.commit.checkpoints.append(state.checkpoint(SteadyClock.now))
        }
    }

    /// Somebody says something of a stream. A replay comes to it, so that it needs no checkpoint; a new detector gets one
    /// all the same, so that only damage makes a restart ask again what it began from.
    func take(_ order: FeedbackOrder) {
        change(order.record.stream, order.taken) { state throws(NotChanged) in
            var record = order.record
            record.sequence = state.detector.sequence
            record.isSilent = state.detector.isSilent
            try heed(record, state)
            batch.commit.feedback.append(record)
        }
    }

    private func heed(_ record: FeedbackRecord, _ state: StreamState) throws(NotChanged) {
        if record.action == .snapshot {
            batch.commit.snapshots.append(
                SnapshotRecord(
                    checkpoint: state.record, time: record.time, message: record.message, user: record.user))
            return
        }
        guard let stream = directory.record(of: state.id) else { throw NotChanged(cause: "it is not known") }
        let detector = state.detector
        let (wasWarming, wasOpen) = (detector.isWarmingUp, detector.anomaly?.isOpen == true)
        let successor = try backlog.successor(after: record, detector, of: stream, workbench: workbench)
        statistics.mutes.withLock { $0[state.id] = successor.feedback.orders.mutedUntil }
        if successor === detector {
            let isOpen = detector.anomaly?.isOpen == true
            if wasOpen, !isOpen { note(.closed, of: state) }
            return
        }
        state.replaceDetector(by: successor)
        statistics.warmingStreams.add((successor.isWarmingUp ? 1 : 0) - (wasWarming ? 1 : 0))
        batch.commit.checkpoints.append(state.checkpoint(SteadyClock.now))
    }

    /// A new database has nothing of what was ordered for a stream and still holds.
    func repeatOrders(of state: StreamState) {
        let orders = state.detector.feedback.orders
        func say(_ action: FeedbackRecord.Action, _ change: (inout FeedbackRecord) -> Void) {
            var record = FeedbackRecord(
                stream: state.id, sequence: state.detector.sequence, isSilent: state.detector.isSilent,
                time: WallClock.now, action: action)
            change(&record)
            batch.commit.feedback.append(record)
        }
        for range in orders.exclusions { say(.exclude) { ($0.since, $0.until) = (range.since, range.until) } }
        if let until = orders.mutedUntil { say(.mute) { $0.until = until } }
        for rule in orders.rules { say(.rule) { $0.rule = rule } }
    }

    /// Changes a stream, in memory or not, between two points.
    ///
    /// - Parameter done: called with the number of its points so far, or with why it can't be changed.
    private func change(
        _ id: Int32, _ done: (Result<Int64, NotChanged>) -> Void, _ body: (StreamState) throws(NotChanged) -> Void
    ) {
        guard let place = directory.entry(of: id)?.place, let state = state(of: id, at: place) else {
            return done(.failure(NotChanged(cause: backlog.trouble ?? "unknown")))
        }
        state.getUp()
        do throws(NotChanged) {
            try body(state)
            done(.success(state.detector.sequence))
        } catch {
            done(.failure(error))
        }
    }
}
