import AnomalyControl
import ControlProtocol
import Presentation
import Testing

@Suite struct StatusReportTests {
    private func report(_ status: DaemonStatus, colour: Bool = false) -> String {
        let output = Output(descriptor: nil)
        StatusReport(status: status, now: SampleStatus.now, zone: FixedZone.utc)
            .write(to: output, terminal: Terminal(columns: 80, colour: colour))
        return output.text.replacing("\u{1B}", with: "␛")
    }

    @Test func layout() {
        #expect(
            report(SampleStatus.busy) == """
                ● anomalyd - online anomaly detection for streams of numbers
                        Active: running since Mon 2026-11-23 14:00:00 UTC; 2h 5min ago
                      Main PID: 4711 (anomalyd 0.1.0)
                        Status: "processing 1000 streams"
                       Streams: 1,000 (12 warming up)
                     Gradients: 980 healthy, 7 vanishing, 1 exploding, 12 not known; 3 updates skipped
                        Points: 2,500,000 since start, 50,123/s
                     Anomalies: 3 open, 17 since start
                      Rejected: 14 lines (value 12, name 1, too-long 1)
                       Dropped: 5 duplicate, 1,200 late
                   Last commit: 0.4s ago (7,400 since start)
                        Queues: 120 + 0 points in shards, 7 in the writer
                     Listening: /run/anomalyd/feed.sock, /run/anomalyd/more.sock
                   Connections: 3
                      Database: /var/lib/anomalyd/anomaly.db (1.0G)
                        Memory: 35.2M, allocated 30.0M
                   Checkpoints: oldest 42s ago
                      Watchdog: last sign of life 1.5s ago, limit 30s

                """)
    }

    @Test func aDaemonThatRestoresSaysHowFarItIs() {
        var status = SampleStatus.busy
        status.restoring = DaemonStatus.Restoring(restored: 4210, streams: 10_000)
        #expect(report(status).contains("     Restoring: 4,210 of 10,000 streams (42%)\n"))
    }

    @Test func aDaemonWithLittleMemorySaysWhoSleeps() {
        var status = SampleStatus.busy
        (status.asleepStreams, status.memory) = (900, DaemonStatus.Memory(limit: 64 << 20, isLimited: true))
        #expect(report(status).contains("       Streams: 1,000 (12 warming up), 900 asleep\n"))
        #expect(report(status).contains("        Memory: 35.2M, allocated 30.0M, limit 64.0M (memory limited)\n"))
        status.memory?.isLimited = false
        #expect(report(status).contains("        Memory: 35.2M, allocated 30.0M, limit 64.0M\n"))
    }

    @Test func layoutOfADaemonThatHasNothingToTell() {
        #expect(
            report(SampleStatus.idle) == """
                ● anomalyd - online anomaly detection for streams of numbers
                        Active: running since Mon 2026-11-23 16:05:00 UTC; 0.0s ago
                      Main PID: 4711 (anomalyd 0.1.0)
                       Streams: 0
                        Points: 0 since start, 0/s
                     Anomalies: 0 open, 0 since start
                      Rejected: none
                       Dropped: none
                   Last commit: none yet
                        Queues: 0 points in shards, 0 in the writer
                     Listening: no sockets
                   Connections: 0
                      Database: /var/lib/anomalyd/anomaly.db (0B)
                        Memory: 10.0M
                   Checkpoints: none yet
                      Watchdog: off

                """)
    }

    @Test func gradientsOfADaemonWithoutStreams() {
        var status = SampleStatus.idle
        status.gradients = DaemonStatus.Gradients(
            healthy: 0, vanishing: 0, exploding: 0, unknown: 0, skippedUpdates: 0)
        #expect(report(status).contains("     Gradients: none yet\n"))
        #expect(!report(SampleStatus.idle).contains("Gradients"), "an older daemon does not say")
        status.gradients?.exploding = 2
        #expect(report(status, colour: true).contains("Gradients: ␛[1;31m2 exploding␛[0m\n"))
    }

    @Test func limitsAreShownWhenTheyAreNear() {
        var status = SampleStatus.busy
        status.maxConnections = 1024
        status.maxStreams = 1250
        status.refusedConnections = ["not-permitted": 2, "max-connections": 1234, "control-timeout": 0]
        #expect(report(status).contains("     Streams: 1,000 of at most 1,250 (12 warming up)\n"))
        #expect(report(status).contains(" Connections: 3\n"))
        #expect(report(status).contains("     Refused: 1,236 clients (max-connections 1,234, not-permitted 2)\n"))
        status.connections = 1000
        status.refusedConnections = ["not-permitted": 1]
        #expect(report(status).contains(" Connections: 1,000 of at most 1,024\n"))
        #expect(report(status).contains("     Refused: 1 client (not-permitted 1)\n"))
        status.refusedConnections = [:]
        #expect(report(status).contains("     Refused: none\n"))
        #expect(!report(SampleStatus.busy).contains("Refused"), "an older daemon does not say")
    }

    @Test func pointsOutOfOrder() {
        var status = SampleStatus.idle
        (status.keptLatePoints, status.pendingPoints) = (0, 0)
        #expect(report(status) == report(SampleStatus.idle), "there is nothing to tell")
        (status.keptLatePoints, status.pendingPoints) = (1200, 7)
        #expect(
            report(status).contains(
                """
                       Dropped: none
                          Kept: 1,200 late
                       Waiting: 7 in reorder windows
                   Last commit: none yet

                """))
    }

    @Test func coloursTellHealth() {
        #expect(report(SampleStatus.idle, colour: true).hasPrefix("␛[1;32m●␛[0m anomalyd"))
        #expect(report(SampleStatus.busy, colour: true).contains("Anomalies: ␛[1;31m3 open␛[0m, 17"))
        var status = SampleStatus.busy
        status.state = .degraded
        status.text = "the disk is full"
        #expect(report(status, colour: true).contains("Active: ␛[1;31mdegraded␛[0m since"))
        status.state = DaemonStatus.State(rawValue: "hibernating")
        #expect(report(status, colour: true).hasPrefix("␛[1;33m●␛[0m"))
        status = SampleStatus.busy
        status.lastCommit = SampleStatus.now - 95_000_000
        #expect(report(status, colour: true).contains("Last commit: ␛[1;33m1min 35s ago␛[0m"))
    }
}

