import Glibc
import Testing

/// What a broken or malicious client does costs counted, rate-limited messages, and nothing else: the other clients'
/// points are stored, and the daemon ends well.
@Suite struct HostileClientTests {
    /// A line that is rejected, and the reason that it is counted under.
    struct BadLine: Sendable, CustomTestStringConvertible {
        var testDescription: String
        var bytes: [UInt8]
        var reason: String

        init(_ text: String, _ reason: String, named name: String? = nil) {
            testDescription = name ?? text
            bytes = Array(text.utf8)
            self.reason = reason
        }

        init(_ bytes: [UInt8], _ reason: String, named name: String) {
            testDescription = name
            self.bytes = bytes
            self.reason = reason
        }
    }

    static let badLines = [
        BadLine(String(repeating: "x", count: 10_000_000), "too-long", named: "10 MB"),
        BadLine(
            Array("caf\u{e9} ".unicodeScalars.map { UInt8($0.value) }) + Array("1 1".utf8), "utf8", named: "Latin-1"),
        BadLine("a\0b 1 1", "control", named: "NUL"),
        BadLine("a 1e999 1", "value"),
        BadLine("a inf 1", "value"),
        BadLine("a 0x10 1", "value"),
        BadLine("a b 1 1", "value"),
        BadLine("a 1 1 1", "fields"),
        BadLine("a", "fields"),
        BadLine("a 1 yesterday", "timestamp"),
        BadLine("a 1 1700000000000", "timestamp", named: "milliseconds"),
        BadLine("a 1 99999999999", "timestamp", named: "far future"),
        BadLine(String(repeating: "n", count: 256) + " 1 1", "name", named: "long name"),
        BadLine("good 1,2 1", "width"),
        BadLine(
            "wide " + Array(repeating: "1", count: 300).joined(separator: ",") + " 1", "width", named: "300 values"),
        BadLine("!drop everything", "command"),
        BadLine("!sync", "command"),
        BadLine("!sync " + String(repeating: "t", count: 256), "command", named: "long token"),
    ]

    let folder: TemporaryFolder
    init() throws { folder = try TemporaryFolder() }

    /// All in one connection: each costs one counted line, and the good lines around them are taken.
    @Test func badLinesAreCountedByReason() throws {
        let daemon = try DaemonProcess.start(in: folder)
        let client = try daemon.client()
        try client.send("good 1 1\n")
        for (index, line) in Self.badLines.enumerated() {
            try client.send(line.bytes)
            try client.send("\ngood 1 \(index + 2)\n")
        }
        try client.sync()
        let expected = Dictionary(Self.badLines.map { ($0.reason, 1) }, uniquingKeysWith: +)
        #expect(try daemon.status().rejectedLines == expected)
        #expect(try daemon.query("SELECT name, channels FROM stream") == ["good|1"])
        #expect(try daemon.query("SELECT count(*), max(sequence) FROM point") == ["19|19"])
        try daemon.stop()
    }

