extension Metric {
    public var definition: Definition {
        switch self {
        case .build:
            Definition(
                kind: .info, help: "The version of the daemon that runs",
                labels: [("version", "as --version prints it")])
        case .degraded:
            Definition(
                kind: .gauge,
                help: "1 while something keeps the daemon from doing all that it should, as /healthz says it")
        case .points:
            Definition(kind: .counter, help: "Points that were accepted, late ones that were kept among them")
        case .latePoints:
            Definition(kind: .counter, help: "Points that were dropped, as they came after a later one of their stream")
        case .keptLatePoints:
            Definition(kind: .counter, help: "Late points that were stored without a verdict (feed.late)")
        case .duplicatePoints:
            Definition(kind: .counter, help: "Points that were dropped, as their stream has one of that time")
        case .pendingPoints:
            Definition(kind: .gauge, help: "Points that wait in reorder windows for earlier ones")
        case .readLines:
            Definition(
                kind: .counter, help: "Lines that were read from all feeds, commands and rejected ones among them")
        case .readBytes:
            Definition(kind: .counter, unit: "bytes", help: "Bytes that were read from all feeds")
        case .rejectedLines:
            Definition(
                kind: .counter, help: "Lines that brought no point, by what was wrong with them",
                labels: [("reason", "as anomalyd-protocol(7) names them")])
        case .connections:
            Definition(kind: .gauge, help: "Open connections", labels: [("kind", "feed, http")])
        case .maxConnections:
            Definition(
                kind: .gauge,
                help: "Feed connections at once, at most (feed.max_connections, or what LimitNOFILE= leaves)")
        case .refusedConnections:
            Definition(
                kind: .counter, help: "Connections and requests that were refused or given up, by the reason",
                labels: [("reason", "max-connections, not-permitted, control-timeout, http-host, …")])
        case .httpRequests:
            Definition(
                kind: .counter, help: "HTTP requests that were answered, by status code",
                labels: [("code", "200, 404, …; those that have occurred")])
        case .queueDepth:
            Definition(
                kind: .gauge, help: "What waits in front of a stage: points for a shard, rows for the writer",
                labels: [("stage", "shard-0, shard-1, …, writer")])
        case .queueCapacity:
            Definition(
                kind: .gauge,
                help: "What may wait in front of a stage before the stages ahead of it, and clients, wait",
                labels: [("stage", "shard-0, shard-1, …, writer")])
        case .queueWait:
            Definition(
                kind: .histogram, unit: "seconds",
                help:
                    "Time that a batch waits for its stage: since its oldest point was read (shard), or stepped (writer)",
                labels: [("stage", "shard, writer")])
        case .heartbeatAge:
            Definition(
                kind: .gauge, unit: "seconds", help: "Time since a stage last showed that it goes on",
                labels: [("stage", "shard-0, shard-1, …, writer")])
        case .shardBusy:
            Definition(
                kind: .counter, unit: "seconds", help: "Time that a shard has spent on points",
                labels: [("shard", "0, 1, …")])
        case .step:
            Definition(
                kind: .histogram, unit: "seconds",
                help: "Time of a step from a point to its verdict, without learning; one step in 17 is timed")
        case .train:
            Definition(
                kind: .histogram, unit: "seconds",
                help: "Time of a step that also updated the weights; of the steps that are timed")
        case .knownStreams: Definition(kind: .gauge, help: "Streams in the database")
        case .maxStreams: Definition(kind: .gauge, help: "Streams that there may be (daemon.max_streams)")
        case .streams:
            Definition(
                kind: .gauge,
                help: "Streams by state; awake, asleep and restoring exclude each other, the others do not",
                labels: [("state", "awake, asleep, restoring, warming, silent, muted")])
        case .gradientStreams:
            Definition(
                kind: .gauge, help: "Streams that are awake, by what their gradients are fit for",
                labels: [("health", "healthy, vanishing, exploding, unknown")])
        case .skippedUpdates:
            Definition(
                kind: .gauge,
                help:
                    "Updates that were left out because a gradient was not finite, in the lives of models that are awake"
            )
        case .anomalies: Definition(kind: .counter, help: "Anomalies that were opened")
        case .openAnomalies: Definition(kind: .gauge, help: "Anomalies that are open")
        case .commits: Definition(kind: .counter, help: "Commits to the database")
        case .commitFailures: Definition(kind: .counter, help: "Attempts to commit that failed")
        case .commitDuration:
            Definition(
                kind: .histogram, unit: "seconds", help: "Time of a commit, its wait for locks and the disk included")
        case .commitLatency:
            Definition(
                kind: .histogram, unit: "seconds",
                help: "Time from the arrival of the oldest point in a commit to the end of that commit")
        case .lastCommit:
            Definition(
                kind: .gauge, unit: "seconds", help: "When the last commit was made, since 1970; 0 before the first")
        case .storing: Definition(kind: .gauge, help: "1 while commits succeed, 0 while they fail")
        case .syncWait:
            Definition(kind: .histogram, unit: "seconds", help: "Time from a !sync to its answer")
        case .sealDuration:
            Definition(kind: .histogram, unit: "seconds", help: "Time in which recent points were packed into chunks")
        case .sealFailures: Definition(kind: .counter, help: "Attempts to pack points that failed")
        case .checkpointAge:
            Definition(
                kind: .gauge, unit: "seconds",
                help: "Age of the oldest checkpoint that a stream would be replayed from after a crash; 0 if none would"
            )
        case .databaseBytes:
            Definition(
                kind: .gauge, unit: "bytes", help: "Size of the database's files, and what of it is free",
                labels: [("part", "file, wal; free is in the file and used before it grows")])
        case .storedRows:
            Definition(
                kind: .gauge, help: "Rows with points, by table, some minutes old; point_row is counted up to 100000",
                labels: [("tier", "hot, chunk, point_row")])
        case .storedBytes:
            Definition(
                kind: .gauge, unit: "bytes", help: "About what these rows take, from the size of the newest ones",
                labels: [("tier", "hot, chunk, point_row")])
        case .memoryLimit:
            Definition(kind: .gauge, unit: "bytes", help: "Memory that the process keeps to; 0 without a limit")
        case .memoryLimited:
            Definition(kind: .gauge, help: "1 while streams sleep sooner than they would, for want of memory")
        case .memoryShortages: Definition(kind: .counter, help: "Times that the kernel said that memory is short")
        case .allocatedBytes:
            Definition(
                kind: .gauge, unit: "bytes",
                help: "Memory that is in use by the allocator's count, a minute old at most")
        case .watchdogTimeout:
            Definition(
                kind: .gauge, unit: "seconds",
                help: "Silence after which systemd restarts the daemon; 0 without a watchdog")
        case .watchdogPingAge:
            Definition(kind: .gauge, unit: "seconds", help: "Time since systemd was last told that all stages go on")
        case .processStart: Definition(kind: .gauge, unit: "seconds", help: "When the process began, since 1970")
        case .processProcessorTime:
            Definition(kind: .counter, unit: "seconds", help: "Processor time that the process has used")
        case .processResidentBytes: Definition(kind: .gauge, unit: "bytes", help: "Memory that the process has")
        case .processVirtualBytes:
            Definition(kind: .gauge, unit: "bytes", help: "Address space that the process has")
        case .processOpenFiles: Definition(kind: .gauge, help: "Files that the process has open")
        case .processMaxFiles: Definition(kind: .gauge, help: "Files that the process may have open")
        }
    }
}
