import ControlProtocol
import FeedProtocol
import Foundation
import PointStore
import Synchronization
import WebServer

/// What the daemon measures of itself, for Prometheus and `anomalyctl metrics`.
final class MetricsReporter: Sendable {
    private let pipeline: Pipeline
    private let reporter: StatusReporter
    private let tiers: TierFigures
    private let server = Mutex<WebServer?>(nil)
    /// What the allocator has given out, and the steady time from which it is asked again.
    private let allocated = Mutex((bytes: Int64(0), next: Int64.min))

    /// Time between two such questions, in microseconds: with ten thousand streams it takes eight milliseconds to add up
    /// what is free, under locks that the stages need.
    private static let allocatedPause: Int64 = 60_000_000

    init(pipeline: Pipeline, reporter: StatusReporter, database: String) {
        self.pipeline = pipeline
        self.reporter = reporter
        tiers = TierFigures(path: database)
    }

    /// Whose connections are told of.
    func watch(_ server: WebServer?) { self.server.withLock { $0 = server } }

    /// All metrics, in the order of the register.
    func families() -> [MetricFamily] {
        let figures = Figures(
            status: reporter.status(allocated: recentlyAllocated), process: ProcessFigures(), tiers: tiers.now,
            webConnections: server.withLock { $0?.openConnections ?? 0 })
        return Metric.allCases.map { MetricFamily($0, samples: samples(of: $0, figures)) }
    }

    private var recentlyAllocated: Int64 {
        allocated.withLock { allocated in
            let now = SteadyClock.now
            if now >= allocated.next { allocated = (AllocatedMemory.bytes, now + Self.allocatedPause) }
            return allocated.bytes
        }
    }

    /// What is asked for once for all metrics.
    private struct Figures {
        var status: DaemonStatus
        var process: ProcessFigures
        var tiers: StoredTiers?
        var webConnections: Int
    }

