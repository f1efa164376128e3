import AnomalyConfiguration
import ControlProtocol
import Foundation
import Logging
import PointStore
import Synchronization

/// The one thread that commits. It gathers verdicts for at most the commit interval, or until a `!sync` waits, and
/// then stores them in one transaction; only then are the syncs answered.
///
/// While commits fail, it tries again and again and takes nothing more from its queue. The shards go on predicting,
/// scoring and learning until the queue is full; then they stop, their queues fill, and the sockets are read no
/// further: clients wait, and nothing is lost. That bounds what waits in memory: `queuedRows` in the queue and
/// `mostCommitRows` in the writer's hand, 80 bytes each, and `Shard.queuedPoints` in front of each shard.
final class Writer: @unchecked Sendable {
    // @unchecked: all but `queue`, `heartbeat`, `inHand` and `isStopping` belongs to the writer's own thread.

    /// Rows that may wait in front of the writer before the shards stop.
    static let queuedRows = 262_144
    /// How often a commit is tried once the daemon is stopping: systemd will not wait for ever.
    static let lastAttempts = 3
    /// Pause between these attempts at most, in microseconds.
    private static let lastPause: Int64 = 1_000_000
    /// Damaged databases that are replaced within an hour; one more, and the disk is not to be trusted.
    private static let replacementsAnHour = 3

    /// Points of each stream that a commit may wait for, and rows of all. Points of one stream are one row of the hot table:
    /// with so many streams that a commit has but a few points of each, it would be rows that cost, and not points.
    private static let pointsOfStream = 16
    private static let mostCommitRows = 524_288

    /// Room for rows that is always kept, and time after which what a burst needed beyond that is given back when no commit
    /// has filled an eighth of it, in microseconds.
    private static let keptRoom = 16_384
    private static let roomPause: Int64 = 10_000_000

    /// The disk may be slow, or another program hold a lock.
    private static let database = "the database"

    let queue = BoundedQueue<WriterMessage>(capacity: Writer.queuedRows)
    let heartbeat = Heartbeat("writer")
    /// Rows that the writer has taken from its queue and not committed yet.
    let inHand = Atomic<Int64>(0)
    /// Told of each commit, and of each new database.
    let watch: CommitWatch

    private let store: PointStore
    private let configuration: DaemonConfiguration.Database
    /// Rows of a commit, and of any commit.
    private let configuredRows: Int
    private let keptRows: Int
    /// Rows with which the next commit is made early.
    private var mostRows = 0
    private let shards: Int
    private let ledger: CommitLedger
    /// By shard: number of the newest batch that was taken.
    private var taken: [Int64]
    /// A shard waits for the next commit.
    private var isUrgent = false
    private let directory: StreamDirectory
    private let history: HistoryPath
    private let statistics: Statistics
    private let logger: Logger

    private var pending = Commit()
    /// Steady time of the last commit that needed the room that there is.
    private var roomNeeded: Int64 = 0
    /// Steady time at which the first of the points in it were read; `Int64.max` if that is not known.
    private var arrived = Int64.max
    private var waiting: [SyncBarrier] = []
    private var stoppedShards = 0
    private let isStopping = Atomic<Bool>(false)
    private var trouble = StorageTrouble()
    /// Attempts that have failed since the daemon began to stop; at `lastAttempts` what is pending is given up.
    private var failuresAtEnd = 0
    private var hasGivenUp = false
    /// When the oldest pending verdict must be committed.
    private var due = Date.distantFuture
    /// Streams that the database has.
    private var stored: [Int32] = []
    private var rebase = Rebase()
    /// Steady times at which damaged databases were replaced.
    private var replacements: [Int64] = []
    private var events: Events?
    private var upkeep: WriterUpkeep

