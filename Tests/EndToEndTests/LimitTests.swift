import Glibc
import Testing

/// How much of the daemon clients can use up: connections, files, streams.
@Suite struct LimitTests {
    let folder: TemporaryFolder
    init() throws { folder = try TemporaryFolder() }

    /// Whether the daemon serves a new connection, and doesn't close it.
    private func isServed(_ client: FeedClient) throws -> Bool {
        do {
            try client.send("!ping x\n")
        } catch {
            return false
        }
        return try client.readLine() == "!pong x"
    }

    /// Changes how many files a running daemon may have open.
    private func limitFiles(of daemon: DaemonProcess, to count: Int) throws {
        let tool = try ChildProcess(["prlimit", "--pid", "\(daemon.process.id)", "--nofile=\(count):"], in: folder)
        guard try tool.wait() == .code(0) else { throw HarnessError("prlimit: \(tool.errors)") }
    }

    private func names(_ count: Int, _ prefix: String) -> String {
        (0..<count).map { "\(prefix)\($0) 1\n" }.joined()
    }

    // MARK: Connections

    @Test func oneConnectionTooMany() throws {
        let daemon = try DaemonProcess.start(in: folder, settings: ["feed.max_connections=3"])
        var clients = try (0..<3).map { _ in try daemon.client() }
        for client in clients { #expect(try isServed(client)) }
        let fourth = try daemon.client()
        #expect(try fourth.readLine() == nil, "it is closed at once, without a word")
        let message = try #require(daemon.log("refused a client").first)
        for part in [
            "reason=max-connections", "expected=\"at most 3 connections (feed.max_connections)\"", "peer=feed.sock#4",
            "pid=\(getpid())", "uid=\(getuid())", "gid=\(getgid())", "command=",
        ] {
            #expect(message.contains(part), "\(message)")
        }
        let status = try daemon.status()
        #expect(status.refusedConnections == ["max-connections": 1])
        #expect((status.connections, status.maxConnections) == (3, 3))
        // The others are served as before, and when one leaves, another may come.
        for client in clients { #expect(try isServed(client)) }
        clients.removeLast()
        try eventually("there is room") { try isServed(daemon.client()) }
        try daemon.stop()
    }

    @Test func aFloodOfConnectionsIsCountedAndDoesNotFillTheLog() throws {
        let daemon = try DaemonProcess.start(in: folder, settings: ["feed.max_connections=1"])
        let first = try daemon.client()
        #expect(try isServed(first))
        for _ in 0..<2000 { _ = try daemon.client() }
        try eventually("all are counted") { try daemon.status().refusedConnections == ["max-connections": 2000] }
        #expect(daemon.process.errors.utf8.count < 20_000)
        #expect(try isServed(first))
        try daemon.stop()
    }

    /// With few descriptors, fewer connections are served, and there are enough for the database and the control socket.
    @Test func descriptorsForTheDaemonItself() throws {
        let daemon = try DaemonProcess.start(in: folder, launcher: ["sh", "-c", "ulimit -n 110; exec \"$@\"", "sh"])
        #expect(try daemon.status().maxConnections == 110 - 64 - 32)
        let warning = try #require(daemon.log("the process may open too few files").first)
        #expect(warning.contains("files=110") && warning.contains("accepts=14") && warning.contains("LimitNOFILE="))
        let clients = try (0..<200).map { _ in try daemon.client() }
        var served: [FeedClient] = []
        for client in clients where try isServed(client) { served.append(client) }
        #expect(served.count == 14)
        try served[0].send(names(100, "a"))
        try served[0].sync()
        #expect(try daemon.query("SELECT count(*) FROM point") == ["100"])
        // Some may have to wait, as long as others before them are not closed yet.
        #expect(try daemon.status().refusedConnections["max-connections"] == 186)
        try daemon.stop()
    }

    /// accept(2) fails: the daemon says so, waits without spinning, and goes on when it can.
    @Test func noDescriptorIsLeft() throws {
        let daemon = try DaemonProcess.start(in: folder)
        let old = try daemon.client()
        #expect(try isServed(old))
        // What it has open stays.
        try limitFiles(of: daemon, to: 3)
        let new = try daemon.client()
        try eventually("it says so") { !daemon.log("refused a client").isEmpty }
        #expect(daemon.log("refused a client")[0].contains("reason=no-resources"))
        #expect(daemon.log("refused a client")[0].contains("Too many open files"))
        let before = try daemon.processorTime()
        pause(.seconds(1))
        #expect(try daemon.processorTime() - before < 0.3, "it does not spin")
        #expect(try isServed(old))
        try limitFiles(of: daemon, to: 1000)
        #expect(try isServed(new), "the kernel has kept it waiting")
        #expect(try daemon.status().refusedConnections.keys.sorted() == ["no-resources"])
        try daemon.stop()
    }

    // MARK: Streams

    @Test func newStreamsASecond() throws {
        let daemon = try DaemonProcess.start(
            in: folder, settings: ["feed.new_streams_burst=50", "feed.new_streams_per_second=1"])
        let client = try daemon.client()
        try client.send(names(1000, "random"))
        try client.sync()
        let status = try daemon.status()
        // Some seconds may have passed.
        #expect((50...100).contains(status.streams))
        #expect(status.rejectedLines == ["new-streams": 1000 - status.streams])
        let message = try #require(daemon.log("rejected a line").first)
        #expect(message.contains("reason=new-streams") && message.contains("peer=\"feed.sock#"))
        #expect(message.contains("at most 1 new streams a second (feed.new_streams_per_second)"))
        // The ones that there are go on, and after a while there may be new ones.
        try client.send(String(repeating: "random0 2\n", count: 500))
        try eventually("there may be another stream") {
            try client.send("other 1\n")
            try client.sync()
            return try daemon.query("SELECT count(*) FROM stream WHERE name = 'other'") == ["1"]
        }
        #expect(
            try daemon.query("SELECT count(*) FROM point JOIN stream ON id = stream_id WHERE name = 'random0'")
                == ["501"])
        try daemon.stop()
    }

    @Test func newStreamsOfOneConnection() throws {
        let daemon = try DaemonProcess.start(in: folder, settings: ["feed.max_streams_per_client=5"])
        let (one, other) = (try daemon.client(), try daemon.client())
        for (client, name) in [(one, "a"), (other, "b")] {
            try client.send(names(8, name) + names(8, name))
            try client.sync()
        }
        #expect(try daemon.status().rejectedLines == ["client-streams": 12])
        #expect(
            try daemon.query("SELECT name, count(*) FROM point JOIN stream ON id = stream_id GROUP BY name")
                == ["a", "b"].flatMap { name in (0..<5).map { "\(name)\($0)|2" } })
        try daemon.stop()
    }

