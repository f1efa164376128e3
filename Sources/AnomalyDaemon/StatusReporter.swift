import AnomalyConfiguration
import ControlProtocol
import Foundation
import Logging
import PointStore
import Synchronization
import Systemd

/// Says how the daemon does: to the service manager once a second, and to whoever asks on the control socket.
final class StatusReporter: Sendable {
    /// Time over which points per second are averaged, in seconds.
    private static let rateWindow = 10.0

    /// Time after which a stage that waits is worth a word, in microseconds.
    private static let longWait: Int64 = 2_000_000

    private struct Rate {
        var points: Int64 = 0
        var time = SteadyClock.now
        var perSecond = 0.0
    }

    private let pipeline: Pipeline
    private let listeners: Listeners
    private let configuration: DaemonConfiguration
    private let version: String
    private let notifier: Notifier
    /// Silence after which systemd kills the daemon, in microseconds; nil without a watchdog.
    private let watchdogTimeout: Int64?
    /// Beats of the event loops, which only they can give.
    private let loopBeats: [Heartbeat]
    private let started = WallClock.now
    private let startedSteady = SteadyClock.now
    private let rate = Mutex(Rate())
    private let logger: Logger
    private let wasStuck = Atomic<Bool>(false)
    private let lastPing = Atomic<Int64>(0)
    private let state = Mutex(DaemonStatus.State.starting)
    private let storage: StorageReporter

    init(
        pipeline: Pipeline, listeners: Listeners, configuration: DaemonConfiguration, version: String,
        notifier: Notifier, watchdogTimeout: Int64?, loopBeats: [Heartbeat], logger: Logger
    ) {
        self.pipeline = pipeline
        self.listeners = listeners
        self.configuration = configuration
        self.version = version
        self.notifier = notifier
        self.watchdogTimeout = watchdogTimeout
        self.loopBeats = loopBeats
        self.logger = logger
        storage = StorageReporter(pipeline: pipeline, database: configuration.database.path, logger: logger)
    }

    func ready() {
        state.withLock { $0 = .running }
        notifier.ready(status: text)
    }

    func stopping() {
        state.withLock { $0 = .stopping }
        notifier.stopping(status: "Storing what was received")
    }

    /// Time from one `tick` to the next: a second, or a quarter of a watchdog's time-out if that is shorter.
    var tickInterval: Duration { .microseconds(min(1_000_000, (watchdogTimeout ?? .max) / 4)) }

    /// The rate, the status text, and the watchdog if every stage is alive.
    func tick() {
        updateRate()
        storage.tick()
        notifier.status(text)
        guard let watchdogTimeout else { return }
        let now = SteadyClock.now
        // At half the time-out at the latest, so not later than one tick before it.
        if now - lastPing.now < watchdogTimeout / 2 - min(1_000_000, watchdogTimeout / 4) { return }
        let stuck = (pipeline.heartbeats + loopBeats).filter { $0.isStuck(after: watchdogTimeout / 2) }
        if stuck.isEmpty {
            notifier.watchdog()
            wasStuck.store(false, ordering: .relaxed)
            lastPing.store(now, ordering: .relaxed)
        } else {
            let stages = stuck.map(\.stage).joined(separator: ", ")
            notifier.status("Stuck: \(stages)")
            if !wasStuck.exchange(true, ordering: .relaxed) { logger.tell(.stuck, ["stages": "\(stages)"]) }
        }
    }

    /// One line, such as "3 streams, 120 points/s, 1 anomaly open (4 found), last commit 0.6 s ago".
    private var text: String {
        let statistics = pipeline.statistics
        if let trouble = storage.troubleText { return trouble }
        if let waiting = waitingText { return waiting }
        if let trouble = restoringTrouble { return "Not restoring: \(trouble)" }
        let commit = statistics.lastCommit.now
        let age = Double(WallClock.now - commit) / 1e6
        let streams =
            pipeline.progress.rest.map { rest in
                let percent = 100 * rest.restored / rest.streams
                return "Restoring \(rest.restored) of \(rest.streams) streams (\(percent) %)"
            } ?? "\(pipeline.directory.count) \(pipeline.directory.count == 1 ? "stream" : "streams")"
        return [
            streams,
            "\(Int(rate.withLock { $0.perSecond }.rounded())) points/s",
            sleepText,
            "\(statistics.openAnomalies.now) anomalies open (\(statistics.anomalies.now) found)",
            commit == 0 ? "no commit yet" : "last commit \((age * 10).rounded() / 10) s ago",
        ].compactMap(\.self).joined(separator: ", ") + storage.notes.map { "; \($0)" }.joined()
    }