    /// The message says who, where, why, and what was expected.
    @Test(arguments: badLines) func aBadLineIsLogged(_ line: BadLine) throws {
        let daemon = try DaemonProcess.start(in: folder)
        let client = try daemon.client()
        try client.send("good 1 1\n# comment\n")
        try client.send(line.bytes + [UInt8(ascii: "\n")])
        try client.sync()
        let log = daemon.process.errors.split(separator: "\n").filter { $0.contains("rejected a line") }
        let message = try #require(log.first)
        #expect(log.count == 1)
        #expect(message.contains("reason=\(line.reason)"))
        #expect(message.contains(" line=3 "))
        #expect(
            message.contains("feed.sock#") && message.contains("pid \(getpid())") && message.contains("uid \(getuid())")
        )
        #expect(message.contains(" expected=") && message.contains(" excerpt="))
        #expect(message.utf8.count < 600)
        #expect(message.utf8.allSatisfy { $0 >= 32 })
        try expectGoodService(daemon)
    }

    @Test(arguments: [false, true]) func leavingInMidLine(halfway: Bool) throws {
        let daemon = try DaemonProcess.start(in: folder)
        do {
            let client = try daemon.client()
            // Cut off, "12345" would be a wrong but valid value.
            try client.send("mid 1 1\nmid 123")
            if halfway {
                client.endSending()
                #expect(try client.readLine() == nil)
            }
        }
        try eventually("the line is counted") { try daemon.status().rejectedLines == ["unterminated": 1] }
        try expectGoodService(daemon)
        #expect(try daemon.query("SELECT value FROM point JOIN stream ON id = stream_id WHERE name = 'mid'") == ["1.0"])
    }

    @Test func aFloodOfGarbageDoesNotFillTheLog() throws {
        let daemon = try DaemonProcess.start(in: folder)
        let client = try daemon.client()
        var generator = SplitMix(seed: 5)
        var flood: [UInt8] = []
        for _ in 0..<100_000 {
            flood.append(UInt8(ascii: "?"))
            for _ in 0..<Int.random(in: 1...40, using: &generator) {
                let byte = UInt8.random(in: 0...255, using: &generator)
                // No spaces, so that it can't be a point.
                flood.append([10, 9, 32].contains(byte) ? 63 : byte)
            }
            flood.append(UInt8(ascii: "\n"))
        }
        try client.send(flood)
        try client.sync()
        #expect(try daemon.status().rejectedLines.values.reduce(0, +) == 100_000)
        #expect(daemon.process.errors.utf8.count < 20_000)
        try expectGoodService(daemon, stops: false)
        // What was kept quiet about is not hidden.
        try eventually("a message says how many were suppressed") {
            try client.send("bad\n")
            try client.sync()
            pause(.milliseconds(100))
            return daemon.process.errors.contains("suppressed=")
        }
    }

    /// Its answers fill the socket; then it is read no further, and its memory is bounded.
    @Test(arguments: ["sync", "ping"]) func aClientThatNeverReadsItsAnswers(command: String) throws {
        let daemon = try DaemonProcess.start(in: folder)
        let before = try daemon.status().residentBytes
        let deaf = try daemon.client(timeout: .seconds(1))
        let commands = (0..<100_000).map { "!\(command) \($0)\n" }.joined()
        let sent = Array(commands.utf8).withUnsafeBytes { deaf.sendSome($0) }
        #expect(sent < commands.utf8.count, "it can send no more")
        try expectGoodService(daemon, stops: false)
        #expect(try daemon.status().residentBytes - before < 64 << 20)
        try daemon.stop()
    }

    /// While the writer is stuck, no `!sync` is answered; so answers that do not fill the socket must not let a client
    /// ask for ever either. Once the writer goes on, each is answered.
    @Test func aFloodOfSyncsWhileNothingCanBeStored() throws {
        let daemon = try DaemonProcess.start(in: folder)
        let before = try daemon.status().residentBytes
        let blocker = try DatabaseBlocker(daemon.database, in: folder)
        let flooder = try daemon.client(timeout: .seconds(1))
        let commands = Array((0..<4_000_000).map { "!sync \($0 % 10)\n" }.joined().utf8)
        // Cut at a line's end, so that the rest can be sent as well.
        let sent = commands.withUnsafeBytes { flooder.sendSome($0) }
        #expect(sent < 2_000_000, "it can send no more")
        #expect(try daemon.status().residentBytes - before < 32 << 20)
        try blocker.release()
        let lines = sent / 8
        for line in 0..<lines { try #require(try flooder.readLine() == "!synced \(line % 10)") }
        try expectGoodService(daemon)
    }

    /// When a client leaves, all that it has sent is read at once, whatever stands before the shards. Those bytes wait,
    /// and their client counts as connected, so that many of them can't fill the memory.
    @Test func clientsThatSendAndLeaveWhileNothingCanBeStored() throws {
        let daemon = try DaemonProcess.start(in: folder, settings: ["feed.max_connections=40"])
        let blocker = try DatabaseBlocker(daemon.database, in: folder)
        let before = try daemon.status().residentBytes
        let points = Array(String(repeating: "a 1\n", count: 30_000).utf8)
        var sent = 0
        for _ in 0..<400 {
            let client = try daemon.client(timeout: .milliseconds(20))
            sent += points.withUnsafeBytes { client.sendSome($0) } / 4
        }
        #expect(sent > 40 * 30_000, "\(sent)")
        #expect(try daemon.status().residentBytes - before < 128 << 20)
        try eventually("clients are refused") {
            try daemon.status().refusedConnections["max-connections", default: 0] > 0
        }
        try blocker.release()
        try eventually("there is room again") {
            let client = try daemon.client()
            // One that is refused finds the connection closed, at the one step or at the other.
            return (try? client.send("!ping x\n")) != nil && (try? client.readLine()) == "!pong x"
        }
        try expectGoodService(daemon)
    }

    @Test func clientsThatComeAndGo() throws {
        let daemon = try DaemonProcess.start(in: folder)
        func round(_ count: Int) throws {
            for number in 0..<count {
                let client = try daemon.client()
                switch number % 4 {
                case 0: try client.send("whole \(number) \(number)\n")
                case 1: try client.send("half")
                case 2: try client.send("!sync and away\n")
                default: break
                }
                if number % 250 != 249 { continue }
                // All before it have been accepted: they count as gone no sooner, and are never too many at once.
                let last = try daemon.client()
                try last.send("!ping \(number)\n")
                #expect(try last.readLine() == "!pong \(number)")
            }
            try eventually("all have gone") { try daemon.status().connections == 0 }
        }
        // Fewer at a time than may be connected.
        try round(1000)
        let before = try daemon.status().residentBytes
        let files = try daemon.openFiles()
        for _ in 0..<9 { try round(1000) }
        let more = try daemon.status().residentBytes - before
        #expect(more < 8 << 20, "\(more)")
        // A connection is closed a moment after it no longer counts.
        try eventually("files are closed") { try daemon.openFiles() <= files }
        try eventually("none is lost") { try daemon.status().rejectedLines == ["unterminated": 2500] }
        try expectGoodService(daemon)
    }

    /// A thousand clients that send a line byte by byte, and never its end.
    @Test func aThousandSlowClients() throws {
        let daemon = try DaemonProcess.start(in: folder)
        let before = try daemon.status().residentBytes
        let slow = try (0..<1000).map { _ in try daemon.client() }
        try eventually("all are connected") { try daemon.status().connections == 1000 }
        let idle = try daemon.status().residentBytes
        #expect(idle - before < 32 << 20)
        for byte in "slow.loris 1".utf8 { for client in slow { try client.send([byte]) } }
        try expectGoodService(daemon, stops: false)
        #expect(try daemon.status().residentBytes - idle < 32 << 20)
        // And now as much as they can, as fast as they can.
        let rest = Array(("\n" + (1...4000).map { "busy.\($0 % 10) \($0)\n" }.joined()).utf8)
        for client in slow { try client.send(rest) }
        for client in slow { try client.sync() }
        #expect(try daemon.status().residentBytes - idle < 256 << 20)
        #expect(
            try daemon.query(
                "SELECT sum(count) FROM \(StoredRows.all) JOIN stream ON id = stream_id WHERE name LIKE 'busy.%'")
                == ["4000000"])
        try daemon.stop()
    }

    /// Whoever closes its side of the connection still gets all of its answers.
    @Test(arguments: ["sync", "ping"]) func noAnswerIsLostAfterTheLastLine(command: String) throws {
        let daemon = try DaemonProcess.start(in: folder)
        let client = try daemon.client()
        let count = 5000
        try client.send((0..<count).map { "a \($0) \($0)\n!\(command) \($0)\n" }.joined())
        client.endSending()
        let answers = try client.readLines()
        #expect(answers.count == count)
        #expect(answers.last == (command == "sync" ? "!synced 4999" : "!pong 4999"))
    }

    @Test func twoHundredClientsAtOnce() throws {
        let daemon = try DaemonProcess.start(in: folder)
        let clients = try (0..<200).map { _ in try daemon.client() }
        try eventually("all are connected") { try daemon.status().connections == 200 }
        for (index, client) in clients.enumerated() {
            try client.send((1...20).map { "client.\(index) \($0) \($0)\n" }.joined())
        }
        for client in clients { try client.sync() }
        #expect(try daemon.query("SELECT count(*), count(DISTINCT stream_id) FROM point") == ["4000|200"])
        try daemon.stop()
    }

    @Test func clientsThatSayNothing() throws {
        let daemon = try DaemonProcess.start(in: folder)
        let silent = try (0..<50).map { _ in try daemon.client() }
        try expectGoodService(daemon, stops: false)
        #expect(try daemon.status().rejectedLines == [:])
        try daemon.stop(within: .seconds(5))
        for client in silent { #expect(try client.readLine() == nil) }
    }

    @Test(arguments: ["", "\n", "nonsense\n", "{}\n", #"{"request":"rm","version":1}"# + "\n", "\u{0}\n"])
    func nonsenseOnTheControlSocket(text: String) throws {
        let daemon = try DaemonProcess.start(in: folder)
        let control = try FeedClient(daemon.controlSocket)
        try control.send(text)
        if !text.isEmpty { #expect(try control.readLine()?.contains("\"error\"") == true) }
        #expect(try daemon.status().state == "running")
        try expectGoodService(daemon)
    }

    /// Another client's points are taken and stored, and the daemon can be stopped.
    private func expectGoodService(_ daemon: DaemonProcess, stops: Bool = true) throws {
        let other = try daemon.client()
        try other.send((1...10).map { "other \($0) \($0)\n" }.joined())
        try other.sync()
        #expect(
            try daemon.query(
                "SELECT sum(count) FROM \(StoredRows.all) JOIN stream ON id = stream_id WHERE name = 'other'") == ["10"]
        )
        if stops { try daemon.stop() }
    }
}
