import Foundation
import Testing

/// A database that is damaged while the daemon runs, or found so at its start: it is set aside, nothing of it is lost,
/// and the models go on as if nothing had happened.
@Suite struct DamagedDatabaseTests {
    let folder: TemporaryFolder
    let lines: [String]

    init() throws {
        folder = try TemporaryFolder()
        lines = Array(try Series.load().lines(stream: "real").prefix(6000))
    }

    /// Everything but the first page becomes garbage, in the file and so for the daemon.
    private func damage(_ database: String, live: Bool, from page: Int = 1, to end: Int = .max) throws {
        if live { try SQLiteShell.run("PRAGMA wal_checkpoint(TRUNCATE)", on: database, writable: true) }
        let file = try #require(FileHandle(forUpdatingAtPath: database))
        let pages = min(end, Int(try file.seekToEnd()) / 4096)
        try file.seek(toOffset: UInt64(page) * 4096)
        try file.write(contentsOf: Data(repeating: 0xa5, count: max(0, pages - page) * 4096))
        try file.close()
        // A commit of somebody else's: what the daemon has in its cache counts no more.
        if live { try SQLiteShell.run("PRAGMA user_version = 1", on: database, writable: true) }
    }

    private func setAside() throws -> [String] {
        try FileManager.default.contentsOfDirectory(atPath: folder.path).filter { $0.contains(".damaged-") }.sorted()
    }

    /// The points of the stream "real" behind a sequence number, to the last bit.
    private func points(after sequence: Int, in database: String) throws -> [String] {
        try SQLiteShell.run(
            """
            SELECT sequence, time, value, prediction, lower, upper, residual, score, flags
            FROM point JOIN stream ON id = stream_id WHERE name = 'real' AND sequence > \(sequence) ORDER BY time
            """, on: database)
    }

