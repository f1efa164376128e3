import Glibc
import Testing

/// What systemd sees: `$NOTIFY_SOCKET`, the watchdog, and passed sockets.
@Suite(.serialized) struct ServiceManagerTests {
    let folder: TemporaryFolder
    init() throws { folder = try TemporaryFolder() }

    /// sh, which sets in the process that becomes the daemon what holds for its process id.
    private func launcher(_ assignments: String) -> [String] {
        ["sh", "-c", "export \(assignments); exec \"$@\"", "sh"]
    }

    @Test func readyMeansThatItAcceptsPoints() throws {
        let daemon = try DaemonProcess(in: folder)
        let deadline = ContinuousClock.now + patience
        while !daemon.notify.has("READY=1") {
            try #require(ContinuousClock.now < deadline, "\(daemon.process.errors)")
        }
        // At once, without another attempt.
        let client = try daemon.client()
        #expect(try daemon.status().state == "running")
        try client.send("a 1 1\n")
        try client.sync()
        try daemon.stop()
        let words = daemon.notify.messages.map(\.text)
        let ready = try #require(words.firstIndex(of: "READY=1"))
        let stopping = try #require(words.firstIndex(of: "STOPPING=1"))
        #expect(ready < stopping)
        #expect(words.filter { $0 == "READY=1" || $0 == "STOPPING=1" }.count == 2)
        #expect(words[..<ready].contains { $0.hasPrefix("STATUS=") && $0.contains(daemon.database) })
    }

