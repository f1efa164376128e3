import AnomalyConfiguration
import AnomalyDetection
import PointStore

/// How a shard steps the streams that share a network, and has their networks saved.
extension Shard {
    /// Puts a point into the batch of its group, to be stepped with others.
    func stage(_ state: StreamState, _ time: Int64, _ values: UnsafeBufferPointer<Double>) {
        if state.detector.isSilent { statistics.silentStreams.add(-1) }
        if let batch = staged.first(where: { $0.admits(state.detector) }) {
            if batch.isFull { step(batch) }
            batch.add(state, time, values)
        } else {
            let batch = GroupSteps()
            batch.add(state, time, values)
            staged.append(batch)
        }
    }

    /// Steps through all points that have been put into batches.
    func stepStaged() { for batch in staged where !batch.isEmpty { step(batch) } }

    private func step(_ group: GroupSteps) {
        let timed = times.isDue() ? (begun: SteadyClock.now, points: Int64(group.count)) : nil
        group.step { note($1, $2, of: $0, wasWarming: $3) }
        if let timed { times.add((SteadyClock.now - timed.begun) / timed.points, hasLearnt: false) }
    }

    /// The networks that streams share are saved like checkpoints, and soon when there is a new one. One shard does so for
    /// all.
    func saveGroupsIfDue() {
        let count = groups.count
        if count == 0 { return }
        let now = SteadyClock.now
        guard now >= nextGroupSave || count != savedGroups else { return }
        (nextGroupSave, savedGroups) = (now + configuration.defaults.storage.checkpointInterval, count)
        if number == 0 { saveGroups(all: false) } else { workbench.publish() }
    }

    /// - Parameter all: also those that have not changed since they were saved last.
    func saveGroups(all: Bool) {
        workbench.publish()
        for saved in groups.save(all: all) {
            batch.commit.groups.append(GroupRecord(name: saved.name, time: WallClock.now, state: saved.state))
        }
    }
}
