import AnomalyConfiguration
import AnomalyDetection
import FeedProtocol
import Logging
import PointStore
import Synchronization

/// The stages behind the feeds, and what feeds need to reach them.
final class Pipeline: Sendable {
    let directory: StreamDirectory
    let statistics: Statistics
    let rejects: RejectLog
    let shards: [Shard]
    let writer: Writer
    let progress: RestoreProgress
    let memory: MemoryBudget
    let statsD: StatsDIntervals
    let followers: VerdictFollowers
    let groups: NetworkGroups
    private let logger: Logger

    init(
        store: PointStore, configuration: DaemonConfiguration, initialModels: InitialModels, shards count: Int,
        logger: Logger
    ) {
        let statistics = Statistics()
        let directory = StreamDirectory(shards: count, limits: FoundingLimits(configuration))
        let history = HistoryPath(store.path)
        let ledger = CommitLedger(shards: count)
        let writer = Writer(
            store: store, configuration: configuration.database, retention: Retention(configuration), shards: count,
            ledger: ledger, directory: directory, history: history, statistics: statistics, logger: logger)
        let memory = MemoryBudget()
        self.memory = memory
        self.logger = logger
        self.statistics = statistics
        self.directory = directory
        self.writer = writer
        rejects = RejectLog(logger: logger, statistics: statistics)
        let progress = RestoreProgress(logger: logger)
        self.progress = progress
        let restorer = StreamRestorer(
            configuration: configuration, initialModels: initialModels, logger: logger,
            noteDamage: { history.note($0, in: $1, to: store) })
        let groups = NetworkGroups()
        self.groups = groups
        let run = RunStart(steady: SteadyClock.now, lastStored: store.lastWritten)
        let streamLog = StreamLog(logger: logger, directory: directory)
        let followers = VerdictFollowers(directory)
        self.followers = followers
        let shards = (0..<count).map { number in
            Shard(
                number: number, directory: directory, configuration: configuration, initialModels: initialModels,
                statistics: statistics, streamLog: streamLog, writer: writer.queue,
                followers: followers, ledger: ledger, memory: memory, groups: groups,
                backlog: RestoreBacklog(history: history, directory: directory, restorer: restorer),
                progress: progress, run: run)
        }
        self.shards = shards
        statsD = StatsDIntervals(
            interval: configuration.feed.statsdInterval, mostMetrics: configuration.daemon.maxStreams)
    }

    /// Starts the stages. Returns as soon as points may come; stored streams are restored when one of theirs does, or in
    /// the background.
    ///
    /// - Parameters:
    ///   - alerts: is told of what is stored.
    ///   - failed: called if nothing more can be stored; the daemon should stop then.
    ///   - stopped: called at the end, with true if everything is stored.
    /// - Throws: `StoreError` if the store can't be read.
    func start(
        _ store: PointStore, alerts: AlertDispatcher, failed: @escaping @Sendable (StoreError) -> Void,
        stopped: @escaping @Sendable (Bool) -> Void
    ) throws {
        let rebase: @Sendable () -> Void = { [shards] in
            for shard in shards { _ = shard.queue.pushWithoutWaiting(.checkpointAll, weight: 0) }
            alerts.inbox.add { $0.isReplaced = true }
        }
        var entries = [[StreamDirectory.Entry]](repeating: [], count: shards.count)
        let streams = try store.streams()
        for record in streams {
            let entry = directory.add(record)
            entries[Int(entry.shard)].append(entry)
        }
        // Points and anomalies are committed together, so that the store knows.
        let open = try store.streamsWithOpenAnomalies()
        statistics.openAnomalies.add(open.count)
        statistics.pending.add(try store.pendingPoints())
        let mutes = try store.mutedStreams()
        statistics.mutes.withLock { $0 = mutes }
        let saved = try store.groups { logger.tell(.groupUnusable, ["group": "\($0)"]) }
        groups.restore(saved.map(\.saved))
        progress.begin(streams.count)
        alerts.prepare()
        writer.start(
            knowing: streams.map(\.id),
            Writer.Events(
                isPointLate: { [shards] in shards.contains { $0.isLate } }, rebase: rebase,
                committed: alerts.inbox.committed, failed: failed, stopped: stopped))
        followers.start()
        for (shard, entries) in zip(shards, entries) { shard.start(restoring: entries, open: open) }
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
        for shard in shards { shard.stopSoon() }
        for shard in shards { _ = shard.queue.pushWithoutWaiting(.stop, weight: 0) }
        followers.stop()
    }

    /// Sends a barrier behind all that the caller has handed on so far.
    ///
    /// - Parameters:
    ///   - weight: what it weighs in the queues, in points: as much memory as waits for it.
    ///   - confirmsPoints: false for a caller who has handed on no points, and so need not wait for any whose stream
    ///     can't be restored.
    func sync(weight: Int = 1, confirmsPoints: Bool = true, whenCommitted: @escaping @Sendable () -> Void) {
        let barrier = SyncBarrier(weight: weight, confirmsPoints: confirmsPoints, whenCommitted: whenCommitted)
        for shard in shards { _ = shard.queue.pushWithoutWaiting(.barrier(barrier), weight: weight) }
    }

    var heartbeats: [Heartbeat] { shards.map(\.heartbeat) + [writer.heartbeat] }
}