    /// What the writer asks of others. Called on its thread.
    struct Events: Sendable {
        /// Whether a shard is late with its points.
        var isPointLate: @Sendable () -> Bool
        /// A new database has been begun: checkpoint all streams.
        var rebase: @Sendable () -> Void
        /// Something has been stored.
        var committed: @Sendable (Commit) -> Void
        /// Nothing more can be stored, and the daemon should stop.
        var failed: @Sendable (StoreError) -> Void
        /// The last commit is made, and all shards have stopped: with true if everything is stored.
        var stopped: @Sendable (Bool) -> Void
    }

    init(
        store: PointStore, configuration: DaemonConfiguration.Database, retention: Retention, shards: Int,
        ledger: CommitLedger, directory: StreamDirectory, history: HistoryPath, statistics: Statistics, logger: Logger
    ) {
        self.store = store
        self.configuration = configuration
        configuredRows = configuration.commitPoints
        keptRows = retention.hotValues
        self.shards = shards
        self.ledger = ledger
        taken = Array(repeating: 0, count: shards)
        self.directory = directory
        self.history = history
        self.statistics = statistics
        self.logger = logger
        upkeep = WriterUpkeep(retention, statistics: statistics, logger: logger)
        watch = CommitWatch(database: store.path)
    }

    /// Starts the thread.
    ///
    /// - Parameter streams: ids of those that are stored.
    func start(knowing streams: [Int32], _ events: Events) {
        stored = streams
        self.events = events
        let pauses = WriterPauses(waitingRows: { [queue] in queue.weight }, isPointLate: events.isPointLate)
        store.meantime = pauses.pauseIfLate
        StageThread.start("writer") { [self] in events.stopped(run()) }
    }

    /// The daemon is stopping: commits that fail are not tried for ever any more.
    func stopSoon() { isStopping.store(true, ordering: .relaxed) }

    private func run() -> Bool {
        while true {
            let tick = Date(timeIntervalSinceNow: 0.25)
            let messages = queue.takeAll(until: min(due, min(tick, upkeepDate)))
            inHand.add(messages.reduce(0) { $0 + $1.rows })
            mostRows = min(
                keptRows, max(configuredRows, min(Self.pointsOfStream * directory.count, Self.mostCommitRows)))
            for message in messages {
                accept(message)
                if pending.weight >= mostRows { commitUntilDone() }
            }
            heartbeat.beat()
            if !hasGivenUp, let damage = store.damage { replaceDamaged(damage) }
            let isLast = stoppedShards == shards
            if isLast || isUrgent || !waiting.isEmpty || Date() >= due { commitUntilDone() }
            if isLast {
                upkeep.abandon("the daemon stops")
                return isComplete
            }
            if mayKeep { upkeep.step(store, heartbeat) }
            giveBackRoom()
        }
    }

    private func giveBackRoom() {
        guard pending.isEmpty, pending.points.capacity > Self.keptRoom,
            SteadyClock.now - roomNeeded >= Self.roomPause
        else { return }
        pending = Commit()
    }

    /// Nothing else is done while points can't be stored, or the daemon stops.
    private var mayKeep: Bool {
        !hasGivenUp && rebase.isDone && store.damage == nil && !isStopping.load(ordering: .relaxed)
    }

    private var upkeepDate: Date {
        guard mayKeep, upkeep.due < Int64.max else { return .distantFuture }
        return Date(timeIntervalSinceNow: Double(max(0, upkeep.due - SteadyClock.now)) / 1e6)
    }

    private var isComplete: Bool {
        if rebase.missing > 0 {
            logger.tell(.modelsMissing, ["streams": "\(rebase.missing)"])
        }
        return !hasGivenUp && rebase.rows == 0
    }