    @Test func allStreams() throws {
        do {
            let daemon = try DaemonProcess.start(in: folder, settings: ["daemon.max_streams=20"])
            let client = try daemon.client()
            try client.send(names(100, "a"))
            try client.sync()
            let status = try daemon.status()
            #expect((status.streams, status.maxStreams) == (20, 20))
            #expect(status.rejectedLines == ["max-streams": 80])
            try daemon.stop()
        }
        // Those that there are stay when the limit is lowered.
        let daemon = try DaemonProcess.start(in: folder, settings: ["daemon.max_streams=3"])
        let client = try daemon.client()
        try client.send(names(20, "a") + "new 1\n")
        try client.sync()
        #expect(try daemon.status().rejectedLines == ["max-streams": 1])
        #expect(try daemon.query("SELECT count(*), count(DISTINCT stream_id) FROM point") == ["40|20"])
        try daemon.stop()
    }

    /// Whoever starts the daemon knows what is in the file.
    @Test func standardInputMayBringAnyNumberAtOnce() throws {
        let file = open(try folder.write(names(300, "a"), to: "points"), O_RDONLY | O_CLOEXEC)
        defer { close(file) }
        let settings = [
            "feed.new_streams_burst=1", "feed.new_streams_per_second=1", "feed.max_streams_per_client=1",
            "daemon.max_streams=200",
        ]
        let run = try DaemonProcess.run(in: folder, ["--stdin"] + settings.flatMap { ["--set", $0] }, input: file)
        #expect(run.exit == .code(0), "\(run.errors)")
        #expect(try SQLiteShell.run("SELECT count(*) FROM stream", on: folder("anomaly.db")) == ["200"])
    }
}
