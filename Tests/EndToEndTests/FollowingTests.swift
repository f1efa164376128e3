import Foundation
import Testing

/// `anomalyctl query -f` beside a daemon, which tells of its commits.
@Suite struct FollowingTests {
    let folder: TemporaryFolder
    init() throws { folder = try TemporaryFolder() }

    private func question(after: Int?) -> String {
        #"{"request":"await_commit","version":1,"commit":{"# + (after.map { "\"after\":\($0)" } ?? "") + "}}\n"
    }

    private func commits(_ line: String?) throws -> Int {
        let match = try #require(line?.firstMatch(of: /"commits":([0-9]+)/), "\(line ?? "nothing")")
        return try #require(Int(match.1))
    }

    @Test func whoWaitsIsToldOfTheNextCommit() throws {
        let daemon = try DaemonProcess.start(in: folder)
        let feed = try daemon.client()
        let waiting = try FeedClient(daemon.controlSocket)
        // The first answer comes at once, the second with the next commit.
        try waiting.send(question(after: nil))
        let first = try commits(try waiting.readLine())
        try waiting.send(question(after: first))
        try feed.send("a 1 1\n")
        try feed.sync()
        let second = try commits(try waiting.readLine())
        #expect(second > first)
        // What was committed before one asks is not waited for.
        try feed.send("a 2 2\n")
        try feed.sync()
        try waiting.send(question(after: second))
        #expect(try commits(try waiting.readLine()) > second)
        try daemon.stop()
    }

    /// Waiting clients leave connections to others.
    @Test func onlySomeMayWait() throws {
        let daemon = try DaemonProcess.start(in: folder, settings: ["control.max_connections=4"])
        var waiting: [FeedClient] = []
        for _ in 0..<2 {
            let client = try FeedClient(daemon.controlSocket)
            try client.send(question(after: nil))
            try client.send(question(after: try commits(try client.readLine())))
            waiting.append(client)
        }
        let third = try FeedClient(daemon.controlSocket)
        try eventually("two wait") {
            try third.send(question(after: 0))
            return try third.readLine()?.contains(#""code":"unavailable""#) == true
        }
        // One that leaves makes room.
        waiting.removeFirst()
        try eventually("there is room") {
            let client = try FeedClient(daemon.controlSocket, timeout: .milliseconds(300))
            try client.send(question(after: 0))
            return (try? client.readLine()) == nil
        }
        try daemon.stop()
    }

    private func follow(_ daemon: DaemonProcess) throws -> ChildProcess {
        try ChildProcess(
            [
                Programs.path("anomalyctl"), "query", "-f", "-n", "0", "-o", "csv", "--no-header", "--database",
                daemon.database, "--socket", daemon.controlSocket,
            ], in: folder)
    }

    /// Polling would take an eighth of a second in the mean, and often twice as long.
    @Test func pointsComeWithTheirCommit() throws {
        let daemon = try DaemonProcess.start(in: folder)
        let feed = try daemon.client()
        try feed.send("a 0 1\n")
        try feed.sync()
        let following = try follow(daemon)
        Thread.sleep(forTimeInterval: 1)
        var waits: [Duration] = []
        for number in 1...9 {
            try feed.send("a \(number) \(number + 1)\n")
            try feed.sync()
            let synced = ContinuousClock.now
            while !following.output.contains(",\(number),"), synced.duration(to: .now) < .seconds(10) { usleep(1000) }
            waits.append(synced.duration(to: .now))
            // So that polling would meet it at any time.
            usleep(UInt32(number) * 37_000)
        }
        #expect(waits.sorted()[4] < .milliseconds(80), "\(waits)")
        try daemon.stop()
    }

    /// Without the daemon it looks for itself, and the next daemon tells it again.
    @Test func restartsAreFollowed() throws {
        let first = try DaemonProcess.start(in: folder)
        try first.client().sync()
        let following = try follow(first)
        Thread.sleep(forTimeInterval: 0.5)
        try first.stop()
        let second = try DaemonProcess.start(in: folder)
        let feed = try second.client()
        for number in 1...3 {
            try feed.send("a \(number) \(number)\n")
            try feed.sync()
            try eventually("point \(number) is shown") { following.output.contains(",\(number),") }
        }
        #expect(following.poll() == nil, "\(following.errors)")
        try second.stop()
    }
}
