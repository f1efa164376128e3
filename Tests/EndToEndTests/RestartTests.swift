import Glibc
import Testing

/// The daemon serves before its streams are restored; each is before its next point, and nobody can tell the difference.
@Suite(.serialized) struct RestartTests {
    private static let streams = 1500
    private static let points = 90

    /// Nothing but replay brings the streams back, so that it takes a while.
    private static let settings = ["storage.checkpoint_interval=1d"]

    let folder: TemporaryFolder
    init() throws { folder = try TemporaryFolder() }

    /// Points of all streams, interleaved one by one.
    private static func lines(_ times: Range<Int>, streams: Range<Int> = 0..<streams) throws -> String {
        let series = try Series.load().points
        return times.map { time in
            streams.map { "restart.\($0) \(series[($0 * 7 + time) % series.count].value) \(time + 1)\n" }.joined()
        }.joined()
    }

    private func feed(_ times: Range<Int>, to daemon: DaemonProcess) throws {
        let client = try daemon.client()
        try client.send(Self.lines(times))
        try client.sync()
    }

    /// Starts the daemon, and makes sure that it is ready long before all is restored.
    private func startRestoring() throws -> DaemonProcess {
        let daemon = try DaemonProcess.start(in: folder, settings: Self.settings)
        let texts = daemon.notify.messages.map(\.text)
        let ready = try #require(texts.firstIndex(of: "READY=1"))
        let told = try #require(texts[ready...].first { $0.hasPrefix("STATUS=") })
        let numbers = try #require(told.wholeMatch(of: #/STATUS=Restoring ([0-9]+) of 1500 streams \([0-9]+ %\), .*/#))
        #expect(try #require(Int(numbers.1)) < Self.streams / 2)
        return daemon
    }

    @Test func pointsBetweenRestoringsAndDeathsWhileRestoring() throws {
        let (early, middle, late) = (0..<60, 60..<75, 75..<Self.points)
        let quiet = try TemporaryFolder()
        let undisturbed = try DaemonProcess.start(in: quiet, settings: Self.settings)
        for part in [early, middle, late] { try feed(part, to: undisturbed) }
        try undisturbed.stop()

        var daemon = try DaemonProcess.start(in: folder, settings: Self.settings)
        try feed(early, to: daemon)
        try daemon.kill()

        // Killed while it restores, with points of some streams read and perhaps stored.
        daemon = try startRestoring()
        try daemon.client().send(Self.lines(middle))
        pause(.milliseconds(200))
        try daemon.kill()

        // Stopped while it restores: soon, and what had been read is stored.
        daemon = try startRestoring()
        let client = try daemon.client()
        try client.send(Self.lines(middle, streams: 1480..<Self.streams))
        try client.ping()
        #expect(try daemon.status().restoring != nil)
        try daemon.stop(within: .seconds(5))
        #expect(!daemon.process.errors.contains("all streams are restored"))
        let last = "SELECT count(*), max(sequence) FROM point JOIN stream ON id = stream_id WHERE name = 'restart.1499'"
        #expect(try daemon.query(last) == ["75|75"])

        // Points right after READY. Those that are stored already are dropped.
        daemon = try startRestoring()
        try feed(middle, to: daemon)
        try feed(late, to: daemon)
        let status = try daemon.status()
        #expect(status.restoring == nil && status.streams == Self.streams)
        #expect(status.openAnomalies == Int(try daemon.query("SELECT count(*) FROM anomaly WHERE open")[0]))
        #expect(daemon.process.errors.contains("all streams are restored"))
        try daemon.stop()
        #expect(try StoreComparison.differences(daemon.database, undisturbed.database) == [])
    }

    /// Without any point, too, and whoever asks is told how far it is.
    @Test func allAreRestoredInTheBackground() throws {
        var daemon = try DaemonProcess.start(in: folder, settings: Self.settings)
        try feed(0..<60, to: daemon)
        try daemon.kill()
        daemon = try startRestoring()
        var seen: [Int] = []
        try eventually("all streams are restored") {
            guard let rest = try daemon.status().restoring else { return true }
            #expect(rest.streams == Self.streams)
            seen.append(rest.restored)
            return false
        }
        #expect(seen.count > 1 && seen == seen.sorted())
        #expect(try #require(seen.first) < #require(seen.last))
        #expect(try !daemon.status().text.contains("Restoring"))
        try daemon.stop()
    }
}
