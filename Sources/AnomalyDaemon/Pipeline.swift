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
        let directory = StreamDirectory(shards: count)
        let writer = Writer(
            store: store, configuration: configuration.database, shards: count, directory: directory,
            statistics: statistics, logger: logger)
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
    /// - Parameters:
    ///   - failed: called if nothing more can be stored; the daemon should stop then.
    ///   - stopped: called at the end, with true if everything is stored.
    /// - Throws: `StoreError` if the store can't be read.
    func start(
        _ store: PointStore, _ configuration: DaemonConfiguration, _ initialModels: InitialModels, logger: Logger,
        failed: @escaping @Sendable (StoreError) -> Void, stopped: @escaping @Sendable (Bool) -> Void
    ) async throws {
        let rebase: @Sendable () -> Void = { [shards] in
            for shard in shards { _ = shard.queue.pushWithoutWaiting(.checkpointAll, weight: 0) }
        }
        writer.start(Writer.Events(rebase: rebase, failed: failed, stopped: stopped))
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
        _ = writer.queue.pushWithoutWaiting(.restored(records.joined().map(\.id)), weight: 0)
    }

    /// Tells the shards to finish; the writer stops after the last of them.
    func stop() {
        writer.stopSoon()
        for shard in shards { _ = shard.queue.pushWithoutWaiting(.stop, weight: 0) }
    }

    /// Sends a barrier behind all that the caller has handed on so far.
    func sync(whenCommitted: @escaping @Sendable () -> Void) {
        let barrier = SyncBarrier(whenCommitted: whenCommitted)
        for shard in shards { _ = shard.queue.pushWithoutWaiting(.barrier(barrier), weight: 0) }
    }

    var heartbeats: [Heartbeat] { shards.map(\.heartbeat) + [writer.heartbeat] }
}