    @Test func whileItRunsModelsGoOnInANewOne() throws {
        let quietFolder = try TemporaryFolder()
        let undisturbed = try DaemonProcess.start(in: quietFolder)
        let quietClient = try undisturbed.client()
        try quietClient.send(lines.map { $0 + "\n" }.joined())
        try quietClient.sync()
        try undisturbed.stop()

        let daemon = try DaemonProcess.start(in: folder)
        let client = try daemon.client()
        // A stream that is silent from now on must be kept as well.
        try client.send((1...300).map { "silent \($0 % 7) \($0)\n" }.joined())
        try client.send(lines[..<2000].map { $0 + "\n" }.joined())
        try client.sync()
        #expect(try folder.anomalyctl("rule", "set", "silent", "direction=above").exit == .code(0))
        #expect(try folder.anomalyctl("exclude", "silent", "-S", "@10", "-U", "@20").exit == .code(0))
        let stored = try #require(Int(try daemon.query("SELECT max(sequence) FROM point WHERE stream_id = 2")[0]))
        try damage(daemon.database, live: true)
        try client.send(lines[2000..<4000].map { $0 + "\n" }.joined())
        try client.sync()

        let status = try daemon.status()
        #expect(status.state == "degraded")
        let aside = try #require(status.storage.setAside)
        #expect(status.notes.first?.contains("anomalyctl db salvage \(aside)") == true)
        #expect(try setAside().contains(URL(filePath: aside).lastPathComponent))
        #expect(daemon.process.errors.contains("the damaged database was set aside and a new one begun"))
        #expect(try daemon.query("SELECT min(sequence) FROM point WHERE stream_id = 2") == ["\(stored + 1)"])
        #expect(try daemon.query("SELECT count(*) FROM stream") == ["2"])
        // What was ordered holds on, and can still be seen.
        #expect(try folder.anomalyctl("rule", "show").output.contains("\"above\""))
        #expect(try folder.anomalyctl("exclude", "--list", "--utc").output.contains("1970-01-01 00:00:10.000"))
        // Its old file dealt with, all is well again.
        try FileManager.default.moveItem(atPath: aside, toPath: folder("elsewhere"))
        #expect(try daemon.status().state == "running")

        // Without another checkpoint, so that a restart needs those that were made for the new database.
        try daemon.kill()
        let second = try DaemonProcess.start(in: folder)
        #expect(!second.process.errors.contains("cannot be used"))
        let again = try second.client()
        try again.send(lines[4000...].map { $0 + "\n" }.joined())
        try again.send("silent 3 301\n")
        try again.sync()
        try second.stop()
        let silent = "SELECT sequence, flags FROM point WHERE stream_id = 1"
        #expect(try second.query(silent) == ["301|0"], "it is past its warm-up")
        #expect(
            try points(after: stored, in: second.database) == points(after: stored, in: undisturbed.database))
        let state = """
            SELECT hex(state) FROM checkpoint JOIN stream ON id = stream_id WHERE name = 'real'
            ORDER BY sequence DESC LIMIT 1
            """
        #expect(try second.query(state) == undisturbed.query(state))
        let verified = try ChildProcess(
            [Programs.path("anomalyctl"), "--database", second.database, "db", "verify"], in: folder)
        #expect(try verified.wait() == .code(0), "\(verified.output)")
    }

    /// Opening finds the damage: a new start, with an empty database.
    @Test func atTheStartANewOneIsBegun() throws {
        let daemon = try DaemonProcess.start(in: folder)
        let client = try daemon.client()
        try client.send(lines[..<1000].map { $0 + "\n" }.joined())
        try client.sync()
        try daemon.stop()
        try damage(daemon.database, live: false)
        let second = try DaemonProcess.start(in: folder)
        #expect(second.process.errors.contains("the damaged database was set aside and a new one begun"))
        #expect(try second.status().state == "degraded")
        let again = try second.client()
        try again.send(lines[1000..<1010].map { $0 + "\n" }.joined())
        try again.sync()
        #expect(try second.query("SELECT max(sequence) FROM point") == ["10"])
        try second.stop()
        #expect(try setAside().count == 3)
    }

    /// Damage behind what opening looks at: what can be read of the models is kept.
    @Test func atTheStartWhatCanBeReadIsKept() throws {
        let daemon = try DaemonProcess.start(in: folder, settings: ["storage.checkpoint_interval=1h"])
        let client = try daemon.client()
        try client.send(lines[..<3000].map { $0 + "\n" }.joined())
        try client.sync()
        // Without a checkpoint: all must be replayed.
        try daemon.kill()
        try SQLiteShell.run("PRAGMA wal_checkpoint(TRUNCATE)", on: daemon.database, writable: true)
        // A page of points in the middle of them.
        let leaves = try SQLiteShell.run(
            "SELECT pageno FROM dbstat WHERE name = 'hot' AND pagetype = 'leaf' ORDER BY path", on: daemon.database)
        let page = try #require(Int(leaves[leaves.count / 2]))
        try damage(daemon.database, live: false, from: page - 1, to: page)
        let second = try DaemonProcess.start(in: folder)
        try eventually("it is set aside") { try second.status().storage.setAside != nil }
        #expect(second.process.errors.contains("stream=real"))
        let again = try second.client()
        try again.send(lines[3000..<3100].map { $0 + "\n" }.joined())
        try again.sync()
        // The model goes on from the last point before the damage.
        let first = try #require(Int(try second.query("SELECT min(sequence) FROM point")[0]))
        #expect(first > 500 && first < 2500, "\(first)")
        #expect(try second.query("SELECT count(*), sum(flags & 2) FROM point") == ["100|0"])
        try second.stop()
    }

    @Test func itStopsIfToldTo() throws {
        let daemon = try DaemonProcess.start(in: folder, settings: ["database.on_damage=stop"])
        let client = try daemon.client()
        try client.send(lines[..<1000].map { $0 + "\n" }.joined())
        try client.sync()
        try damage(daemon.database, live: true)
        try client.send(lines[1000] + "\n!sync x\n")
        #expect(try daemon.process.wait() == .code(6))
        #expect(try client.readLine() == nil)
        #expect(daemon.process.errors.contains("anomalyctl db salvage"))
        let second = try DaemonProcess.run(in: folder, ["--set", "database.on_damage=stop"])
        #expect(second.exit == .code(6))
        #expect(try setAside().isEmpty)
    }

    /// A follower goes on with the new database.
    @Test func aFollowerGoesOn() throws {
        let daemon = try DaemonProcess.start(in: folder)
        let client = try daemon.client()
        try client.send((1...500).map { "a \($0) \($0)\n" }.joined())
        try client.sync()
        let follower = try ChildProcess(
            [Programs.path("anomalyctl"), "--database", daemon.database, "query", "-f", "-o", "csv", "--no-header"],
            in: folder)
        try eventually("it follows") { follower.output.contains("a,1970-01-01T00:08:20.000000Z,500") }
        try damage(daemon.database, live: true)
        try client.send("a 501 501\n")
        try client.sync()
        try eventually("it goes on: \(follower.errors)") {
            follower.output.contains("a,1970-01-01T00:08:21.000000Z,501")
        }
        follower.signal(SIGTERM)
        try daemon.stop()
    }
}
