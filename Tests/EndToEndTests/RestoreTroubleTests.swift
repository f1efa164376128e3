import Foundation
import Testing

/// A stream that can't be read back: its points wait, the others' don't, everybody who asks is told, and once it can be
/// read again, nothing is missing.
@Suite(.serialized) struct RestoreTroubleTests {
    /// Told to set a damaged database aside, the daemon would not wait for it.
    private static let settings = ["storage.checkpoint_interval=1d", "database.on_damage=stop"]

    let folder: TemporaryFolder
    /// Where a page of the file lies that the stream "bad" must be replayed from, and its bytes.
    let damaged: (offset: UInt64, page: Data)

    /// A database with 3,000 points of each of two streams and no checkpoints, one page of which is damaged.
    init() throws {
        folder = try TemporaryFolder()
        let daemon = try DaemonProcess.start(in: folder, settings: Self.settings)
        let client = try daemon.client()
        try client.send(Self.lines("good", 1...3000) + Self.lines("bad", 1...3000))
        try client.sync()
        try daemon.kill()
        try SQLiteShell.run("PRAGMA wal_checkpoint(TRUNCATE)", on: daemon.database, writable: true)
        // The value of the point in the middle of "bad", as it is stored.
        let needle = Data(",1500.123456789,".utf8)
        let file = try #require(FileManager.default.contents(atPath: daemon.database))
        let found = try #require(file.firstRange(of: needle)).lowerBound / 4096 * 4096
        damaged = (UInt64(found), file[found..<found + 4096])
        try write(Data(repeating: 0xa5, count: 4096))
    }

    private static func lines(_ stream: String, _ times: ClosedRange<Int>) -> String {
        times.map { "\(stream) \($0 + (stream == "bad" ? 0 : 7000)).123456789 \($0)\n" }.joined()
    }

    private func write(_ page: Data) throws {
        let file = try FileHandle(forWritingTo: URL(filePath: folder("anomaly.db")))
        try file.seek(toOffset: damaged.offset)
        try file.write(contentsOf: page)
        try file.close()
    }

    /// Starts the daemon, and sends points of both streams.
    private func start() throws -> (DaemonProcess, FeedClient) {
        let daemon = try DaemonProcess.start(in: folder, settings: Self.settings)
        let client = try daemon.client(timeout: .seconds(2))
        try client.send(Self.lines("bad", 3001...3100) + Self.lines("good", 3001...3100))
        let stored = "SELECT max(sequence) FROM \(StoredRows.all) JOIN stream ON id = stream_id WHERE name = 'good'"
        try eventually("good goes on") { try daemon.query(stored) == ["3100"] }
        try client.send("!sync all\n")
        #expect(throws: HarnessError.self, "no answer") { try client.readLine() }
        let status = try daemon.status()
        #expect(status.state == "degraded" && status.points == 100)
        #expect(status.text.hasPrefix("Not restoring: 1 stream waits to be restored: cannot replay "))
        #expect(status.restoring == DaemonProcess.Status.Restoring(restored: 1, streams: 2))
        let complaints = daemon.process.errors.split(separator: "\n").filter { $0.contains("cannot be restored") }
        #expect(complaints.count == 1 && complaints[0].contains("stream=bad"), "it complains once")
        return (daemon, client)
    }

    /// The stream can't have other weights now, and says so at once. Others can.
    @Test func otherWeightsMustWait() throws {
        let (daemon, _) = try start()
        let root = (0..<3).reduce(URL(filePath: #filePath)) { url, _ in url.deletingLastPathComponent() }
        let model = root.appending(path: "fixtures/safetensors/stream.safetensors").path
        for (stream, exit) in [("bad", 1), ("good", 0)] as [(String, Int32)] {
            let importing = try ChildProcess(
                [Programs.path("anomalyctl"), "model", "import", model, stream], in: folder,
                environment: DaemonProcess.environment(folder))
            #expect(try importing.wait(within: .seconds(10)) == .code(exit), "\(importing.errors)")
            #expect(importing.errors.contains("cannot be given other weights now") == (exit == 1))
        }
        try daemon.kill()
    }

    @Test func itGoesOnWhenTheStreamCanBeReadAgain() throws {
        let (daemon, _) = try start()
        try write(damaged.page)
        let patient = try daemon.client()
        try patient.sync()
        #expect(try daemon.status().state == "running")
        #expect(daemon.process.errors.contains("restored after all"))
        try patient.send(Self.lines("bad", 3101...3200) + Self.lines("good", 3101...3200))
        try patient.sync()
        try daemon.stop()

        let quiet = try TemporaryFolder()
        let undisturbed = try DaemonProcess.start(in: quiet, settings: Self.settings)
        let client = try undisturbed.client()
        try client.send(Self.lines("good", 1...3200) + Self.lines("bad", 1...3200))
        try client.sync()
        try undisturbed.stop()
        #expect(try StoreComparison.differences(daemon.database, undisturbed.database) == [])
    }

    /// Soon, and the exit code says that something was lost, which had not been confirmed. It can be sent again.
    @Test func itCanBeStopped() throws {
        let (daemon, client) = try start()
        daemon.process.signal(SIGTERM)
        #expect(try daemon.process.wait(within: .seconds(10)) == .code(1))
        #expect(try client.readLine() == nil, "what isn't stored isn't confirmed")
        try write(damaged.page)
        let second = try DaemonProcess.start(in: folder, settings: Self.settings)
        let sender = try second.client()
        try sender.send(Self.lines("bad", 3001...3100) + Self.lines("good", 3001...3100))
        try sender.sync()
        #expect(try second.query("SELECT count(*), max(sequence) FROM point") == ["6200|3100"])
        let status = try second.status()
        #expect(status.duplicatePoints + status.latePoints == 100, "those of good")
        try second.stop()
    }
}
