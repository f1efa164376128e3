import Foundation
import Testing

/// Streams that sleep have their state in the database only. Nobody sees a difference but in memory.
@Suite struct SleepTests {
    private static let streams = 60
    private static let points = 260
    /// So little that each shard has the fewest streams awake that there may be, 16.
    private static let tiny = "daemon.memory_limit=1"

    let (folder, other): (TemporaryFolder, TemporaryFolder)
    init() throws { (folder, other) = (try TemporaryFolder(), try TemporaryFolder()) }

    /// The lines of each stream: with one channel and three, with missing values, anomalies, late points and doubles.
    private static func lines() throws -> [[String]] {
        let series = try Series.load()
        return (0..<streams).map { stream in
            (0..<points).map { index in
                var value = index % 97 == 5 ? "nan" : "\(series.points[stream * 90 + index].value)"
                if (index + stream) % 101 == 100 { value = "1000000" }
                let others =
                    stream % 5 == 0 ? ",\(index % 50 == 7 ? "" : String(index * stream % 31)),\(index % 24)" : ""
                let late = index % 13 == 6 ? -900 : index % 29 == 3 ? -300 : 0
                return "host\(stream).load \(value)\(others) \(1000 + index * 300 + late)\n"
            }
        }
    }

    /// Pieces of streams' lines in an order in which streams rest and come back.
    private static func pieces() throws -> [String] {
        var generator = SplitMix(seed: 7)
        var rest = try lines().map { $0[...] }
        var pieces: [String] = []
        while rest.contains(where: { !$0.isEmpty }) {
            let stream = Int.random(in: 0..<streams, using: &generator)
            let piece = rest[stream].prefix(Int.random(in: 1...20, using: &generator))
            rest[stream].removeFirst(piece.count)
            if !piece.isEmpty { pieces.append(piece.joined()) }
        }
        return pieces
    }

    /// With each way to treat late points, so that points wait while their streams sleep; killed once half-way.
    @Test(arguments: ["drop", "reorder", "keep"]) func noVerdictChanges(late: String) throws {
        let settings = ["feed.late=\(late)", "feed.reorder_window=20min", "database.synchronous=normal"]
        let pieces = try Self.pieces()
        let awake = try DaemonProcess.start(in: other, settings: settings)
        let client = try awake.client()
        try client.send(pieces.joined())
        try client.sync()
        let expected = try awake.status()
        #expect(expected.asleepStreams == 0)
        // Else what a stream costs would not be known, nor free memory given back. Sanitizers have allocators of their own.
        let isSanitized = ProcessInfo.processInfo.environment["ANOMALYD_SANITIZER"] != nil
        #expect(
            isSanitized || expected.allocatedBytes > Self.streams * 4096, "what the allocator has given out is counted")
        try awake.stop()