    private func accept(_ message: WriterMessage) {
        switch message {
        case .shardStopped: stoppedShards += 1
        case .hindsight(let order): store(order)
        case .shrink: store.shrinkMemory()
        case .vacuum(let order):
            upkeep.take(order, store)
            if hasGivenUp { upkeep.abandon("the daemon stops and stores nothing more") }
        // What can't be stored is not confirmed either.
        case _ where hasGivenUp: break
        case .verdicts(let batch):
            beDue()
            pending.append(rebase.admit(batch.commit))
            taken[batch.shard] = batch.number
            if batch.arrived != .max {
                arrived = min(arrived, batch.arrived)
                statistics.times.writerWait.withLock { $0.add(SteadyClock.now - batch.handedOn) }
            }
            isUrgent = isUrgent || batch.isUrgent
        case .alerts(let told):
            // How far a sink is can wait for the next commit.
            if !told.alerts.isEmpty { beDue() }
            pending.append(told)
        case .barrier(let barrier):
            barrier.arrivals += 1
            if barrier.arrivals == shards { waiting.append(barrier) }
        }
    }

    /// What comes now is to be committed after the commit interval.
    private func beDue() {
        if due == .distantFuture { due = Date(timeIntervalSinceNow: Double(configuration.commitInterval) / 1e6) }
    }

    /// A commit of its own, tried once: whoever sent it waits for the answer, and can send it again.
    private func store(_ order: HindsightOrder) {
        if hasGivenUp {
            return order.answer(
                .failure(ControlError(code: .unavailable, message: "the daemon stops and stores nothing more")))
        }
        order.answer(Result { try heartbeat.waiting(for: Self.database) { try store.store(order.piece) } })
        watch.committed()
    }

    private func count(_ late: LateOutcome) {
        statistics.duplicates.add(late.duplicates)
        statistics.keptLate.add(late.kept)
        statistics.points.add(late.kept)
    }

    /// Commits what is pending, and answers the syncs that waited for it.
    private func commitUntilDone() {
        while !pending.isEmpty, !hasGivenUp {
            do {
                let begun = SteadyClock.now
                count(try heartbeat.waiting(for: Self.database) { try store.commit(&pending) })
                noteCommit(since: begun)
                noteSuccess()
                break
            } catch {
                statistics.commitFailures.add(1)
                meet(error)
            }
        }
        if hasGivenUp {
            (pending, waiting) = (Commit(), [])
            inHand.store(0, ordering: .relaxed)
        }
        if !pending.isEmpty {
            inHand.add(-pending.rows)
            stored += pending.streams.map(\.id)
            _ = statistics.commits.wrappingAdd(1, ordering: .relaxed)
            statistics.lastCommit.store(WallClock.now, ordering: .relaxed)
            watch.committed()
            events?.committed(pending)
        }
        if pending.points.count > pending.points.capacity / 8 { roomNeeded = SteadyClock.now }
        pending.removeAll()
        arrived = .max
        due = .distantFuture
        isUrgent = false
        if !hasGivenUp { ledger.committed(taken, to: history.newest) }
        guard rebase.isDone else { return }
        let done = waiting
        waiting = []
        let now = SteadyClock.now
        for barrier in done {
            statistics.times.syncs.withLock { $0.add(now - barrier.asked) }
            barrier.whenCommitted()
        }
        while !hasGivenUp, store.shouldSeal, !isStopping.load(ordering: .relaxed), seal() {}
    }

    private func noteCommit(since begun: Int64) {
        let now = SteadyClock.now
        statistics.times.commits.withLock { $0.add(now - begun) }
        if arrived != .max { statistics.times.commitLatency.withLock { $0.add(now - arrived) } }
    }

    /// Nothing depends on it but the size of the file: whatever fails is tried again when more has come, and damage is met
    /// as elsewhere.
    ///
    /// - Returns: whether it was done.
    private func seal() -> Bool {
        do {
            let begun = SteadyClock.now
            try heartbeat.waiting(for: Self.database) { try store.sealSome() }
            statistics.times.seals.withLock { $0.add(SteadyClock.now - begun) }
            return true
        } catch {
            statistics.sealFailures.add(1)
            logger.tell(.notSealed, ["cause": "\(error)"])
            return false
        }
    }

    // MARK: Trouble

