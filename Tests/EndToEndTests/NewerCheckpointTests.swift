import Foundation
import Testing

/// A database whose checkpoints a newer version has written is not touched: this version could only begin the streams
/// anew, and write over what they have learned.
@Suite struct NewerCheckpointTests {
    @Test func daemonAndImportRefuseIt() throws {
        let folder = try TemporaryFolder()
        var daemon = try DaemonProcess.start(in: folder)
        let client = try daemon.client()
        try client.send((1...200).map { "old \($0 % 7) \($0)\nnew \($0 % 5) \($0)\n" }.joined())
        try client.sync()
        try daemon.stop()
        let ofNew = "(SELECT id FROM stream WHERE name = 'new')"
        let format = try daemon.query("SELECT max(format) FROM checkpoint")[0]
        try SQLiteShell.run(
            "UPDATE checkpoint SET format = 99 WHERE stream_id = \(ofNew)", on: daemon.database, writable: true)
        let before = try #require(FileManager.default.contents(atPath: daemon.database))

        let refusal = try DaemonProcess.run(in: folder, [])
        #expect(refusal.exit == .code(6), "as systemd must not try again")
        for part in ["\"new\" has format 99", "formats up to 8", daemon.database, "install the newer version"] {
            #expect(refusal.errors.contains(part))
        }
        let fixtures = (0..<3).reduce(URL(filePath: #filePath)) { url, _ in url.deletingLastPathComponent() }
        let model = fixtures.appending(path: "fixtures/safetensors/stream.safetensors").path
        let importing = try ChildProcess(
            [Programs.path("anomalyctl"), "model", "import", model, "old"], in: folder,
            environment: DaemonProcess.environment(folder))
        #expect(try importing.wait() == .code(1))
        #expect(importing.errors.contains("\"new\" has format 99"))
        #expect(FileManager.default.contents(atPath: daemon.database) == before)
        #expect((FileManager.default.contents(atPath: daemon.database + "-wal") ?? Data()).isEmpty)

        // The version that knows it goes on as ever.
        try SQLiteShell.run(
            "UPDATE checkpoint SET format = \(format) WHERE stream_id = \(ofNew)", on: daemon.database, writable: true)
        daemon = try DaemonProcess.start(in: folder)
        try daemon.waitUntilRestored()
        #expect(!daemon.process.errors.contains("cannot be used"))
        try daemon.stop()
    }
}
