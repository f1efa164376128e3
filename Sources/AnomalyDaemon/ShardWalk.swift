import AnomalyDetection
import PointStore
import RecurrentModel
import Synchronization

/// Checkpoints, and the walk over all streams that are awake, some in each round of the loop.
extension Shard {
    /// Checkpoints written in one round of the loop, so that they never hold up points for long.
    private static let checkpointsARound = 64
    /// Streams looked at in one round to see whether a checkpoint is due.
    static let lookedAtARound = 4096
    /// Least time between two walks that look at gradients too, in microseconds.
    private static let countInterval: Int64 = 1_000_000

    /// How far the walk has come, and what it has found.
    struct Walk {
        /// Index of the stream that is looked at next.
        var next = 0
        /// Steady time of the oldest checkpoint that a stream would be replayed from; `Int64.max` if nothing would be.
        var oldest = Int64.max
        /// The gradients, if this walk looks at them.
        var counts: GradientCounts?
        /// Steady time from which a walk looks at gradients again.
        var nextCount = Int64.min
    }

    /// A new database has been begun: it gets the state of every stream, and the points that wait. Those streams that are
    /// not in memory follow when they are restored from where they are, which all are in the background.
    func rebase() {
        database += 1
        if number == 0 { saveGroups(all: true) }
        for (place, sleep) in sleeping.takeAll() { backlog.append(sleep, at: place, inBackground: true) }
        for state in active {
            keepAnew(state)
            if batch.commit.checkpoints.count >= Self.checkpointsARound { passOn() }
            heartbeat.beat()
        }
    }

    func keepAnew(_ state: StreamState) {
        state.getUp()
        batch.commit.checkpoints.append(state.checkpoint(SteadyClock.now))
        state.order.window.forEach { batch.commit.append(pending: $0, values: $1, of: state.id) }
        repeatOrders(of: state)
    }

    func checkpointAll() {
        let now = SteadyClock.now
        for state in active where state.hasNews {
            batch.commit.checkpoints.append(state.checkpoint(now))
            // In pieces: all at once could be gigabytes.
            if batch.commit.checkpoints.count >= Self.checkpointsARound { passOn() }
            heartbeat.beat()
        }
    }

    /// Looks at some streams, the next ones in turn: for checkpoints that are due, gradients, and silence.
    func lookAtSome() {
        let now = SteadyClock.now
        var written = 0
        if walk.next >= active.count {
            if active.isEmpty { walk.counts = GradientCounts() }
            endWalk(now)
        }
        for _ in 0..<min(active.count, Self.lookedAtARound) where written < Self.checkpointsARound {
            if walk.next == 0 { walk.counts = now >= walk.nextCount ? GradientCounts() : nil }
            let state = active[walk.next]
            if walk.counts != nil { lookAtGradients(of: state) }
            if state.silence.isDue(now) { lookForSilence(of: state, now) }
            if state.isCheckpointDue(now) {
                batch.commit.checkpoints.append(state.checkpoint(now))
                written += 1
            } else if state.hasNews {
                walk.oldest = min(walk.oldest, state.checkpointTime)
            }
            if now - state.lastUse >= sleepAfter, bedded.count < Self.mostBedded { bed(state, now) }
            walk.next += 1
            if walk.next == active.count { endWalk(now) }
        }
    }

    private func endWalk(_ now: Int64) {
        walk.next = 0
        oldest.store(walk.oldest, ordering: .relaxed)
        walk.oldest = .max
        if let walked = walk.counts {
            counts.withLock { $0 = walked }
            walk.nextCount = now + Self.countInterval
        }
    }

    private func lookAtGradients(of state: StreamState) {
        let (health, training) = (state.detector.health, state.detector.training)
        let judgement = health.judgement
        walk.counts?.count(judgement, skippedUpdates: training.skipped)
        if state.gradientTrouble.look(judgement, updates: training.updates + training.skipped) {
            streamLog.report(health, of: state.id)
        }
    }
}