    // One case for each metric, so that the compiler finds what is missing.
    // swift-format-ignore
    private func samples(of metric: Metric, _ figures: Figures) -> [MetricFamily.Sample] {
        let (status, process, statistics) = (figures.status, figures.process, pipeline.statistics)
        let times = statistics.times
        return switch metric {
        case .build: [MetricFamily.Sample(suffix: "_info", labels: [.init("version", status.version)], value: 1)]
        case .degraded: gauge(reporter.trouble == nil ? 0 : 1)
        case .points: counter(status.points)
        case .latePoints: counter(status.latePoints)
        case .keptLatePoints: counter(statistics.keptLate.now)
        case .duplicatePoints: counter(status.duplicatePoints)
        case .pendingPoints: gauge(statistics.pending.now)
        case .readLines: counter(statistics.readLines.now)
        case .readBytes: counter(statistics.readBytes.now)
        case .rejectedLines:
            counters("reason", FeedLineError.Reason.allCases.map { ($0.rawValue, status.rejectedLines[$0.rawValue] ?? 0) })
        case .connections: gauges("kind", [("feed", status.connections), ("http", figures.webConnections)])
        case .maxConnections: gauge(status.maxConnections ?? 0)
        case .refusedConnections:
            counters("reason", Refusal.allCases.map { ($0.rawValue, status.refusedConnections?[$0.rawValue] ?? 0) })
        case .httpRequests: counters("code", statistics.answered.sorted { $0.key < $1.key }.map { ("\($0.key)", $0.value) })
        case .queueDepth: gauges("stage", stages(status.queues.shards, writer: status.queues.writer))
        case .queueCapacity:
            gauges("stage", stages(pipeline.shards.map(\.queue.capacity), writer: pipeline.writer.queue.capacity))
        case .queueWait:
            times.shardWait.withLock { $0.samples([.init("stage", "shard")]) }
                + times.writerWait.withLock { $0.samples([.init("stage", "writer")]) }
        case .heartbeatAge:
            gauges("stage", stages(pipeline.shards.map { seconds($0.heartbeat.age) },
                writer: seconds(pipeline.writer.heartbeat.age)))
        case .shardBusy: counters("shard", pipeline.shards.map { ("\($0.number)", seconds($0.busyTime.now)) })
        case .step: times.steps.withLock { $0.samples() }
        case .train: times.updates.withLock { $0.samples() }
        case .knownStreams: gauge(status.streams)
        case .maxStreams: gauge(status.maxStreams ?? 0)
        case .streams: gauges("state", [
            ("awake", Int(pipeline.memory.awake.now)), ("asleep", Int(statistics.asleepStreams.now)),
            ("restoring", status.restoring.map { $0.streams - $0.restored } ?? 0), ("warming", status.warmingStreams),
            ("silent", Int(statistics.silentStreams.now)), ("muted", status.mutedStreams ?? 0),
        ])
        case .gradientStreams: gauges("health", [
            ("healthy", status.gradients?.healthy ?? 0), ("vanishing", status.gradients?.vanishing ?? 0),
            ("exploding", status.gradients?.exploding ?? 0), ("unknown", status.gradients?.unknown ?? 0),
        ])
        case .skippedUpdates: gauge(status.gradients?.skippedUpdates ?? 0)
        case .anomalies: counter(status.anomalies)
        case .openAnomalies: gauge(status.openAnomalies)
        case .commits: counter(status.commits)
        case .commitFailures: counter(statistics.commitFailures.now)
        case .commitDuration: times.commits.withLock { $0.samples() }
        case .commitLatency: times.commitLatency.withLock { $0.samples() }
        case .lastCommit: gauge(seconds(status.lastCommit ?? 0))
        case .storing: gauge(status.storage?.trouble == nil ? 1 : 0)
        case .syncWait: times.syncs.withLock { $0.samples() }
        case .sealDuration: times.seals.withLock { $0.samples() }
        case .sealFailures: counter(statistics.sealFailures.now)
        case .checkpointAge: gauge(status.checkpointAgeSeconds ?? 0)
        case .databaseBytes:
            gauges("part", [
                ("file", status.database.bytes - (status.storage?.walBytes ?? 0)), ("wal", status.storage?.walBytes ?? 0),
            ] + (figures.tiers.map { [("free", $0.freeBytes)] } ?? []))
        case .storedRows: gauges("tier", figures.tiers?.tiers.map { ($0.name, $0.rows) } ?? [])
        case .storedBytes: gauges("tier", figures.tiers?.tiers.map { ($0.name, $0.bytes) } ?? [])
        case .memoryLimit: gauge(status.memory?.limit ?? 0)
        case .memoryLimited: gauge(pipeline.memory.isLimited ? 1 : 0)
        case .memoryShortages: counter(pipeline.memory.shortages.now)
        case .allocatedBytes: gauge(status.allocatedBytes ?? 0)
        case .watchdogTimeout: gauge(status.watchdog?.timeoutSeconds ?? 0)
        case .watchdogPingAge: gauge(seconds(reporter.pingAge ?? 0))
        case .processStart: gauge(seconds(status.started))
        case .processProcessorTime: counter(process.processorTime)
        case .processResidentBytes: gauge(process.residentBytes)
        case .processVirtualBytes: gauge(process.virtualBytes)
        case .processOpenFiles: gauge(process.openFiles)
        case .processMaxFiles: gauge(process.maxFiles)
        }
    }

    // MARK: Samples

    /// From microseconds.
    private func seconds(_ time: Int64) -> Double { Double(time) / 1e6 }

    private func stages<Value>(_ shards: [Value], writer: Value) -> [(String, Value)] {
        shards.enumerated().map { ("shard-\($0.offset)", $0.element) } + [("writer", writer)]
    }

    private func gauge(_ value: some BinaryInteger) -> [MetricFamily.Sample] { gauge(Double(value)) }
    private func gauge(_ value: Double) -> [MetricFamily.Sample] { [MetricFamily.Sample(value: value)] }
    private func counter(_ value: Int64) -> [MetricFamily.Sample] { counter(Double(value)) }
    private func counter(_ value: Double) -> [MetricFamily.Sample] {
        [MetricFamily.Sample(suffix: "_total", value: value)]
    }

    private func gauges(_ label: String, _ values: [(String, some BinaryInteger)]) -> [MetricFamily.Sample] {
        gauges(label, values.map { ($0.0, Double($0.1)) })
    }
    private func gauges(_ label: String, _ values: [(String, Double)]) -> [MetricFamily.Sample] {
        values.map { MetricFamily.Sample(labels: [.init(label, $0.0)], value: $0.1) }
    }
    private func counters(_ label: String, _ values: [(String, Int64)]) -> [MetricFamily.Sample] {
        counters(label, values.map { ($0.0, Double($0.1)) })
    }
    private func counters(_ label: String, _ values: [(String, Double)]) -> [MetricFamily.Sample] {
        values.map { MetricFamily.Sample(suffix: "_total", labels: [.init(label, $0.0)], value: $0.1) }
    }
}
