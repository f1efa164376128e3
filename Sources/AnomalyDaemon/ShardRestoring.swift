import AnomalyDetection
import Foundation
import PointStore
import Synchronization

/// Streams that are not in memory come back: before their next point, or when there is time.
extension Shard {
    /// Longest time for which streams that nobody asks for are restored without a look for messages, in microseconds.
    private static let restoringARound: Int64 = 5000
    /// While messages keep coming, one part of the time goes into such streams for so many that go into messages.
    private static let messagesShare: Int64 = 4

    /// Takes a stream into memory that the store has kept, and the points that have waited for it.
    func restored(_ stream: RestoreBacklog.Restored) {
        let state = stream.state
        add(state)
        count(stream)
        let isHere = stream.sleep.map { Int($0.database) == database } ?? (database == 0)
        if !isHere {
            keepAnew(state)
        } else if state.isRelearned {
            batch.commit.checkpoints.append(state.checkpoint(SteadyClock.now))
        }
        // Other settings may let points go on that have waited.
        let released = release(state)
        statistics.pending.add(-released)
        if let points = parked.take(state.id) {
            step(PointGroup(points))
            passOn()
            for barrier in parked.takeBarriers() { push(.barrier(barrier), weight: barrier.weight) }
        } else if isHere, !state.isRelearned, released == 0 {
            // The store has all of it, if only as points behind a checkpoint.
            state.noteStored()
        }
    }

    /// Counts what a stream is that was not in memory.
    private func count(_ stream: RestoreBacklog.Restored) {
        func change(_ now: Bool, since before: Bool) -> Int { (now ? 1 : 0) - (before ? 1 : 0) }
        let (detector, sleep) = (stream.state.detector, stream.sleep)
        let wasOpen = sleep?.hasOpenAnomaly ?? (storedOpen.remove(stream.state.id) != nil)
        statistics.warmingStreams.add(change(detector.isWarmingUp, since: sleep?.isWarming ?? false))
        statistics.openAnomalies.add(change(detector.anomaly?.isOpen == true, since: wasOpen))
        statistics.silentStreams.add(change(detector.isSilent, since: sleep?.isSilent ?? false))
        if sleep == nil { progress.advance() } else { statistics.asleepStreams.add(-1) }
    }

    /// Whether no stream may come into memory that nobody asks for, as many must leave it first.
    var isFull: Bool { active.count >= memory.share.now && bedded.count >= Self.mostBedded }

    /// - Returns: false if there was none that could be restored, or no room for it.
    @discardableResult
    func restoreNext() -> Bool {
        if isFull { return false }
        let begun = SteadyClock.now
        let isCrowded = active.count >= memory.share.now
        guard let stream = backlog.restoreNext(workbench: workbench, beat: heartbeat.beat) else { return false }
        restored(stream)
        // It was looked at; there is only room for streams that get points.
        if isCrowded, stream.state.silence.arrival ?? .min < begun {
            bed(stream.state, SteadyClock.now)
            batch.isUrgent = !batch.isEmpty
            sleepSome()
        }
        return true
    }

    /// No message waits: restores streams until one comes, or for a while.
    func restoreInBackground() {
        let end = SteadyClock.now + Self.restoringARound
        while restoreNext(), queue.isEmpty, SteadyClock.now < end {}
    }

    /// Messages wait: restores one stream at most between two of them, and only for a share of the time, so that streams
    /// without points get their turn however many points others have.
    func restoreInPassing(since begun: Int64) {
        let now = SteadyClock.now
        restoringTime = min(restoringTime + (now - begun) / Self.messagesShare, Self.restoringARound)
        guard restoringTime > 0, !isStopping.load(ordering: .relaxed) else { return }
        restoreNext()
        restoringTime -= SteadyClock.now - now
    }

    /// A point waits for its stream. When too many do, nothing more is taken from the queue, so that it fills and the
    /// sockets are read no further: clients wait, and nothing is lost.
    func park(_ point: PointBatch.Point, _ values: UnsafeBufferPointer<Double>) {
        parked.append(point, values: values)
        while parked.count >= Self.queuedPoints, !isStopping.load(ordering: .relaxed) {
            passOn()
            tellTrouble()
            heartbeat.beat()
            if !restoreNext() { Thread.sleep(forTimeInterval: 0.1) }
        }
    }

    /// What still can't be restored at the end is lost, and was never confirmed.
    func tryParkedOnceMore() {
        backlog.forgetPauses()
        for id in parked.streams {
            if let entry = directory.entry(of: id) { _ = state(of: id, at: entry.place) }
        }
        if !parked.isEmpty { hasGivenUp.store(true, ordering: .relaxed) }
    }

    func tellTrouble() {
        let now = backlog.trouble
        trouble.withLock { if $0 != now { $0 = now } }
    }
}
