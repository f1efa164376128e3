import Testing

/// Other programs on the daemon's database: one that writes, one that never finishes reading, and one that has written
/// what the daemon was about to write.
@Suite struct LockedDatabaseTests {
    let folder: TemporaryFolder
    init() throws { folder = try TemporaryFolder() }

    @Test func itWaitsForAnotherWriter() throws {
        let daemon = try DaemonProcess.start(in: folder)
        let client = try daemon.client()
        try client.send("a 1 1\n")
        try client.sync()
        let shell = try OpenShell(on: daemon.database, in: folder)
        try shell.execute("BEGIN IMMEDIATE;")
        try client.send("a 2 2\n!sync two\n")
        try eventually("it notices") { try daemon.status().state == "degraded" }
        let trouble = try #require(try daemon.status().storage.trouble)
        #expect(trouble.contains("locked") && trouble.contains("(sqlite3)"), "\(trouble)")
        #expect(try daemon.status().storage.waitingRows == 1)
        try client.send("a 3 3\n")
        try eventually("it goes on scoring") { try daemon.status().points == 3 }
        try shell.execute("ROLLBACK;")
        #expect(try client.readLine() == "!synced two")
        #expect(try daemon.query("SELECT value FROM point WHERE sequence = 2") == ["2.0"])
        #expect(try daemon.status().state == "running")
        try shell.quit()
        try daemon.stop()
        #expect(try SQLiteShell.run("SELECT count(*) FROM point", on: daemon.database) == ["3"])
    }

    @Test func aReaderThatHoldsUpTheLogIsNamed() throws {
        let daemon = try DaemonProcess.start(
            in: folder, settings: ["database.commit_points=1000", "database.synchronous=normal"])
        let client = try daemon.client()
        let streams = 1...2000
        var second = 0
        // Each commit rewrites the newest page of every stream.
        func round() throws {
            second += 1
            try client.send(streams.map { "s.\($0) 1 \(second)\n" }.joined())
        }
        try round()
        try client.sync()
        let shell = try OpenShell(on: daemon.database, in: folder)
        try shell.execute("BEGIN; SELECT count(*) FROM stream;")
        try eventually("it says so", within: .seconds(120)) {
            try round()
            return try second % 5 == 0 && !daemon.status().notes.isEmpty
        }
        let status = try daemon.status()
        #expect(status.state == "degraded" && status.storage.walBytes > 512 << 20)
        #expect(status.notes.first?.contains("(sqlite3)") == true, "\(status.notes)")
        #expect(daemon.process.errors.contains("the write-ahead log grows"))
        try client.sync()
        try shell.quit()
        try eventually("it is over") {
            try round()
            try client.sync()
            return try daemon.status().notes.isEmpty
        }
        #expect(try daemon.status().storage.walBytes < 200 << 20)
        #expect(daemon.process.errors.contains("the write-ahead log was begun anew"))
        try daemon.stop()
    }

    /// Memory and database contradict each other: no attempt would change that, a new start does.
    @Test func aContradictionStopsIt() throws {
        let daemon = try DaemonProcess.start(in: folder)
        let client = try daemon.client()
        try client.send("a 1 1\n")
        try client.sync()
        try SQLiteShell.run(
            """
            INSERT INTO hot (stream_id, channel, first_time, last_time, first_sequence, count, step, points)
            VALUES (1, 0, 2000000, 2000000, 2, 1, 1.0, '[[0,1.0,null,null,null,null,0]]')
            """,
            on: daemon.database, writable: true)
        try client.send("a 2 2\n!sync two\n")
        #expect(try daemon.process.wait() == .code(1))
        #expect(try client.readLine() == nil, "nothing is confirmed")
        #expect(daemon.process.errors.contains("nothing more can be stored, stopping"))
        #expect(daemon.process.errors.contains("channel 0 of point 2 of stream 1"))

        let second = try DaemonProcess.start(in: folder)
        let again = try second.client()
        try again.send("a 1 1\na 2 2\na 3 3\n")
        try again.sync()
        #expect(try second.query("SELECT sequence FROM point ORDER BY time") == ["1", "2", "3"])
        try second.stop()
    }
}
