import Configuration
import ControlProtocol
import Foundation
import Logging
import PointStore
import Synchronization

/// The one thread that commits. It gathers verdicts for at most the commit interval, or until a `!sync` waits, and
/// then stores them in one transaction; only then are the syncs answered.
final class Writer: @unchecked Sendable {
    // @unchecked: all but `queue` and `heartbeat` belongs to the writer's own thread.

    /// Rows that may wait in front of the writer before the shards stop.
    static let queuedRows = 262_144
    /// How often a commit is tried once the daemon is stopping: systemd will not wait for ever.
    static let lastAttempts = 3
    /// Pause before a failed commit is tried again, in seconds.
    static let retryPause = 1.0

    let queue = BoundedQueue<WriterMessage>(capacity: Writer.queuedRows)
    let heartbeat = Heartbeat("writer")

    private let store: PointStore
    private let configuration: DaemonConfiguration.Database
    private let shards: Int
    private let statistics: Statistics
    private let logger: Logger

    private var pending = Commit()
    private var waiting: [SyncBarrier] = []
    private var stoppedShards = 0
    private let isStopping = Atomic<Bool>(false)
    /// Attempts that have failed since the daemon began to stop; at `lastAttempts` what is pending is given up.
    private var failuresAtEnd = 0
    private var hasGivenUp: Bool { failuresAtEnd >= Self.lastAttempts }
    /// When the oldest pending verdict must be committed.
    private var due = Date.distantFuture

    init(
        store: PointStore, configuration: DaemonConfiguration.Database, shards: Int, statistics: Statistics,
        logger: Logger
    ) {
        self.store = store
        self.configuration = configuration
        self.shards = shards
        self.statistics = statistics
        self.logger = logger
    }

    /// Starts the thread. `stopped` is called after the last commit, when all shards have stopped: with true if
    /// everything is stored.
    func start(stopped: @escaping @Sendable (Bool) -> Void) {
        StageThread.start("writer") { [self] in stopped(run()) }
    }

    /// The daemon is stopping: commits that fail are not tried for ever any more.
    func stopSoon() { isStopping.store(true, ordering: .relaxed) }

    private func run() -> Bool {
        while true {
            let tick = Date(timeIntervalSinceNow: 0.25)
            for message in queue.takeAll(until: min(due, tick)) {
                accept(message)
                if pending.weight >= configuration.commitPoints { commitUntilDone() }
            }
            heartbeat.beat()
            let isLast = stoppedShards == shards
            if isLast || !waiting.isEmpty || Date() >= due { commitUntilDone() }
            if isLast { return !hasGivenUp }
        }
    }

    private func accept(_ message: WriterMessage) {
        switch message {
        case .shardStopped: stoppedShards += 1
        case .hindsight(let order): store(order)
        // What can't be stored is not confirmed either.
        case _ where hasGivenUp: break
        case .verdicts(let batch):
            if pending.isEmpty { due = Date(timeIntervalSinceNow: Double(configuration.commitInterval) / 1e6) }
            pending.append(batch.commit)
        case .barrier(let barrier):
            barrier.arrivals += 1
            if barrier.arrivals == shards { waiting.append(barrier) }
        }
    }

    /// A commit of its own, tried once: whoever sent it waits for the answer, and can send it again.
    private func store(_ order: HindsightOrder) {
        if hasGivenUp {
            return order.answer(
                .failure(ControlError(code: .unavailable, message: "the daemon stops and stores nothing more")))
        }
        order.answer(Result { try store.store(order.piece) })
    }

    private func count(_ late: LateOutcome) {
        statistics.duplicates.add(late.duplicates)
        statistics.keptLate.add(late.kept)
        statistics.points.add(late.kept)
    }

    /// Commits what is pending. As long as that fails, nothing more is taken from the queue, so that it fills, the
    /// shards stop, and the sockets are read no further: clients wait, and nothing is lost.
    private func commitUntilDone() {
        var attempts = 0
        while !pending.isEmpty {
            do {
                count(try store.commit(&pending))
                if attempts > 0 {
                    logger.notice("committing again", metadata: ["attempts": "\(attempts)"])
                    statistics.writerTrouble.withLock { $0 = nil }
                }
                break
            } catch {
                attempts += 1
                if attempts == 1 {
                    logger.error("a commit failed and will be tried again", metadata: ["cause": "\(error)"])
                    statistics.writerTrouble.withLock { $0 = "\(error)" }
                }
                if isStopping.load(ordering: .relaxed) { failuresAtEnd += 1 }
                if hasGivenUp {
                    pending.removeAll()
                    waiting = []
                    due = .distantFuture
                    return
                }
                heartbeat.beat()
                Thread.sleep(forTimeInterval: Self.retryPause)
            }
        }
        if !pending.isEmpty {
            _ = statistics.commits.wrappingAdd(1, ordering: .relaxed)
            statistics.lastCommit.store(WallClock.now, ordering: .relaxed)
        }
        pending.removeAll()
        due = .distantFuture
        let done = waiting
        waiting = []
        for barrier in done { barrier.whenCommitted() }
    }
}
