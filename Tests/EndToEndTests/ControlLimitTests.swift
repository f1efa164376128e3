import Glibc
import Testing

/// What a client of the control socket can cost: nothing beyond its own connection.
@Suite struct ControlLimitTests {
    static let question = #"{"request":"status","version":1}"# + "\n"

    let folder: TemporaryFolder
    init() throws { folder = try TemporaryFolder() }

    @Test func oneConnectionTooMany() throws {
        let daemon = try DaemonProcess.start(in: folder, settings: ["control.max_connections=2"])
        do {
            let idle = try (0..<2).map { _ in try FeedClient(daemon.controlSocket) }
            for client in idle {
                try client.send(Self.question)
                #expect(try client.readLine()?.contains(#""state":"running""#) == true)
            }
            let third = try FeedClient(daemon.controlSocket)
            #expect(try third.readLine() == nil)
            #expect(daemon.log("refused a client").first?.contains("reason=control-max-connections") == true)
            // The feed has its own.
            try daemon.client().sync()
            try idle[0].send(Self.question)
            #expect(try idle[0].readLine() != nil)
        }
        // The daemon may see only later that they have gone, and refuse the first to ask.
        try eventually("there is room") {
            let refused = (try? daemon.status())?.refusedConnections
            return refused?.count == 1 && (refused?["control-max-connections"] ?? 0) >= 1
        }
        try daemon.stop()
    }

    /// A silent client, a request without an end, and one whose answers are not read.
    @Test func clientsThatTakeTooLong() throws {
        let daemon = try DaemonProcess.start(in: folder, settings: ["control.timeout=500ms"])
        let silent = try FeedClient(daemon.controlSocket)
        let slow = try FeedClient(daemon.controlSocket)
        try slow.send(#"{"request":"#)
        let deaf = try FeedClient(daemon.controlSocket, timeout: .seconds(10))
        let before = try daemon.status().residentBytes
        let questions = Array(String(repeating: Self.question, count: 200_000).utf8)
        let sent = questions.withUnsafeBytes { deaf.sendSome($0) }
        #expect(sent < questions.count, "the daemon hangs up")
        #expect(try daemon.status().residentBytes - before < 16 << 20)
        #expect(try silent.readLine() == nil)
        #expect(try slow.readLine() == nil)
        try eventually("all three are counted") {
            try daemon.status().refusedConnections == ["control-timeout": 3]
        }
        let messages = daemon.log("refused a client")
        #expect(messages.count == 3)
        #expect(messages.allSatisfy { $0.contains("reason=control-timeout") && $0.contains("uid=\(getuid())") })
        // Whoever keeps asking may stay.
        let busy = try FeedClient(daemon.controlSocket)
        for _ in 0..<15 {
            try busy.send(Self.question)
            #expect(try busy.readLine()?.contains(#""state":"running""#) == true)
            pause(.milliseconds(100))
        }
        try daemon.stop()
    }

    /// It is told so, the rest is thrown away, and the connection can be used.
    @Test(arguments: [4097, 65_536, 5_000_000]) func aRequestThatIsTooLong(length: Int) throws {
        let daemon = try DaemonProcess.start(in: folder, settings: ["control.max_request=4096"])
        let client = try FeedClient(daemon.controlSocket)
        let before = try daemon.status().residentBytes
        try client.send([UInt8](repeating: UInt8(ascii: "x"), count: length))
        let answer = try #require(
            try {
                try client.send("\n"); return try client.readLine()
            }())
        #expect(answer.contains(#""code":"bad_request""#) && answer.contains("4096 bytes"), "\(answer)")
        try client.send(Self.question)
        #expect(try client.readLine()?.contains(#""state":"running""#) == true)
        #expect(try daemon.status().residentBytes - before < 2 << 20)
        #expect(try daemon.status().refusedConnections == ["control-max-request": 1])
        try daemon.stop()
    }

    /// As long as allowed, and garbage: an error, and not the end of the connection.
    @Test func garbage() throws {
        let daemon = try DaemonProcess.start(in: folder)
        let client = try FeedClient(daemon.controlSocket)
        var generator = SplitMix(seed: 9)
        for length in [1, 100, 10_000, 8 << 20] {
            let bytes = (0..<length).map { _ in UInt8.random(in: 11...255, using: &generator) }
            try client.send(bytes + [UInt8(ascii: "\n")])
            #expect(try client.readLine()?.contains(#""code":"bad_request""#) == true)
        }
        try client.send(String(repeating: "[", count: 1_000_000) + "\n")
        #expect(try client.readLine()?.contains(#""code":"bad_request""#) == true)
        try client.send(Self.question)
        #expect(try client.readLine()?.contains(#""state":"running""#) == true)
        try daemon.stop()
    }

    /// Several questions at once are answered in their order, also after the end of input.
    @Test func manyQuestionsAtOnce() throws {
        let daemon = try DaemonProcess.start(in: folder)
        let client = try FeedClient(daemon.controlSocket)
        try client.send(String(repeating: Self.question + "nonsense\n", count: 50))
        client.endSending()
        let answers = try client.readLines()
        #expect(answers.count == 100)
        for (index, answer) in answers.enumerated() { #expect(answer.contains(#""error""#) == (index % 2 == 1)) }
        try daemon.stop()
    }
}
