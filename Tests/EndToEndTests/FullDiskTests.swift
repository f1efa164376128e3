import Glibc
import Testing

/// A disk that is full, or may not be written to: points wait in memory, clients wait when that is full, and all of it
/// is stored once there is room.
@Suite(.enabled(if: SmallDisk.isPossible, "needs a mount in a user namespace")) struct FullDiskTests {
    let folder: TemporaryFolder
    init() throws { folder = try TemporaryFolder() }

    private func count(_ disk: SmallDisk, _ daemon: DaemonProcess) throws -> [String] {
        try disk.query("SELECT sum(count), max(sequence) FROM \(StoredRows.all)", of: daemon)
    }

    /// A client that never stops sending, until every queue is full and for a while more.
    @Test func itScoresInMemoryThenClientsWaitAndMemoryIsBounded() throws {
        let disk = try SmallDisk(in: folder, size: "4m")
        let daemon = try disk.start()
        let client = try daemon.client(timeout: .seconds(2))
        try client.send("a 1 1\n")
        try client.sync()

        // More than all queues hold; the rest stays with the client.
        let lines = Array((2...1_200_000).map { "a \($0 % 1000) \($0)\n" }.joined().utf8)
        var sent = 0
        func push() { sent += lines[sent...].withUnsafeBytes { client.sendSome($0) } }
        push()
        try eventually("the queues are full") {
            push()
            return try daemon.status().storage.isFull
        }
        let status = try daemon.status()
        #expect(status.state == "degraded")
        #expect(status.storage.trouble?.contains("full") == true)
        // Twice the writer's queue and a batch in its hand; what the shards have queued is one batch more at most.
        #expect(status.storage.waitingRows <= 2 * 262_144 + 100_000)
        #expect(status.storage.waitingRows >= 262_144)
        #expect(status.points > 262_144, "scored meanwhile")
        for _ in 0..<3 { push() }
        #expect(sent < lines.count, "the client waits")
        let later = try daemon.status()
        #expect(later.residentBytes - status.residentBytes < 4 << 20, "and takes no more memory")
        #expect(later.points == status.points)
        // What there was room for, and no more.
        let stored = try count(disk, daemon)[0].split(separator: "|").compactMap { Int($0) }
        #expect(stored.count == 2 && Set(stored).count == 1 && stored[0] < 100_000, "\(stored)")
        try eventually("systemd is told") {
            daemon.notify.messages.last { $0.text.hasPrefix("STATUS=") }?.text.contains("and so do clients") == true
        }

        try disk.resize(to: "500m", for: daemon)
        while sent < lines.count { push() }
        let patient = try daemon.client()
        try client.send("!sync all\n")
        try eventually("all is stored") { try daemon.status().state == "running" }
        try patient.sync()
        #expect(try client.readLine() == "!synced all")
        #expect(try count(disk, daemon) == ["1200000|1200000"])
        let errors = daemon.process.errors.split(separator: "\n")
        #expect(errors.filter { $0.contains("a commit failed") }.count == 1, "once, not at each attempt")
        #expect(errors.filter { $0.contains("committing again") }.count == 1)
        #expect(errors.contains { $0.contains("committing again") && $0.contains("seconds=") })
        try daemon.stop()
    }

    /// What asks for a commit of its own is told at once rather than left waiting.
    @Test func whoAsksForMoreIsRefused() throws {
        let disk = try SmallDisk(in: folder, size: "2m")
        let daemon = try disk.start()
        let client = try daemon.client()
        try client.send((1...100_000).map { "a \($0) \($0)\n" }.joined())
        try eventually("it notices") { try daemon.status().state == "degraded" }
        let control = try FeedClient(daemon.controlSocket)
        try control.send(
            #"{"hindsight":{"anomalies":[],"begin":{"first":1,"last":2,"model":"m","threshold":0.3},"from":1,"lowers":[],"#
                + #""predictions":[],"residuals":[],"scores":[],"stream":"a","times":[],"to":2,"uppers":[]},"#
                + #""request":"hindsight","version":1}"# + "\n")
        let answer = try control.readLine()
        #expect(answer?.contains("unavailable") == true && answer?.contains("nothing can be stored") == true)
        try disk.resize(to: "50m", for: daemon)
        try client.sync()
        try daemon.stop()
    }

    @Test func aReadOnlyDiskIsSaidSoAtTheStart() throws {
        let disk = try SmallDisk(in: folder, size: "2m", options: "ro")
        let daemon = try DaemonProcess(in: folder, environment: disk.environment, launcher: disk.launcher)
        #expect(try daemon.process.wait() == .code(1))
        #expect(daemon.process.errors.contains("Read-only file system"))
        #expect(daemon.process.errors.contains("mount its file system for writing"))
    }
}

/// The kernel makes a file system read-only whose disk has failed.
@Suite(.enabled(if: FailingDisk.isPossible, "needs root, a loop device and ext4")) struct ReadOnlyDiskTests {
    @Test func itScoresInMemoryAndNothingIsLost() throws {
        let folder = try TemporaryFolder()
        let disk = try FailingDisk(in: folder)
        let environment = ["STATE_DIRECTORY": disk.mountPoint]
        let daemon = try DaemonProcess.start(in: folder, environment: environment)
        let client = try daemon.client(timeout: .seconds(2))
        let lines = (1...2000).map { "a \($0 % 50) \($0)\n" }
        try client.send(lines[..<1000].joined())
        try client.sync()
        try disk.fail()
        try client.send(lines[1000...].joined() + "!sync all\n")
        try eventually("it notices") { try daemon.status().state == "degraded" }
        #expect(try daemon.status().storage.trouble?.contains("Read-only file system") == true)
        #expect(try daemon.status().storage.trouble?.contains("mount its file system for writing") == true)
        try eventually("it goes on scoring") { try daemon.status().points == 2000 }
        #expect(throws: HarnessError.self, "no answer") { try client.readLine() }
        daemon.process.signal(SIGTERM)
        #expect(try daemon.process.wait() == .code(1))
        #expect(try client.readLine() == nil, "what isn't stored isn't confirmed")

        try disk.repair()
        let second = try DaemonProcess.start(in: folder, environment: environment)
        let again = try second.client()
        try again.send(lines[1000...].joined())
        try again.sync()
        try second.stop()
        let database = disk.mountPoint + "/anomaly.db"
        #expect(
            try SQLiteShell.run("SELECT count(*), count(DISTINCT sequence), max(sequence) FROM point", on: database)
                == ["2000|2000|2000"])
    }
}