    /// A commit has failed: waits, sets the database aside, or gives up, as the error asks for.
    private func meet(_ error: any Error) {
        let error =
            error as? StoreError
            ?? StoreError(operation: "commit to", path: store.path, cause: .other, detail: "\(error)")
        switch error.remedy {
        case .wait: wait(after: error)
        case .setAside: replaceDamaged(error)
        case .stop: giveUp(error)
        }
    }

    private func wait(after error: StoreError) {
        let now = SteadyClock.now
        let advice = trouble.failed(now: now)
        let holders = error.cause == .busy ? LockHolder.others(holding: .writing, on: store.path) : []
        let cause = holders.isEmpty ? "\(error)" : "\(error): \(holders.map(\.description).joined(separator: ", "))"
        var metadata: Logger.Metadata = ["cause": "\(cause)"]
        switch advice.message {
        case .none: break
        case .began: logger.tell(.commitFailed, metadata)
        case .lasts(let seconds):
            metadata["seconds"] = "\(seconds)"
            metadata["rows_waiting"] = "\(inHand.now + Int64(queue.weight))"
            logger.tell(.commitsFail, metadata)
        }
        statistics.writerTrouble.withLock { $0 = WriterTrouble(cause: cause, since: $0?.since ?? WallClock.now) }
        if isStopping.load(ordering: .relaxed) { failuresAtEnd += 1 }
        if failuresAtEnd >= Self.lastAttempts {
            hasGivenUp = true
            return
        }
        pause(until: now + advice.pause)
    }

    private func noteSuccess() {
        guard let end = trouble.succeeded(now: SteadyClock.now) else { return }
        logger.tell(.committing, ["seconds": "\(Int(end.seconds.rounded()))", "attempts": "\(end.attempts)"])
        statistics.writerTrouble.withLock { $0 = nil }
    }

    /// In short naps, so that a daemon that is told to stop does not wait for nothing.
    private func pause(until end: Int64) {
        let start = SteadyClock.now
        while case let now = SteadyClock.now, now < end {
            if isStopping.load(ordering: .relaxed), now - start >= Self.lastPause { return }
            heartbeat.beat()
            Thread.sleep(forTimeInterval: min(0.1, Double(end - now) / 1e6))
        }
    }

    private func giveUp(_ error: StoreError) {
        logger.tell(.storingEnded, ["cause": "\(error)"])
        hasGivenUp = true
        events?.failed(error)
    }

    // MARK: Damage

    /// Sets the database aside and begins a new one, to which everything pending goes.
    private func replaceDamaged(_ error: StoreError) {
        let now = SteadyClock.now
        replacements.removeAll { now - $0 > 3_600_000_000 }
        guard configuration.onDamage == .setAside, replacements.count < Self.replacementsAnHour else {
            return giveUp(error)
        }
        logger.tell(.damaged, ["cause": "\(error)"])
        while !hasGivenUp {
            do {
                let aside = try heartbeat.waiting(for: Self.database) {
                    try history.move { try store.replaceDamaged() }
                }
                noteSuccess()
                DamageNote.log(aside, for: configuration.path, logger)
                statistics.setAside.withLock { $0 = aside }
                break
            } catch let error as StoreError where error.remedy == .wait {
                wait(after: error)
            } catch {
                giveUp(
                    error as? StoreError
                        ?? StoreError(
                            operation: "replace", path: store.path, cause: .other, detail: "\(error)"))
            }
        }
        replacements.append(now)
        rebase = Rebase(of: stored, after: rebase)
        let old = pending
        pending = Commit()
        pending.streams = stored.compactMap { directory.record(of: $0) }
        stored = []
        upkeep.beginAnew()
        pending.append(rebase.admit(old))
        due = Date()
        events?.rebase()
    }
}

/// Why nothing is stored.
struct WriterTrouble: Sendable, Equatable {
    var cause: String
    /// Wall-clock time in microseconds.
    var since: Int64
}
