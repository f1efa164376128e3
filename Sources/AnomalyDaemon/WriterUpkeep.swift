import ControlProtocol
import Foundation
import Logging
import PointStore
import Synchronization

/// Somebody who has asked for the database to be made small, and waits to hear how far that is.
struct VacuumOrder: Sendable {
    /// Whether it is asked for; else for how far it is only.
    var begins: Bool
    /// Called once, on the writer's thread.
    var answer: @Sendable (ControlReply) -> Void
}

/// What the writer does between commits, in steps of milliseconds: roll-ups, expiry and giving free pages back.
///
/// As long between two steps as one takes, so that it never has more than half of the writer's time.
struct WriterUpkeep {
    /// Pause after a step that failed, in microseconds.
    private static let pauseAfterFailure: Int64 = 60_000_000
    private static let shortestPause: Int64 = 1000
    /// Time after which somebody hears how far it is, and between two messages of what was deleted.
    private static let reportInterval: Int64 = 300_000
    private static let logInterval: Int64 = 3_600_000_000

    private var upkeep: StoreUpkeep
    private let statistics: Statistics
    private let logger: Logger
    /// Steady time at which something is to be done.
    private(set) var due: Int64 = 0
    private var waiting: [(order: VacuumOrder, since: Int64)] = []
    /// A vacuum that goes on: bytes of the file when it began, and what was deleted since.
    private var vacuum: (bytes: Int64, deleted: StoreUpkeep.Deleted)?
    private var outcome: VacuumReply?
    private var unlogged = StoreUpkeep.Deleted()
    private var nextLog = Int64.min

    init(_ retention: Retention, statistics: Statistics, logger: Logger) {
        upkeep = StoreUpkeep(retention)
        self.statistics = statistics
        self.logger = logger
    }

    mutating func take(_ order: VacuumOrder, _ store: PointStore) {
        waiting.append((order, SteadyClock.now))
        if order.begins, vacuum == nil {
            vacuum = ((try? store.fileBytes()) ?? 0, StoreUpkeep.Deleted())
            outcome = nil
            upkeep.ask()
            due = 0
        }
        answer(store)
    }

    /// Another database lies at the path.
    mutating func beginAnew() {
        upkeep.beginAnew()
        due = 0
    }

    /// One step, if it is time for one.
    mutating func step(_ store: PointStore, _ heartbeat: Heartbeat) {
        let start = SteadyClock.now
        guard start >= due else { return }
        do {
            let next = try heartbeat.waiting(for: "the database") {
                try upkeep.step(store, wall: WallClock.now, steady: start)
            }
            let end = SteadyClock.now
            due = next ?? end + max(end - start, Self.shortestPause)
            noteDeleted(end)
            noteSize()
            if next != nil { finishVacuum(store) }
        } catch {
            logger.tell(.notKept, ["cause": "\(error)"])
            due = SteadyClock.now + Self.pauseAfterFailure
            abandon("\(error)")
        }
        answer(store)
    }

    /// Nothing more is done; who waits hears why.
    mutating func abandon(_ cause: String) {
        vacuum = nil
        let error = ControlError(code: .failed, message: "the database was not made smaller: \(cause)")
        for (order, _) in waiting { order.answer(.error(error)) }
        waiting = []
    }

    private mutating func noteDeleted(_ now: Int64) {
        let deleted = upkeep.takeDeleted()
        unlogged.add(deleted)
        vacuum?.deleted.add(deleted)
        guard !unlogged.isEmpty, now >= nextLog else { return }
        nextLog = now + Self.logInterval
        logger.tell(
            .expired,
            [
                "points": "\(unlogged.points)", "rollups": "\(unlogged.rollups)", "anomalies": "\(unlogged.anomalies)",
            ])
        unlogged = StoreUpkeep.Deleted()
    }

    private func noteSize() {
        let unmet = upkeep.unmet
        let isNews = statistics.sizeTrouble.withLock { trouble in
            defer { trouble = unmet }
            return unmet != nil && trouble == nil
        }
        if isNews, let unmet { logger.tell(.sizeUnmet, ["cause": "\(unmet)"]) }
    }

    private mutating func finishVacuum(_ store: PointStore) {
        guard let done = vacuum else { return }
        let bytes = (try? store.fileBytes()) ?? done.bytes
        outcome = VacuumReply(
            isDone: true, share: 1, phase: "done", bytesBefore: done.bytes, bytes: bytes, points: done.deleted.points,
            rollups: done.deleted.rollups, anomalies: done.deleted.anomalies)
        vacuum = nil
    }

    /// Tells those who have waited for long enough how far it is, and all when it is done.
    private mutating func answer(_ store: PointStore) {
        if waiting.isEmpty { return }
        let now = SteadyClock.now
        guard let vacuum else {
            let reply = outcome ?? VacuumReply(isDone: true, share: 1, phase: "done", bytesBefore: 0, bytes: 0)
            for (order, _) in waiting { order.answer(.vacuum(reply)) }
            waiting = []
            return
        }
        guard waiting.contains(where: { now - $0.since >= Self.reportInterval }) else { return }
        let (phase, share) = upkeep.phase.progress
        let reply = VacuumReply(
            isDone: false, share: share, phase: phase, bytesBefore: vacuum.bytes,
            bytes: (try? store.fileBytes()) ?? vacuum.bytes, points: vacuum.deleted.points,
            rollups: vacuum.deleted.rollups, anomalies: vacuum.deleted.anomalies)
        for (order, since) in waiting where now - since >= Self.reportInterval { order.answer(.vacuum(reply)) }
        waiting.removeAll { now - $0.since >= Self.reportInterval }
    }
}

/// Takes requests to make the database small.
struct VacuumIntake: Sendable {
    let writer: BoundedQueue<WriterMessage>
    let statistics: Statistics

    /// - Parameter answer: called once, on any thread.
    func take(_ request: VacuumRequest, answer: @escaping @Sendable (ControlReply) -> Void) {
        do throws(ControlError) {
            try statistics.requireStoring()
            let order = VacuumOrder(begins: request.begin, answer: answer)
            // One waits for each connection at most.
            _ = writer.pushWithoutWaiting(.vacuum(order), weight: 0)
        } catch {
            answer(.error(error))
        }
    }
}