    @Test func theStatusTextCounts() throws {
        let daemon = try DaemonProcess.start(in: folder)
        func isTold(_ expected: Regex<Substring>) throws {
            try eventually("STATUS is as expected; it is \(daemon.notify.messages.last?.text ?? "nothing")") {
                daemon.notify.messages.contains { $0.text.wholeMatch(of: expected) != nil }
            }
        }
        try isTold(#/STATUS=0 streams, 0 points/s, 0 anomalies open \(0 found\), no commit yet/#)
        let client = try daemon.client()
        // Even noise, and one point that is far away.
        var generator = SplitMix(seed: 2)
        try client.send((1...1000).map { "a \(Int.random(in: 0...99, using: &generator)) \($0)\nb 1 \($0)\n" }.joined())
        try client.send("a 100000000 1001\n")
        try client.sync()
        try isTold(
            #/STATUS=2 streams, [1-9][0-9]* points/s, 1 anomalies open \(1 found\), last commit [0-9]+\.[0-9] s ago/#)
        try daemon.stop()
    }

    @Test func theWatchdogIsFedAtHalfItsInterval() throws {
        let daemon = try DaemonProcess.start(
            in: folder, environment: ["WATCHDOG_USEC": "2000000"], launcher: launcher("WATCHDOG_PID=$$"))
        #expect(try daemon.status().watchdog?.timeoutSeconds == 2)
        pause(.seconds(9))
        let times = daemon.notify.messages.filter { $0.text == "WATCHDOG=1" }.map(\.time)
        let gaps = zip(times.dropFirst(), times).map { $0 - $1 }
        // Half of it is a second; after the whole of it, systemd kills.
        #expect(times.count >= 7)
        #expect(gaps.allSatisfy { $0 < .seconds(2) }, "gaps between WATCHDOG=1: \(gaps)")
        #expect(!daemon.notify.messages.contains { $0.text.contains("Stuck") })
        try daemon.stop()
    }

    /// An opening that takes long, here as another program holds the database, is not taken for a failure.
    @Test func moreTimeIsAskedForWhileOpening() throws {
        try DaemonProcess.start(in: folder).stop()
        let wait =
            ".shell touch \(folder("blocked")); for i in $(seq 35); do [ -e \(folder("release")) ] && break; sleep 0.1; done"
        let blocker = try ChildProcess(
            [
                "sqlite3", "-batch", folder("anomaly.db"), "PRAGMA locking_mode = EXCLUSIVE", "BEGIN EXCLUSIVE", wait,
                "COMMIT",
            ], in: folder)
        try eventually("the database is blocked") { access(folder("blocked"), F_OK) == 0 }
        let daemon = try DaemonProcess.start(in: folder)
        let words = daemon.notify.messages.map(\.text)
        let ready = try #require(words.firstIndex(of: "READY=1"))
        #expect(words[..<ready].contains("EXTEND_TIMEOUT_USEC=30000000"))
        #expect(try blocker.wait() == .code(0))
        try daemon.stop()
    }

    /// A restart would not help against a program that holds the database: it is told of, and the watchdog is fed.
    @Test func theWatchdogIsFedWhileAnotherProgramBlocksTheWriter() throws {
        let daemon = try DaemonProcess.start(
            in: folder, environment: ["WATCHDOG_USEC": "2000000"], launcher: launcher("WATCHDOG_PID=$$"))
        let client = try daemon.client()
        try client.send("a 1 1\n")
        try client.sync()
        // It holds the lock until a file appears, or for half a minute.
        let wait =
            ".shell touch \(folder("blocked")); for i in $(seq 300); do "
            + "[ -e \(folder("release")) ] && break; sleep 0.1; done"
        let blocker = try ChildProcess(
            ["sqlite3", "-batch", daemon.database, "BEGIN IMMEDIATE", wait, "COMMIT"], in: folder)
        try eventually("the database is blocked") { access(folder("blocked"), F_OK) == 0 }
        try client.send("a 2 2\n!sync late\n")
        try eventually("the status says what it waits for") {
            daemon.notify.messages.contains {
                $0.text.hasPrefix("STATUS=Waiting: the writer for the database, for 3 s") && $0.text.contains("sqlite3")
            }
        }
        _ = try folder.write("", to: "release")
        #expect(try client.readLine() == "!synced late")
        #expect(try blocker.wait() == .code(0))
        let times = daemon.notify.messages.filter { $0.text == "WATCHDOG=1" }.map(\.time)
        #expect(zip(times.dropFirst(), times).allSatisfy { $0 - $1 < .seconds(2) })
        #expect(!daemon.notify.messages.contains { $0.text.contains("Stuck") })
        try daemon.stop()
    }

    @Test func aWatchdogOfAnotherProcessIsNotFed() throws {
        let daemon = try DaemonProcess.start(
            in: folder, environment: ["WATCHDOG_USEC": "2000000", "WATCHDOG_PID": "1"])
        #expect(try daemon.status().watchdog == nil)
        pause(.seconds(2))
        #expect(!daemon.notify.has("WATCHDOG=1"))
        try daemon.stop()
    }

    /// The manager's socket is there before the daemon is, and after it.
    @Test(arguments: [true, false]) func socketActivation(isAlsoConfigured: Bool) throws {
        let path = folder("feed.sock")
        let listener = try UnixSocket.bound(to: path, type: SOCK_STREAM)
        defer { close(listener) }
        let early = try FeedClient(path)
        try early.send("a 1 1\n")
        for run in 1...2 {
            let daemon = try DaemonProcess.start(
                in: folder, settings: isAlsoConfigured ? [] : ["feed.listen=[]"],
                launcher: launcher("LISTEN_PID=$$ LISTEN_FDS=1 LISTEN_FDNAMES=feed"), passed: [listener])
            #expect(try daemon.status().listeners == [path])
            if run == 1 { try early.sync() }
            let client = try daemon.client()
            try client.send("a 2 \(run + 1)\n")
            try client.sync()
            try daemon.stop()
            #expect(access(path, F_OK) == 0)
            #expect(try daemon.query("SELECT count(*) FROM point") == ["\(run + 1)"])
        }
    }

    /// Without a manager it is silent, and needs none.
    @Test func withoutAManager() throws {
        let daemon = try DaemonProcess(in: folder, environment: ["NOTIFY_SOCKET": ""])
        try eventually("the socket accepts connections") { (try? daemon.client()) != nil }
        try daemon.client().sync()
        try daemon.stop()
        #expect(daemon.notify.messages.isEmpty)
    }

    /// Under the journal, lines begin with their priority and have no time of their own.
    @Test func theJournalGetsPriorities() throws {
        let daemon = try DaemonProcess.start(
            in: folder, launcher: launcher("JOURNAL_STREAM=$(stat -L -c %d:%i /proc/self/fd/2)"))
        try daemon.client().send("bad\n")
        try eventually("it is logged") { daemon.process.errors.contains("<4>rejected a line") }
        try daemon.stop()
        #expect(daemon.process.errors.split(separator: "\n").allSatisfy { $0.hasPrefix("<") })
    }
}
