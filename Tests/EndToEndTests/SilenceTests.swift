import Foundation
import Testing

/// A stream that falls silent is an anomaly when it does, not when its next point comes; and replay agrees.
@Suite struct SilenceTests {
    let folder: TemporaryFolder
    init() throws { folder = try TemporaryFolder() }

    /// Points that lie 20 ms apart, the last of them now: all at once, so that a busy machine makes no gaps.
    private func send(_ count: Int, _ client: FeedClient) throws {
        let now = Date().timeIntervalSince1970
        let lines = (1...count).map { "live \($0 % 7) \(now - 0.02 * Double(count - $0))\n" }
        try client.send(lines.joined())
        try client.sync()
    }

    @Test func aStreamThatFallsSilent() throws {
        let daemon = try DaemonProcess.start(in: folder, settings: ["storage.checkpoint_interval=1d"])
        let client = try daemon.client()
        // Recorded points end, and nobody misses them.
        try client.send((1...300).map { "recorded \($0 % 7) \($0)\n" }.joined())
        try send(200, client)
        #expect(try daemon.status().silentStreams == 0)
        try eventually("it is missed") { try daemon.status().silentStreams == 1 }
        try eventually("it is stored") { try daemon.query("SELECT count(*) FROM event") == ["1"] }
        let event = """
            SELECT name, sequence, kind, event.time > (SELECT max(time) FROM point WHERE stream_id = id)
            FROM event JOIN stream ON id = stream_id
            """
        #expect(try daemon.query(event) == ["live|200|silence|1"])
        let anomaly = """
            SELECT name, start_sequence, points, open, kind FROM anomaly JOIN stream ON stream.id = stream_id
            WHERE name = 'live' AND start_sequence > 200
            """
        #expect(try daemon.query(anomaly) == ["live|201|0|1|gap"])
        #expect(daemon.process.errors.contains("a stream has fallen silent"))

        // Brought back from all its points and the event: the only checkpoint is that of the shipped weights.
        try daemon.kill()
        let second = try DaemonProcess.start(in: folder, settings: ["storage.checkpoint_interval=1d"])
        try second.waitUntilRestored()
        #expect(try second.status().silentStreams == 1)
        #expect(try second.query("SELECT count(*) FROM event") == ["1"], "it is told once")
        let again = try second.client()
        try send(10, again)
        #expect(try second.status().silentStreams == 0)
        try second.stop()

        // From the points and the event alone, the same state comes about, bit for bit.
        let state = """
            SELECT hex(state) FROM checkpoint JOIN stream ON id = stream_id WHERE name = 'live' AND sequence = 210
            """
        let before = try SQLiteShell.run(state, on: second.database)
        try SQLiteShell.run("DELETE FROM checkpoint WHERE sequence > 0", on: second.database, writable: true)
        let third = try DaemonProcess.start(in: folder)
        try third.waitUntilRestored()
        try third.stop()
        #expect(before.count == 1)
        #expect(try SQLiteShell.run(state, on: third.database) == before)
        let verify = try ChildProcess(
            [Programs.path("anomalyctl"), "--database", third.database, "db", "verify"], in: folder)
        #expect(try verify.wait() == .code(0), "\(verify.output)")
    }

    /// Points that wait for earlier ones are scored when no others come.
    @Test func pointsThatWaitAreReleased() throws {
        let daemon = try DaemonProcess.start(in: folder, settings: ["feed.late=reorder", "feed.reorder_window=1s"])
        let client = try daemon.client()
        try send(250, client)
        #expect(try daemon.status().pendingPoints > 10)
        try eventually("they are released, and the stream is missed") {
            let status = try daemon.status()
            return status.pendingPoints == 0 && status.silentStreams == 1
        }
        // They leave the window a moment before they are committed.
        try eventually("they are stored") {
            try daemon.query("SELECT count(*), max(sequence) FROM point") == ["250|250"]
        }
        try daemon.stop()
    }
}