    /// Such as "memory limited, 900 asleep"; nil while there is nothing to say.
    private var sleepText: String? {
        let asleep = pipeline.statistics.asleepStreams.now
        if pipeline.memory.isLimited { return "memory limited, \(asleep) asleep" }
        return asleep > 0 ? "\(asleep) asleep" : nil
    }

    /// A stage that waits for others for long.
    private var waitingText: String? {
        for beat in pipeline.heartbeats {
            guard let wait = beat.wait, case let time = SteadyClock.now - wait.since, time > Self.longWait else {
                continue
            }
            let holders = LockHolder.others(holding: .writing, on: configuration.database.path)
            return "Waiting: the \(beat.stage) for \(wait.cause), for \(time / 1_000_000) s"
                + (holders.isEmpty ? "" : " (locked by \(holders.map(\.description).joined(separator: ", ")))")
        }
        return nil
    }

    private var restoringTrouble: String? { pipeline.shards.lazy.compactMap(\.restoringTrouble).first }

    /// Why the daemon does not do what it is there for, in a sentence; nil while it does.
    var trouble: String? {
        switch state.withLock({ $0 }) {
        case .starting: return "Starting"
        case .stopping: return "Stopping"
        default: break
        }
        if let trouble = storage.troubleText { return trouble }
        if let trouble = restoringTrouble { return "Not restoring: \(trouble)" }
        let notes = storage.notes
        return notes.isEmpty ? nil : notes.joined(separator: "; ")
    }

    private func updateRate() {
        let points = pipeline.statistics.points.now
        let now = SteadyClock.now
        rate.withLock { rate in
            let seconds = Double(now - rate.time) / 1e6
            guard seconds > 0.1 else { return }
            let weight = min(1, seconds / min(Self.rateWindow, Double(now - startedSteady) / 1e6))
            rate.perSecond += (Double(points - rate.points) / seconds - rate.perSecond) * weight
            rate.points = points
            rate.time = now
        }
    }

    /// All of it, for `anomalyctl status`.
    func status() -> DaemonStatus {
        let statistics = pipeline.statistics
        let (storing, notes) = (storage.report, storage.notes)
        let isDegraded = storing.trouble != nil || restoringTrouble != nil || !notes.isEmpty
        let now = WallClock.now
        let commit = statistics.lastCommit.now
        let ping = lastPing.now
        let current = state.withLock { $0 }
        let gradients = pipeline.shards.reduce(GradientCounts()) { $0 + $1.gradients }
        return DaemonStatus(
            version: version, pid: getpid(), state: isDegraded && current == .running ? .degraded : current,
            text: text, started: started, uptimeSeconds: Double(SteadyClock.now - startedSteady) / 1e6,
            streams: pipeline.directory.count, warmingStreams: Int(statistics.warmingStreams.now),
            points: statistics.points.now, pointsPerSecond: rate.withLock { $0.perSecond },
            rejectedLines: statistics.rejectedLines, duplicatePoints: statistics.duplicates.now,
            latePoints: statistics.late.now, anomalies: statistics.anomalies.now,
            openAnomalies: Int(statistics.openAnomalies.now), lastCommit: commit == 0 ? nil : commit,
            commits: statistics.commits.now,
            queues: DaemonStatus.Queues(
                shards: pipeline.shards.map(\.queue.weight), writer: pipeline.writer.queue.weight),
            connections: Int(statistics.connections.now), listeners: listeners.paths,
            database: DaemonStatus.Database(path: configuration.database.path, bytes: storage.databaseBytes),
            residentBytes: ResidentMemory.all,
            watchdog: watchdogTimeout.map { timeout in
                DaemonStatus.Watchdog(
                    timeoutSeconds: Double(timeout) / 1e6,
                    lastSent: ping == 0 ? nil : now - (SteadyClock.now - ping))
            },
            checkpointAgeSeconds: pipeline.shards.compactMap(\.checkpointAge).max().map { Double($0) / 1e6 },
            gradients: DaemonStatus.Gradients(
                healthy: gradients.healthy, vanishing: gradients.vanishing, exploding: gradients.exploding,
                unknown: gradients.unknown, skippedUpdates: gradients.skippedUpdates),
            restoring: pipeline.progress.rest.map {
                DaemonStatus.Restoring(restored: $0.restored, streams: $0.streams)
            },
            maxConnections: listeners.mostConnections, maxStreams: configuration.daemon.maxStreams,
            refusedConnections: statistics.refusedConnections, keptLatePoints: statistics.keptLate.now,
            pendingPoints: statistics.pending.now, silentStreams: Int(statistics.silentStreams.now),
            mutedStreams: statistics.mutedStreams(now: WallClock.now),
            allocatedBytes: AllocatedMemory.bytes,
            asleepStreams: Int(statistics.asleepStreams.now), memory: pipeline.memory.status,
            storage: storing, notes: notes)
    }
}
