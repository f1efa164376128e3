import AnomalyDetection
import Foundation
import PointStore
import Synchronization

/// How the streams of a shard fall asleep: those that have had no point for long, and those for which there is no room in
/// memory. They wake where the shard looks for their state.
extension Shard {
    /// Lets a stream sleep as soon as all of it is stored, unless something befalls it before.
    func bed(_ state: StreamState, _ now: Int64) {
        if state.bedtime != nil { return }
        state.goToBed(with: { batch.isEmpty ? batch.number - 1 : batch.number }, now: now) {
            batch.commit.checkpoints.append($0)
        }
        bedded.append(state)
    }

    /// Puts those to sleep of the streams that are to sleep of which all is stored now.
    func sleepSome() {
        if bedded.isEmpty { return }
        let stored = ledger.entry(of: number)
        // A new database that this shard has yet to be told of has nothing of these streams.
        let newest = stored.database == database ? stored.batch : 0
        var taken = 0
        for state in bedded {
            if let bedtime = state.bedtime, streams[Int(state.place)] === state {
                if bedtime > newest { break }
                fallAsleep(state)
            }
            taken += 1
        }
        bedded.removeFirst(taken)
    }

    private func fallAsleep(_ state: StreamState) {
        streams[Int(state.place)] = nil
        whereabouts.forget(state.place)
        let last = active.removeLast()
        if last !== state {
            last.index = state.index
            active[Int(last.index)] = last
        }
        sleeping.add(SleepingStream(state, database: database), at: state.place)
        memory.awake.add(-1)
        statistics.asleepStreams.add(1)
    }

    /// One more stream is to come into memory. Near the limit, those sleep that have had no point for longest; at the
    /// limit, this waits until some do. Each time it is an eighth of all, so that commits are not too many.
    func makeRoom() {
        if !memory.isLimited { return }
        sleepSome()
        let share = Int(memory.share.now)
        let eighth = min(max(1, share / 8), Self.mostBedded)
        if bedded.isEmpty, active.count >= share - eighth { bedOldest(eighth) }
        while active.count >= memory.share.now, !isStopping.load(ordering: .relaxed) {
            // There is a new database, as a message in the queue says.
            if ledger.entry(of: number).database > database { return }
            if bedded.isEmpty { bedOldest(eighth) }
            guard let last = bedded.last(where: { $0.bedtime != nil })?.bedtime else { return }
            // Waiting for the writer is a known reason: it shows in the writer's own heartbeat if that is stuck.
            ledger.wait(for: last, of: number, until: Date(timeIntervalSinceNow: 0.1))
            heartbeat.beat()
            sleepSome()
        }
    }

    /// Lets so many of the streams sleep that have had no point for longest.
    ///
    /// - Parameter before: only those that have had none since.
    private func bedOldest(_ count: Int, before: Int64 = .max) {
        let now = SteadyClock.now
        let awake = active.filter { $0.bedtime == nil }
            .map { (state: $0, arrival: $0.silence.arrival ?? .min) }
            .filter { $0.arrival < before }
            .sorted { ($0.arrival, $0.state.id) < ($1.arrival, $1.state.id) }
        for oldest in awake.prefix(count) { bed(oldest.state, now) }
        batch.isUrgent = true
        passOn()
    }

    /// Memory may have become short, or the share of this shard smaller; and a stream that sleeps may be silent for too
    /// long.
    func listen() {
        let now = SteadyClock.now
        if bedded.isEmpty {
            let shortages = memory.shortages.now
            if shortages != self.shortages {
                self.shortages = shortages
                bedOldest(min(max(1, active.count / 8), Self.mostBedded), before: now - Self.restWhenShort)
            }
            let excess = Int64(active.count) - memory.share.now
            if excess > 0 { bedOldest(Int(min(excess, Int64(Self.mostBedded)))) }
        }
        backlog.tidy(now)
        if sleeping.count > 0 { lookAtSleeping(now) }
    }

    private func lookAtSleeping(_ now: Int64) {
        let place = sleeping.nextSilent(
            lookingAt: Self.lookedAtARound, run: runStart, now: now, wall: WallClock.now)
        guard let place, let id = sleeping.id(at: place), let state = state(of: id, at: place) else { return }
        lookForSilence(of: state, now)
    }
}
