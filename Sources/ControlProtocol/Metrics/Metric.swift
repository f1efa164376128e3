/// The metrics that the daemon has of itself: the register that the exposition, the manual and the tests of the shipped
/// rules and dashboard follow.
///
/// The number of time series does not depend on that of streams.
public enum Metric: String, Sendable, CaseIterable {
    case build = "anomalyd_build"
    case degraded = "anomalyd_degraded"

    // What comes in.
    case points = "anomalyd_points"
    case latePoints = "anomalyd_late_points"
    case keptLatePoints = "anomalyd_kept_late_points"
    case duplicatePoints = "anomalyd_duplicate_points"
    case pendingPoints = "anomalyd_pending_points"
    case readLines = "anomalyd_read_lines"
    case readBytes = "anomalyd_read_bytes"
    case rejectedLines = "anomalyd_rejected_lines"
    case connections = "anomalyd_connections"
    case maxConnections = "anomalyd_max_connections"
    case refusedConnections = "anomalyd_refused_connections"
    case httpRequests = "anomalyd_http_requests"

    // Between the stages.
    case queueDepth = "anomalyd_queue_depth"
    case queueCapacity = "anomalyd_queue_capacity"
    case queueWait = "anomalyd_queue_wait_seconds"
    case heartbeatAge = "anomalyd_stage_heartbeat_age_seconds"
    case shardBusy = "anomalyd_shard_busy_seconds"

    // Models.
    case step = "anomalyd_step_seconds"
    case train = "anomalyd_train_seconds"
    case knownStreams = "anomalyd_known_streams"
    case maxStreams = "anomalyd_max_streams"
    case streams = "anomalyd_streams"
    case gradientStreams = "anomalyd_gradient_streams"
    case skippedUpdates = "anomalyd_gradient_skipped_updates"

    // Anomalies.
    case anomalies = "anomalyd_anomalies"
    case openAnomalies = "anomalyd_open_anomalies"

    // Storage.
    case commits = "anomalyd_commits"
    case commitFailures = "anomalyd_commit_failures"
    case commitDuration = "anomalyd_commit_seconds"
    case commitLatency = "anomalyd_commit_latency_seconds"
    case lastCommit = "anomalyd_last_commit_time_seconds"
    case storing = "anomalyd_storing"
    case syncWait = "anomalyd_sync_wait_seconds"
    case sealDuration = "anomalyd_seal_seconds"
    case sealFailures = "anomalyd_seal_failures"
    case checkpointAge = "anomalyd_checkpoint_age_seconds"
    case databaseBytes = "anomalyd_database_bytes"
    case storedRows = "anomalyd_stored_rows"
    case storedBytes = "anomalyd_stored_bytes"

    // Memory and the watchdog.
    case memoryLimit = "anomalyd_memory_limit_bytes"
    case memoryLimited = "anomalyd_memory_limited"
    case memoryShortages = "anomalyd_memory_shortages"
    case allocatedBytes = "anomalyd_allocated_bytes"
    case watchdogTimeout = "anomalyd_watchdog_timeout_seconds"
    case watchdogPingAge = "anomalyd_watchdog_ping_age_seconds"

    // What Prometheus' client libraries tell of every process.
    case processStart = "process_start_time_seconds"
    case processProcessorTime = "process_cpu_seconds"
    case processResidentBytes = "process_resident_memory_bytes"
    case processVirtualBytes = "process_virtual_memory_bytes"
    case processOpenFiles = "process_open_fds"
    case processMaxFiles = "process_max_fds"

    /// What is said of a metric besides its values.
    public struct Definition: Sendable {
        public var kind: MetricFamily.Kind
        public var unit = ""
        /// A sentence without its full stop.
        public var help: String
        /// Names of its labels, and what values they have.
        public var labels: [(name: String, values: String)] = []
    }

    /// The names that its samples have.
    public var sampleNames: [String] {
        switch definition.kind {
        case .counter: [rawValue + "_total"]
        case .gauge: [rawValue]
        case .histogram: ["_bucket", "_count", "_sum"].map { rawValue + $0 }
        case .info: [rawValue + "_info"]
        }
    }
}
