import Foundation
import Testing

/// `fixtures/anomalyd_client.py` loses nothing and stores nothing twice while the daemon is killed and stopped.
@Suite struct PythonClientTests {
    private static let client = (0..<3).reduce(URL(filePath: #filePath)) { url, _ in url.deletingLastPathComponent() }
        .appending(components: "fixtures", "anomalyd_client.py").path

    @Test func restartsLeaveNoTrace() throws {
        let folder = try TemporaryFolder()
        let series = try Series.load()
        // More than fits into the client's buffer, so that it has to wait.
        let streams = (0..<24).map { series.lines(stream: "taxi.\($0)") }
        let text = series.points.indices.map { index in streams.map { $0[index] + "\n" }.joined() }.joined()
        try folder.write(text, to: "lines")

        let quiet = try TemporaryFolder()
        let undisturbed = try DaemonProcess.start(in: quiet)
        let sender = try undisturbed.client()
        try sender.send(text)
        try sender.sync()
        try undisturbed.stop()

        // It waits for a daemon that is not there yet.
        let client = try start(folder("feed.sock"), reading: folder("lines"), in: folder)
        var random = SplitMix(seed: 7)
        var interruptions = 0
        for _ in 0..<6 {
            let daemon = try DaemonProcess.start(in: folder)
            pause(.milliseconds(Int.random(in: 30...150, using: &random)))
            interruptions += client.poll() == nil ? 1 : 0
            if Bool.random(using: &random) { try daemon.kill() } else { try daemon.stop() }
        }
        let last = try DaemonProcess.start(in: folder)
        #expect(try client.wait() == .code(0), "\(client.errors)")
        try last.stop()
        #expect(interruptions > 3, "it was sending while daemons came and went")
        let points = text.utf8.count { $0 == UInt8(ascii: "\n") }
        #expect(client.output.hasPrefix("\(points) points sent and stored, reconnected "))
        #expect(try StoreComparison.differences(last.database, undisturbed.database) == [])
    }

    /// What the daemon would not take is refused before it is sent; the rest arrives.
    @Test func aBadLineCostsAMessage() throws {
        let folder = try TemporaryFolder()
        let daemon = try DaemonProcess.start(in: folder)
        try folder.write(
            "a 1 1700000000\na inf 1700000060\n!a 2\na\na x\n\na 3,4,5,6 7 8\na nan -1.5\nb 1,,2 -2.25\n", to: "lines")
        let client = try start(daemon.feedSocket, reading: folder("lines"), in: folder)
        #expect(try client.wait() == .code(1))
        #expect(
            client.errors.split(separator: "\n").map { $0.prefix(7) } == [
                "line 2:", "line 3:", "line 4:", "line 5:", "line 7:",
            ])
        #expect(
            try daemon.query(
                "SELECT name, time, channel, value FROM point JOIN stream ON id = stream_id ORDER BY name, time, channel"
            )
                == ["a|1700000000000000|0|1.0", "b|-2250000|0|1.0", "b|-2250000|1|", "b|-2250000|2|2.0"])
        #expect(try daemon.status().rejectedLines.values.allSatisfy { $0 == 0 })
    }

    private func start(_ socket: String, reading file: String, in folder: TemporaryFolder) throws -> ChildProcess {
        let descriptor = open(file, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { throw systemError("open \(file)") }
        defer { close(descriptor) }
        return try ChildProcess(["python3", Self.client, socket], in: folder, input: descriptor)
    }
}
