package import PointStore

/// The way from a damaged database that was set aside to the new one.
///
/// In the new one, the points of a stream begin in the middle. So that every restart can go on from them, at whatever
/// moment it comes, none of them is committed before, or without, a checkpoint of the stream: until the shard has made
/// one, its points are held back here. They are bounded by what was in the queues when the database was set aside.
package struct Rebase: Sendable {
    /// By stream, for all that were in the old database and of which no checkpoint has come yet.
    private var held: [Int32: Commit] = [:]

    package init() {}

    /// - Parameters:
    ///   - streams: those that the old database had.
    ///   - earlier: what the old database itself was still waiting for.
    package init(of streams: some Sequence<Int32>, after earlier: Rebase = Rebase()) {
        held = earlier.held
        for stream in streams where held[stream] == nil { held[stream] = Commit() }
    }

    /// Whether every stream has been seen off.
    package var isDone: Bool { held.isEmpty }
    /// Streams without a checkpoint.
    package var missing: Int { held.count }
    /// Rows held back.
    package var rows: Int { held.values.reduce(0) { $0 + $1.rows } }

    /// What of a batch may be committed now, together with what was held back for the streams whose checkpoint it has.
    package mutating func admit(_ batch: Commit) -> Commit {
        if isDone { return batch }
        var admitted = Commit()
        admitted.streams = batch.streams
        admitted.checkpoints = batch.checkpoints
        // They are of sinks, whatever the streams do.
        (admitted.alerts, admitted.alertSinks) = (batch.alerts, batch.alertSinks)
        admitted.groups = batch.groups
        for checkpoint in batch.checkpoints {
            if let waiting = held.removeValue(forKey: checkpoint.stream) { admitted.append(waiting) }
        }
        sort(batch.points, \.stream, \.points, &admitted)
        sort(batch.anomalies, \.stream, \.anomalies, &admitted)
        sort(batch.pending, \.stream, \.pending, &admitted)
        sort(batch.released, \.stream, \.released, &admitted)
        sort(batch.late, \.stream, \.late, &admitted)
        sort(batch.events, \.stream, \.events, &admitted)
        sort(batch.feedback, \.stream, \.feedback, &admitted)
        sort(batch.snapshots, \.checkpoint.stream, \.snapshots, &admitted)
        return admitted
    }

    /// Puts records where those of their streams belong.
    private mutating func sort<Record>(
        _ records: [Record], _ stream: KeyPath<Record, Int32>, _ kind: WritableKeyPath<Commit, [Record]>,
        _ admitted: inout Commit
    ) {
        for record in records {
            let id = record[keyPath: stream]
            if held[id] == nil {
                admitted[keyPath: kind].append(record)
            } else {
                held[id]?[keyPath: kind].append(record)
            }
        }
    }
}
