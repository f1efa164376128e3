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
        try eventually("no more may wait") {
            let client = try FeedClient(daemon.controlSocket, timeout: .seconds(3))
            try client.send(question(after: 0))
            if let answer = try? client.readLine() { return answer.contains(#""code":"unavailable""#) }
            waiting.append(client)
            return false
        }
        #expect(waiting.count == 2)
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

    // MARK: Live

    /// Nothing is stored for a minute, but what is scored is told at once.
    @Test func liveIsBeforeTheCommit() throws {
        let daemon = try DaemonProcess.start(in: folder, settings: ["database.commit_interval=1min"])
        let feed = try daemon.client()
        try feed.send("a 0 1\nb 0 1\n")
        try feed.sync()
        let arguments = ["--database", daemon.database, "--socket", daemon.controlSocket]
        let following = try ChildProcess(
            [Programs.path("anomalyctl"), "query", "-f", "--live", "a*", "-o", "csv", "--no-header"] + arguments,
            in: folder)
        var number = 1
        try eventually("a point is shown") {
            number += 1
            try feed.send("a \(number) \(number)\nb \(number) \(number)\n")
            return following.output.contains("\n")
        }
        let output = following.output
        // However many were sent before somebody followed.
        let isOne = (2...number).contains {
            output.hasPrefix(String(format: "a,1970-01-01T00:%02d:%02d", $0 / 60, $0 % 60))
        }
        #expect(isOne && !output.contains("b,"), "\(output)")
        let stored = try ChildProcess(
            [Programs.path("anomalyctl"), "query", "a", "-o", "csv", "--no-header"] + arguments, in: folder)
        #expect(try stored.wait() == .code(0))
        #expect(stored.output.split(separator: "\n").count == 1, "\(stored.output)")
        #expect(following.poll() == nil, "\(following.errors)")
        try daemon.stop()
        let exit = try following.wait()
        #expect(exit == .code(3) && following.errors.contains("has ended the connection"), "\(following.errors)")
    }

    private func live(_ request: String, _ daemon: DaemonProcess) throws -> FeedClient {
        let client = try FeedClient(daemon.controlSocket)
        try client.send(#"{"request":"follow","version":1,"follow":\#(request)}"# + "\n")
        return client
    }

    @Test func whatLiveFollowersAskFor() throws {
        let daemon = try DaemonProcess.start(in: folder, settings: ["control.max_connections=6"])
        let feed = try daemon.client()
        let begun = #"{"follow":{"missed":0,"points":[]},"version":1}"#
        let all = try live("{}", daemon)
        #expect(try all.readLine() == begun)
        let some = try live(#"{"streams":["w[ei]b","c*"]}"#, daemon)
        #expect(try some.readLine() == begun)
        var flagged: FeedClient? = try live(#"{"anomalies_only":true,"minimum_score":0.2}"#, daemon)
        #expect(try flagged?.readLine() == begun)
        #expect(try live("{}", daemon).readLine()?.contains("3 clients follow already") == true)
        #expect(try live(#"{"streams":["[a"]}"#, daemon).readLine()?.contains("bad_request") == true)
        try feed.send("web 1 1\nw[ei]b 2 1\nwide 1,nan 1\n")
        try feed.sync()
        // One message for each batch of a shard, which come in any order.
        var seen: [String] = []
        while seen.count < 3 {
            let line = try #require(try all.readLine())
            seen += line.matches(of: /"stream":"([^"]+)"/).map { String($0.1) }
        }
        #expect(seen.sorted() == ["w[ei]b", "web", "wide"])
        var wanted: [String] = []
        while wanted.count < 2 {
            let line = try #require(try some.readLine())
            wanted += line.matches(of: /"stream":"([^"]+)"/).map { String($0.1) }
        }
        #expect(wanted.sorted() == ["w[ei]b", "web"])
        // One that leaves makes room.
        flagged = nil
        try eventually("there is room") { try live("{}", daemon).readLine() == begun }
        try daemon.stop()
    }

    /// Whoever does not read keeps nobody waiting, and is told how much was left out.
    @Test func aLiveFollowerThatDoesNotRead() throws {
        let daemon = try DaemonProcess.start(in: folder)
        let feed = try daemon.client()
        let follower = try FeedClient(daemon.controlSocket, timeout: .milliseconds(500))
        try follower.send(#"{"request":"follow","version":1}"# + "\n")
        _ = try follower.readLine()
        var sent = 600_000
        for start in stride(from: 0, to: sent, by: 10_000) {
            try feed.send((start..<start + 10_000).map { "a \($0 % 7) \($0 + 1)\n" }.joined())
        }
        try feed.sync()
        var (told, missed) = (0, 0)
        try eventually("it is told what it has missed") {
            while let line = try? follower.readLine() {
                told += line.matches(of: /"stream":"a"/).count
                missed += try Int(#require(line.firstMatch(of: /"missed":([0-9]+)/)).1) ?? 0
            }
            // It is said with the next points.
            sent += 1
            try feed.send("a 1 \(sent)\n")
            return missed > 0
        }
        #expect(told > 1000 && told + missed <= sent && told + missed >= 600_000, "\(told) told, \(missed) missed")
        try daemon.stop()
    }
}