        let sleepy = settings + [Self.tiny, "daemon.shards=2", "storage.checkpoint_interval=1s"]
        let first = try DaemonProcess.start(in: folder, settings: sleepy)
        let feed = try first.client()
        for piece in pieces[..<(pieces.count / 2)] { try feed.send(piece) }
        try feed.sync()
        let status = try first.status()
        #expect(status.asleepStreams >= Self.streams - 2 * 16)
        #expect(status.memory?.isLimited == true)
        #expect(status.text.contains("memory limited, \(status.asleepStreams) asleep"))
        try first.kill()
        let second = try DaemonProcess.start(in: folder, settings: sleepy)
        try second.waitUntilRestored()
        let again = try second.client()
        try again.send(pieces[(pieces.count / 2)...].joined())
        try again.sync()
        let actual = try second.status()
        #expect(actual.asleepStreams >= Self.streams - 2 * 16)
        #expect(actual.pendingPoints == expected.pendingPoints)
        #expect(actual.openAnomalies == expected.openAnomalies)
        #expect(actual.warmingStreams == expected.warmingStreams)
        try second.stop()
        #expect(try StoreComparison.differences(awake.database, second.database) == [])
        let waiting = "SELECT name, time, channel, value FROM pending JOIN stream ON id = stream_id ORDER BY 1, 2, 3"
        #expect(try awake.query(waiting) == second.query(waiting))
        let verify = try ChildProcess(
            [Programs.path("anomalyctl"), "--database", second.database, "db", "verify"], in: folder)
        #expect(try verify.wait() == .code(0), "\(verify.output)")
    }

    /// Points that lie 20 ms apart, the last of them now.
    private func send(_ count: Int, _ client: FeedClient) throws {
        let now = Date().timeIntervalSince1970
        let lines = (1...count).map { "live \($0 % 7) \(now - 0.02 * Double(count - $0))\n" }
        try client.send(lines.joined())
        try client.sync()
    }

    /// A stream that sleeps is missed as one that is awake, sleeps again, and knows of it when it wakes.
    @Test func silenceIsNoticed() throws {
        let daemon = try DaemonProcess.start(in: folder, settings: ["daemon.sleep_after=1s"])
        let client = try daemon.client()
        try client.send((1...300).map { "recorded \($0 % 7) \($0)\n" }.joined())
        try send(200, client)
        try eventually("both sleep") { try daemon.status().asleepStreams == 2 }
        #expect(try daemon.status().silentStreams == 0)
        try eventually("one is missed") { try daemon.status().silentStreams == 1 }
        try eventually("it sleeps again") { try daemon.status().asleepStreams == 2 }
        #expect(try daemon.status().silentStreams == 1)
        let event = "SELECT name, sequence, kind FROM event JOIN stream ON id = stream_id"
        #expect(try daemon.query(event) == ["live|200|silence"])
        pause(.seconds(2))
        #expect(daemon.log("a stream has fallen silent").count == 1, "it is told once")
        try send(1, client)
        let status = try daemon.status()
        #expect((status.silentStreams, status.asleepStreams) == (0, 1))
        try daemon.stop()

        // From the checkpoint before its sleep, the event and the point, the same state comes about, bit for bit.
        let state = """
            SELECT hex(state) FROM checkpoint JOIN stream ON id = stream_id WHERE name = 'live' AND sequence = 201
            """
        let before = try SQLiteShell.run(state, on: daemon.database)
        #expect(before.count == 1)
        try SQLiteShell.run("DELETE FROM checkpoint WHERE sequence > 200", on: daemon.database, writable: true)
        let second = try DaemonProcess.start(in: folder)
        try second.waitUntilRestored()
        try second.stop()
        #expect(try SQLiteShell.run(state, on: second.database) == before)
    }

    /// The state of a stream that sleeps is in the damaged database alone: it is brought over.
    @Test func aDamagedDatabaseKeepsThemAll() throws {
        let pieces = try Self.pieces()
        let undisturbed = try DaemonProcess.start(in: other)
        let quiet = try undisturbed.client()
        try quiet.send(pieces.joined())
        try quiet.sync()
        try undisturbed.stop()

        let daemon = try DaemonProcess.start(in: folder, settings: [Self.tiny, "daemon.shards=2"])
        let client = try daemon.client()
        try client.send(pieces[..<(pieces.count / 2)].joined())
        try client.sync()
        #expect(try daemon.status().asleepStreams >= Self.streams - 2 * 16)
        // The table of anomalies is found damaged when the next one is stored; all else can be read.
        try SQLiteShell.run("PRAGMA wal_checkpoint(TRUNCATE)", on: daemon.database, writable: true)
        let root = "SELECT rootpage FROM sqlite_schema WHERE name = 'anomaly'"
        let page = try #require(UInt64(try daemon.query(root)[0]))
        let file = try #require(FileHandle(forUpdatingAtPath: daemon.database))
        try file.seek(toOffset: (page - 1) * 4096)
        try file.write(contentsOf: Data(repeating: 0xa5, count: 4096))
        try file.close()
        // A commit of somebody else's: what the daemon has in its cache counts no more.
        try SQLiteShell.run("PRAGMA user_version = 1", on: daemon.database, writable: true)
        try client.send(pieces[(pieces.count / 2)...].joined())
        try client.sync()
        #expect(try daemon.status().storage.setAside != nil)
        try daemon.stop()
        let newest = """
            SELECT name, max(sequence), hex(state) FROM checkpoint JOIN stream ON id = stream_id
            GROUP BY stream_id ORDER BY 1
            """
        #expect(try SQLiteShell.run(newest, on: daemon.database) == undisturbed.query(newest))
    }

    @Test func otherWeightsReachAStreamThatSleeps() throws {
        let daemon = try DaemonProcess.start(in: folder, settings: ["daemon.sleep_after=1s"])
        let client = try daemon.client()
        try client.send((1...300).map { "a \($0 % 7) \($0)\nb \($0 % 5) \($0)\n" }.joined())
        try client.sync()
        try eventually("both sleep") { try daemon.status().asleepStreams == 2 }
        func anomalyctl(_ arguments: String...) throws -> String {
            let program = try ChildProcess(
                [Programs.path("anomalyctl"), "--database", daemon.database, "--socket", daemon.controlSocket]
                    + arguments, in: folder)
            let exit = try program.wait()
            guard exit == .code(0) else { throw HarnessError("anomalyctl \(arguments): \(exit), \(program.errors)") }
            return program.output
        }
        let file = folder("a.safetensors")
        _ = try anomalyctl("model", "export", "a", "-o", file)
        let output = try anomalyctl("model", "import", file, "b")
        #expect(output.contains("b"))
        try eventually("it sleeps again") { try daemon.status().asleepStreams == 2 }
        _ = try anomalyctl("model", "export", "b", "-o", folder("b.safetensors"))
        let weights = { (name: String) in try Data(contentsOf: URL(filePath: folder(name))).suffix(4096) }
        #expect(try weights("a.safetensors") == weights("b.safetensors"))
        try daemon.stop()
    }

    /// As systemd 254 and newer say it.
    @Test func pressurePutsToSleepWhatRests() throws {
        let fifo = folder("pressure")
        #expect(mkfifo(fifo, 0o600) == 0)
        let daemon = try DaemonProcess.start(
            in: folder, settings: ["daemon.shards=1"], environment: ["MEMORY_PRESSURE_WATCH": fifo])
        let client = try daemon.client()
        try client.send((0..<80).map { "resting\($0) 1 1\n" }.joined())
        try client.sync()
        pause(.seconds(6))
        try client.send("busy 1 1\n")
        try client.sync()
        #expect(try daemon.status().asleepStreams == 0)
        let writer = open(fifo, O_WRONLY)
        defer { close(writer) }
        #expect(write(writer, "x", 1) == 1)
        try eventually("an eighth sleeps") { try daemon.status().asleepStreams == 10 }
        #expect(daemon.log("memory is short; streams that have rested longest go to sleep").count == 1)
        #expect(try daemon.status().memory == nil)
        try client.send((0..<80).map { "resting\($0) 2 2\n" }.joined())
        try client.sync()
        #expect(try daemon.status().asleepStreams == 0)
        try daemon.stop()
    }
}