/// Statuses to test with.
enum SampleStatus {
    /// 2026-11-23 16:05:00 UTC
    static let now: Int64 = 1_795_449_900_000_000

    static let idle = DaemonStatus(
        version: "0.1.0", pid: 4711, state: .running, started: now, uptimeSeconds: 0, streams: 0, warmingStreams: 0,
        points: 0, pointsPerSecond: 0, rejectedLines: [:], duplicatePoints: 0, latePoints: 0, anomalies: 0,
        openAnomalies: 0, lastCommit: nil, commits: 0, queues: DaemonStatus.Queues(shards: [], writer: 0),
        connections: 0, listeners: [],
        database: DaemonStatus.Database(path: "/var/lib/anomalyd/anomaly.db", bytes: 0), residentBytes: 10_485_760,
        watchdog: nil, checkpointAgeSeconds: nil)

    static let busy = DaemonStatus(
        version: "0.1.0", pid: 4711, state: .running, text: "processing 1000 streams", started: now - 7_500_000_000,
        uptimeSeconds: 7500, streams: 1000, warmingStreams: 12, points: 2_500_000, pointsPerSecond: 50_123.4,
        rejectedLines: ["too-long": 1, "value": 12, "name": 1, "utf8": 0], duplicatePoints: 5, latePoints: 1200,
        anomalies: 17, openAnomalies: 3, lastCommit: now - 400_000, commits: 7400,
        queues: DaemonStatus.Queues(shards: [120, 0], writer: 7), connections: 3,
        listeners: ["/run/anomalyd/feed.sock", "/run/anomalyd/more.sock"],
        database: DaemonStatus.Database(path: "/var/lib/anomalyd/anomaly.db", bytes: 1 << 30),
        residentBytes: 36_909_875,
        watchdog: DaemonStatus.Watchdog(timeoutSeconds: 30, lastSent: now - 1_500_000), checkpointAgeSeconds: 42.25,
        gradients: DaemonStatus.Gradients(healthy: 980, vanishing: 7, exploding: 1, unknown: 12, skippedUpdates: 3),
        allocatedBytes: 31_457_280)
}
