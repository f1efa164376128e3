import AnomalyDetection
import PointStore

/// How a shard sees that nothing comes any more.
extension Shard {
    /// Nothing may have come for too long.
    func lookForSilence(of state: StreamState, _ now: Int64) {
        if state.isSilenceInVain { return }
        let detector = state.detector
        let isSilent = state.silence.isSilent(
            patience: detector.longestSilence, newest: max(detector.newestTime, state.order.newestWaiting),
            run: runStart, now: now, wall: WallClock.now)
        if !isSilent { return }
        state.getUp()
        // What waits for earlier points has waited for long enough. The next look sees whether it is still silent.
        let released = release(state, all: true)
        statistics.pending.add(-released)
        guard released == 0, let patience = detector.longestSilence else { return }
        let change = detector.fallSilent()
        guard detector.isSilent else { return state.noteSilenceInVain() }
        batch.commit.events.append(
            EventRecord(
                stream: state.id, sequence: detector.sequence, kind: .silence, time: detector.newestTime + patience))
        note(change, of: state)
        statistics.silentStreams.add(1)
        streamLog.fellSilent(state.id, newest: detector.newestTime, patience: patience)
    }
}
