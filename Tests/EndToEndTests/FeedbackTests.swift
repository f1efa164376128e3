import Foundation
import Testing

/// `anomalyctl label`, `anomalies ack` and `model freeze`: what people say, and what the daemon makes of it.
@Suite struct FeedbackTests {
    let folder: TemporaryFolder
    init() throws { folder = try TemporaryFolder() }

    private func flagged(_ daemon: DaemonProcess, at point: Int) throws -> Bool {
        try daemon.query("SELECT flags & 4 FROM point WHERE sequence = \(point)") == ["4"]
    }

    @Test func whatIsSaidHoldsAlsoAfterACrash() throws {
        let settings = ["storage.checkpoint_interval=1d"]
        let daemon = try DaemonProcess.start(in: folder, settings: settings)
        let client = try daemon.client()
        try client.send(NoisyLines.text(1...700, spikes: [600: 12]))
        try client.sync()
        #expect(try flagged(daemon, at: 600))
        let id = try #require(try daemon.query("SELECT id FROM anomaly WHERE start_sequence = 600").first)

        let acknowledged = try folder.anomalyctl("anomalies", "ack", id, "-m", "ticket 4711")
        #expect(acknowledged.exit == .code(0) && acknowledged.output == "anomaly \(id) of disk: acknowledged\n")
        #expect(try folder.anomalyctl("anomalies", "-o", "csv", "-n", "1").output.contains(",ack,0,0\n"))
        let labelled = try folder.anomalyctl("label", id, "--false-positive", "-m", "the nightly backup")
        #expect(labelled.exit == .code(0), "\(labelled)")
        #expect(labelled.output.hasPrefix("anomaly \(id) of disk: a false positive; a "))
        #expect(labelled.output.hasSuffix("and this shape is let go by (from point 701 on)\n"), "\(labelled.output)")
        #expect(
            daemon.process.errors.contains("a client changes something") && daemon.process.errors.contains("backup"))
        let shown = try folder.anomalyctl("anomalies", "show", id, "--utc").output
        #expect(shown.contains("acknowledged, said ") && shown.contains(": ticket 4711"), "\(shown)")
        #expect(shown.contains("false positive, said ") && shown.contains(": the nightly backup"))
        #expect(try folder.anomalyctl("anomalies", "-n", "1").output.contains(", false positive"))

        // A crash: no checkpoint knows of it but that of the first point.
        try daemon.kill()
        let second = try DaemonProcess.start(in: folder, settings: settings)
        try second.waitUntilRestored()
        let again = try second.client()
        try again.send(NoisyLines.text(701...1300, spikes: [1200: 16]))
        try again.sync()
        #expect(try !flagged(second, at: 1200), "it was said that this is none")
        let taken = try folder.anomalyctl("label", id, "--true")
        #expect(taken.output == "anomaly \(id) of disk: true; this shape is always told of (from point 1,301 on)\n")
        try again.send(NoisyLines.text(1301...1900, spikes: [1800: 21]))
        try again.sync()
        #expect(try flagged(second, at: 1800))
        try second.stop()
        // From the points and what was said, the same state comes about, bit for bit.
        let state = "SELECT hex(state) FROM checkpoint WHERE sequence = 1900"
        let before = try SQLiteShell.run(state, on: second.database)
        #expect(before.count == 1)
        try SQLiteShell.run("DELETE FROM checkpoint WHERE sequence > 0", on: second.database, writable: true)
        let third = try DaemonProcess.start(in: folder, settings: settings)
        try third.waitUntilRestored()
        try third.stop()
        #expect(try SQLiteShell.run(state, on: third.database) == before)
        #expect(try folder.anomalyctl("db", "verify").exit == .code(0))
    }

    @Test func withoutItTheSameIsFlagged() throws {
        let daemon = try DaemonProcess.start(in: folder)
        let client = try daemon.client()
        try client.send(NoisyLines.text(1...1300, spikes: [600: 12, 1200: 16]))
        try client.sync()
        #expect(try flagged(daemon, at: 600) && flagged(daemon, at: 1200))
        try daemon.stop()
    }

    @Test func frozenModelsDoNotLearn() throws {
        let daemon = try DaemonProcess.start(in: folder)
        let client = try daemon.client()
        try client.send(NoisyLines.text(1...400, stream: "web.a") + NoisyLines.text(1...400, stream: "web.b"))
        try client.sync()
        let frozen = try folder.anomalyctl("model", "freeze", "web.*", "-m", "load test")
        #expect(frozen.output == "web.a: frozen from point 401 on\nweb.b: frozen from point 401 on\n", "\(frozen)")
        try daemon.stop()
        let second = try DaemonProcess.start(in: folder)
        func weights() throws -> Data {
            #expect(try folder.anomalyctl("model", "export", "web.a", "-o", folder("model")).exit == .code(0))
            return try Data(contentsOf: URL(filePath: folder("model")))
        }
        try second.stop()
        let before = try weights()
        let third = try DaemonProcess.start(in: folder)
        let again = try third.client()
        try again.send(NoisyLines.text(401...800, stream: "web.a"))
        try again.sync()
        try third.stop()
        let after = try weights()
        // The head tells of the points; the weights behind it are the same.
        #expect(before.suffix(2000) == after.suffix(2000))
    }

    @Test func whatCanNotBeSaid() throws {
        let daemon = try DaemonProcess.start(in: folder)
        let client = try daemon.client()
        try client.send(NoisyLines.text(1...700, spikes: [600: 12]))
        try client.sync()
        let missing = try folder.anomalyctl("label", "9999", "--true")
        #expect(missing.exit == .code(4) && missing.errors.contains("there is no anomaly 9999"))
        let neither = try folder.anomalyctl("label", "1")
        #expect(neither.exit == .code(2) && neither.errors.contains("--false-positive"), "\(neither)")
        let unknown = try folder.anomalyctl("model", "freeze", "web.*")
        #expect(unknown.exit == .code(4))
        let long = try folder.anomalyctl("label", "disk", "--true", "-m", String(repeating: "x", count: 1001))
        #expect(long.exit == .code(1) && long.errors.contains("at most 1000 bytes"), "\(long)")
        try daemon.stop()
        let stopped = try folder.anomalyctl("label", "disk", "--true")
        #expect(stopped.exit == .code(3) && stopped.errors.contains("is the daemon running?"), "\(stopped)")
    }
}
