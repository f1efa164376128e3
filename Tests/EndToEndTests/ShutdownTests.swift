import Glibc
import Testing

/// SIGTERM: what has been read is stored, every stream has its checkpoint, and systemd need not wait long.
@Suite(.serialized) struct ShutdownTests {
    let folder: TemporaryFolder
    init() throws { folder = try TemporaryFolder() }

    @Test func aThousandStreamsStopInFiveSeconds() throws {
        let daemon = try DaemonProcess.start(in: folder)
        let client = try daemon.client()
        for time in 1...50 {
            try client.send((0..<1000).map { "stream.\($0) \(time * ($0 + 1) % 17) \(time)\n" }.joined())
        }
        // All is read now, but only a part of it is stored.
        try client.ping()
        try daemon.stop(within: .seconds(5))
        #expect(try client.readLine() == nil)
        #expect(
            try daemon.query("SELECT count(*), count(DISTINCT stream_id), min(sequence), max(sequence) FROM point")
                == ["50000|1000|1|50"])
        // A busy machine may have made some before the end as well.
        let complete =
            "SELECT count(*) FROM (SELECT max(sequence) AS s FROM checkpoint GROUP BY stream_id) WHERE s = 50"
        #expect(try daemon.query(complete) == ["1000"])
        let checkpoints = try daemon.query("SELECT count(*), sum(sequence) FROM checkpoint")
        #expect(access(daemon.feedSocket, F_OK) == -1 && access(daemon.controlSocket, F_OK) == -1)

        // And again with all of them restored, and nothing new to checkpoint.
        try DaemonProcess.start(in: folder).stop(within: .seconds(5))
        #expect(try daemon.query("SELECT count(*), sum(sequence) FROM checkpoint") == checkpoints)
    }

    @Test(arguments: [SIGTERM, SIGINT]) func whileClientsSend(signal: Int32) throws {
        let daemon = try DaemonProcess.start(in: folder)
        let client = try daemon.client()
        var sent = 0
        for _ in 0..<20 {
            try client.send((0..<500).map { "a \($0) \(sent + $0 + 1)\n" }.joined() + "!sync \(sent + 500)\n")
            sent += 500
        }
        daemon.process.signal(signal)
        #expect(try daemon.process.wait() == .code(0))
        let confirmed = try client.readLines().last.flatMap { Int($0.dropFirst(8)) } ?? 0
        let rows = try daemon.query(
            "SELECT count(*), ifnull(max(sequence), 0), ifnull(max(time), 0) / 1000000 FROM point")
        let counts = try #require(rows.first).split(separator: "|").compactMap { Int($0) }
        #expect(counts[0] >= confirmed && Set(counts).count == 1)
    }

    /// A second signal does not stop the storing.
    @Test func anImpatientUser() throws {
        let daemon = try DaemonProcess.start(in: folder)
        let client = try daemon.client()
        try client.send((0..<300).map { "stream.\($0) 1 1\n" }.joined())
        try client.ping()
        for _ in 0..<5 { daemon.process.signal(SIGTERM) }
        let exit = try daemon.process.wait()
        #expect(exit == .code(0))
        #expect(try daemon.query("SELECT count(*) FROM point") == ["300"])
    }

    /// The files of a daemon that was killed are no hindrance.
    @Test func afterACrashTheSocketsAreMadeAnew() throws {
        let first = try DaemonProcess.start(in: folder)
        try first.kill()
        #expect(access(first.feedSocket, F_OK) == 0)
        let second = try DaemonProcess.start(in: folder)
        try second.client().sync()
        try second.stop()
    }
}
