import Configuration
import FeedProtocol
import Logging
import PointStore

/// The stages behind the feeds, and what feeds need to reach them.
final class Pipeline: Sendable {
    let directory: StreamDirectory
    let statistics: Statistics
    let rejects: RejectLog
    let shards: [Shard]
    let writer: Writer

    init(
        store: PointStore, configuration: DaemonConfiguration, initialModels: InitialModels, shards count: Int,
        logger: Logger
    ) {
        let statistics = Statistics()
        let directory = StreamDirectory(shards: count, limits: FoundingLimits(configuration))
        let writer = Writer(
            store: store, configuration: configuration.database, shards: count, statistics: statistics, logger: logger)
        self.statistics = statistics
        self.directory = directory
        self.writer = writer
        rejects = RejectLog(logger: logger, statistics: statistics)
        let gradientLog = GradientLog(logger: logger, directory: directory)
        shards = (0..<count).map { number in
            Shard(
                number: number, directory: directory, configuration: configuration, initialModels: initialModels,
                statistics: statistics, gradientLog: gradientLog, writer: writer.queue)
        }
    }

    /// Restores every stored stream, on all shards at once, and starts the stages. Returns when all are ready.
    ///
    /// - Throws: `StoreError` if the store can't be read.
    func start(
        _ store: PointStore, _ configuration: DaemonConfiguration, _ initialModels: InitialModels, logger: Logger,
        stopped: @escaping @Sendable (Bool) -> Void
    ) async throws {
        writer.start(stopped: stopped)
        var records = [[StreamRecord]](repeating: [], count: shards.count)
        for record in try store.streams() { records[Int(directory.add(record).shard)].append(record) }
        let restorer = StreamRestorer(
            store: store, configuration: configuration, initialModels: initialModels, logger: logger)
        try await withThrowingTaskGroup(of: Void.self) { group in
            for (shard, records) in zip(shards, records) {
                group.addTask {
                    try await withCheckedThrowingContinuation { (continuation: CheckedContinuation<Void, any Error>) in
                        shard.start(restoring: records, with: restorer) { error in
                            if let error { continuation.resume(throwing: error) } else { continuation.resume() }
                        }
                    }
                }
            }
            try await group.waitForAll()
        }
    }

    /// Waits until feeds hold nothing any more that was read but did not fit into the queues: not for ever, as nothing
    /// moves while the writer can't store. What is left then was never confirmed.
    func takeHeld() async {
        let deadline = SteadyClock.now + 3_000_000
        while statistics.heldFeeds.now > 0, SteadyClock.now < deadline {
            try? await Task.sleep(for: .milliseconds(10))
        }
    }

    /// Tells the shards to finish; the writer stops after the last of them.
    func stop() {
        writer.stopSoon()
        for shard in shards { _ = shard.queue.pushWithoutWaiting(.stop, weight: 0) }
    }

    /// Sends a barrier behind all that the caller has handed on so far.
    ///
    /// - Parameter weight: what it weighs in the queues, in points: as much memory as waits for it.
    func sync(weight: Int = 1, whenCommitted: @escaping @Sendable () -> Void) {
        let barrier = SyncBarrier(weight: weight, whenCommitted: whenCommitted)
        for shard in shards { _ = shard.queue.pushWithoutWaiting(.barrier(barrier), weight: weight) }
    }

    var heartbeats: [Heartbeat] { shards.map(\.heartbeat) + [writer.heartbeat] }
}
