import PointStore

/// What a shard hands to the writer: verdicts, and whatever must be committed with them.
struct VerdictBatch: Sendable {
    /// What a checkpoint weighs in the writer's queue, in rows: about as many bytes.
    static let checkpointWeight = 100

    var commit = Commit()
    /// The shard that it comes from, and its number there, from 1.
    var shard = 0
    var number: Int64 = 1
    /// Whether the shard waits for its commit, as it does for room in memory.
    var isUrgent = false
    /// Steady time at which the first of its points were read; `Int64.max` if that is not known.
    var arrived = Int64.max
    /// Steady time at which the shard handed it on.
    var handedOn: Int64 = 0

    var isEmpty: Bool { commit.isEmpty }
    var weight: Int { commit.weight }
}

extension Commit {
    /// Rows, roughly: what the queue's capacity is measured in, and what one commit may hold.
    var weight: Int {
        rows + alerts.count + (checkpoints.count + snapshots.count + groups.count) * VerdictBatch.checkpointWeight
    }

    /// Adds what another one holds.
    mutating func append(_ other: Commit) {
        streams.append(contentsOf: other.streams)
        points.append(contentsOf: other.points)
        pending.append(contentsOf: other.pending)
        released.append(contentsOf: other.released)
        late.append(contentsOf: other.late)
        anomalies.append(contentsOf: other.anomalies)
        checkpoints.append(contentsOf: other.checkpoints)
        events.append(contentsOf: other.events)
        feedback.append(contentsOf: other.feedback)
        snapshots.append(contentsOf: other.snapshots)
        alerts.append(contentsOf: other.alerts)
        alertSinks.append(contentsOf: other.alertSinks)
        groups.append(contentsOf: other.groups)
    }
}

extension WriterMessage {
    /// Rows of points in it.
    var rows: Int {
        if case .verdicts(let batch) = self { batch.commit.rows } else { 0 }
    }
}
