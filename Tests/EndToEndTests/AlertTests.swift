import Foundation
import Testing

/// Who is told of anomalies: hooks, followers of the socket, the log; and what a crash, a hook that hangs, or very many
/// anomalies at once change of that.
@Suite struct AlertTests {
    let folder: TemporaryFolder
    let rig: AlertRig
    init() throws {
        folder = try TemporaryFolder()
        rig = try AlertRig(folder)
    }

    private static let quick = "[alerts]\ngroup_wait = 0\ngroup_interval = 0\n"

    private func sink(_ more: String = "") throws -> String {
        "[[sink]]\nname = \"hook\"\ncommand = [\"\(try rig.tellingHook())\", \"an argument\"]\n\(more)\n"
    }

    @Test func aHookIsToldOfBeginningAndEnd() throws {
        let hook = try rig.tellingHook(
            #"env | grep ^ANOMALYD_ | sort >"$dir/environment"; env >"$dir/all"; ls /proc/self/fd >"$dir/descriptors"; echo "$1""#
        )
        try rig.configure(
            Self.quick
                + "link = \"https://show.example/{id}?s={stream}\"\n[[sink]]\nname = \"hook\"\ncommand = [\"\(hook)\", \"an argument\"]"
        )
        let daemon = try rig.start()
        try daemon.feed("web.cpu;host=a 1 60\nweb.cpu;host=a 50 120\n")
        try rig.waitUntilTold("of the beginning", by: daemon) { $0.count == 1 }
        let opened = try rig.told()[0]
        #expect(opened.version == 1 && opened.sink == "hook" && opened.status == "firing" && !opened.test)
        #expect(opened.firing == 1 && opened.resolved == 0 && opened.unnamed == 0 && opened.group == "")
        let alert = opened.alerts[0]
        #expect(alert.event == "opened" && alert.stream == "web.cpu;host=a" && alert.tags == ["host": "a"])
        #expect(alert.value == 50 && alert.kind == "limit" && alert.severity == "critical" && alert.score == 1)
        #expect(alert.start == "1970-01-01T00:02:00.000000Z" && alert.end == nil && alert.id == 1)
        #expect(alert.link == "https://show.example/1?s=web.cpu%3Bhost%3Da" && alert.fingerprint.count == 16)
        let environment = contents(of: folder("told/environment"))
        #expect(environment.contains("ANOMALYD_EVENT=opened\n") && environment.contains("ANOMALYD_VALUE=50\n"))
        #expect(
            environment.contains("ANOMALYD_STREAM=web.cpu;host=a\n") && environment.contains("ANOMALYD_SINK=hook\n"))
        #expect(!contents(of: folder("told/all")).contains("NOTIFY_SOCKET"))
        // Of ours it has nothing open; ls itself has one for the folder.
        #expect(contents(of: folder("told/descriptors")) == "0\n1\n2\n3\n")
        #expect(daemon.log("a hook says").first?.contains("an argument") == true)

        try daemon.feed("web.cpu;host=a 1 180\n")
        try rig.waitUntilTold("of the end", by: daemon) { $0.count == 2 }
        let resolved = try rig.told()[1]
        #expect(resolved.status == "resolved" && resolved.resolved == 1)
        #expect(resolved.alerts[0].event == "resolved" && resolved.alerts[0].reason == "over")
        #expect(resolved.alerts[0].end == alert.start && resolved.alerts[0].fingerprint == alert.fingerprint)
        // The log as well, once each.
        try eventually("the log tells of the end") { !daemon.log("an anomaly is over").isEmpty }
        #expect(daemon.log("an anomaly has opened").count == 1 && daemon.log("an anomaly is over").count == 1)
        try daemon.stop()
        #expect(
            try daemon.query("SELECT sink, state, listed FROM alert ORDER BY sink") == [
                "hook|resolved|1", "journal|resolved|1",
            ])
        #expect(try folder.anomalyctl("db", "verify").exit == .code(0))
    }

    /// It dies between the beginning and the end, of which nobody has been told then.
    @Test func anEndIsToldAfterACrash() throws {
        try rig.configure("[alerts]\ngroup_wait = 0\ngroup_interval = \"1h\"\n" + sink())
        let daemon = try rig.start()
        try daemon.feed("a 1 60\na 50 120\nb 1 60\n")
        try rig.waitUntilTold("of the beginning", by: daemon) { $0.events == ["opened a"] }
        try eventually("that is stored") {
            try daemon.query("SELECT state FROM alert WHERE sink = 'hook'") == ["firing"]
        }
        // Over, and another one that is over already: both before anybody may be told again.
        try daemon.feed("a 1 180\nb 50 120\nb 1 180\n")
        try daemon.kill()
        #expect(try rig.told().count == 1)
        let second = try rig.start(["alerts.group_interval=0"])
        try rig.waitUntilTold("of both ends", by: second) {
            Set($0.events) == ["opened a", "resolved a", "resolved b"]
        }
        try eventually("that is stored") {
            try second.query("SELECT count(*) FROM alert WHERE sink = 'hook' AND state = 'resolved'") == ["2"]
        }
        try second.kill()
        // And nothing twice.
        let third = try rig.start(["alerts.group_interval=0"])
        try third.feed("c 1 60\nc 50 120\n")
        try rig.waitUntilTold("of another", by: third) { $0.events.contains("opened c") }
        #expect(try rig.told().events.count == 4)
        #expect(third.log("an anomaly has opened").count == 1, "\(third.process.errors)")
        try third.stop()
    }

    @Test func aHookThatHangsIsKilledAndHoldsNothingUp() throws {
        let hook = try rig.script(
            "trap '' TERM\nsleep 1000 &\necho $$ $! >\(folder("pids"))\nwait\nsleep 1000", to: "slow")
        try rig.configure(
            Self.quick + "[[sink]]\nname = \"slow\"\ncommand = [\"\(hook)\"]\ntimeout = \"500ms\"\n" + sink())
        let daemon = try rig.start()
        try daemon.feed("a 1 60\na 50 120\n")
        try eventually("the hook hangs") { contents(of: folder("pids")).hasSuffix("\n") }
        let pids = contents(of: folder("pids")).split(whereSeparator: \.isWhitespace).compactMap { pid_t($0) }
        #expect(pids.count == 2)
        // Points are stored, and the other hook is told.
        try daemon.feed((1...2000).map { "b\($0 % 10) 1 \($0 * 60)\n" }.joined())
        try rig.waitUntilTold("although the other one hangs", by: daemon) { !$0.isEmpty }
        try eventually("it is killed, with what it has started; log:\n\(daemon.process.errors)") {
            pids.allSatisfy { kill($0, 0) != 0 } && !daemon.log("a sink could not be told").isEmpty
        }
        #expect(daemon.log("a sink could not be told")[0].contains("took longer than 0.5 s (timeout) and was killed"))
        try daemon.stop()
    }

    @Test func aHookThatFailsIsTriedAgainAndStatusSaysSo() throws {
        let hook = try rig.script(
            "test -e \(folder("works")) || { echo broken >&2; exit 3; }\ncat >\(folder("told"))/part && mv \(folder("told"))/part \(folder("told"))/1.json",
            to: "failing")
        try rig.configure(Self.quick + "[[sink]]\nname = \"hook\"\ncommand = [\"\(hook)\"]\n")
        let daemon = try rig.start()
        try daemon.feed("a 1 60\na 50 120\n")
        try eventually("status says that it fails") {
            let status = try daemon.status()
            return status.state == "degraded" && status.notes.contains { $0.contains("The sink hook can't be told") }
        }
        let shown = try folder.anomalyctl("status").output
        #expect(shown.contains("hook (fails, 1 waiting)"), "\(shown)")
        #expect(daemon.log("a hook says")[0].contains("broken"))
        try folder.write("", to: "works")
        try rig.waitUntilTold("in the end", by: daemon) { $0.events == ["opened a"] }
        try eventually("status is well again") { try daemon.status().state == "running" }
        #expect(daemon.log("a sink is told of anomalies again").count == 1)
        try daemon.stop()
    }

    @Test func twoThousandStreamsBreakAtOnce() throws {
        try rig.configure("[alerts]\ngroup_wait = \"2s\"\ngroup_interval = \"2s\"\n" + sink())
        let daemon = try rig.start()
        let names = 1...2000
        try daemon.feed(names.map { "s\($0) 1 60\n" }.joined())
        try daemon.feed(names.map { "s\($0) \(100 + $0) 120\n" }.joined())
        try rig.waitUntilTold("of all", by: daemon) { $0.last?.firing == 2000 }
        let told = try rig.told()
        #expect(told.count <= 3, "\(told.count) notifications")
        #expect(told.allSatisfy { $0.alerts.count == 20 && $0.unnamed == $0.firing - 20 })
        try daemon.feed(names.map { "s\($0) 1 180\n" }.joined())
        try rig.waitUntilTold("that all are over", by: daemon) { $0.last?.firing == 0 }
        let ends = try rig.told().dropFirst(told.count)
        #expect(ends.count <= 4, "\(ends.count) notifications")
        #expect(ends.reduce(0) { $0 + $1.resolved } == 2000)
        // What was named as open is named as over.
        func named(_ event: String) throws -> Set<String> {
            Set(
                try rig.told().flatMap(\.alerts).filter { ($0.event == "resolved") == (event == "resolved") }.map(
                    \.stream))
        }
        #expect(try named("opened").isSubset(of: named("resolved")))
        // The log is not flooded either.
        #expect(daemon.log("an anomaly has opened").count < 100)
        try daemon.stop()
        #expect(try daemon.query("SELECT count(*) FROM alert WHERE sink = 'hook' AND state = 'resolved'") == ["2000"])
    }

    @Test func whatIsAcknowledgedIsNotRepeated() throws {
        try rig.configure(
            "[alerts]\ngroup_by = \"stream\"\ngroup_wait = 0\ngroup_interval = 0\nrepeat_interval = \"300ms\"\n"
                + sink("max_running = 2"))
        let daemon = try rig.start()
        try daemon.feed("a 1 60\na 50 120\nb 1 60\nb 50 120\n")
        func repetitions(_ stream: String) throws -> Int {
            try rig.told().count { $0.repetition && $0.group == stream }
        }
        try rig.waitUntilTold("again", by: daemon) { _ in try repetitions("a") >= 2 && repetitions("b") >= 2 }
        let id = try #require(
            try daemon.query("SELECT anomaly.id FROM anomaly JOIN stream ON stream.id = stream_id WHERE name = 'a'")
                .first)
        #expect(try folder.anomalyctl("anomalies", "ack", id, "-m", "ticket 4711").exit == .code(0))
        try rig.waitUntilTold("that somebody has seen it", by: daemon) { $0.events.contains("acknowledged a") }
        let seen = try rig.told().flatMap(\.alerts).last { $0.event == "acknowledged" }
        #expect(seen?.acknowledged?.message == "ticket 4711" && seen?.status == "firing")
        try eventually("the log says so, too") { !daemon.log("an anomaly is acknowledged").isEmpty }
        let (before, others) = (try repetitions("a"), try repetitions("b"))
        try rig.waitUntilTold("of the other one, again and again", by: daemon) { _ in try repetitions("b") >= others + 4
        }
        #expect(try repetitions("a") == before)
        try daemon.stop()
    }

    @Test func inAWindowNothingIsToldAndBehindItWhatLasts() throws {
        let rest = Self.quick + (try sink())
        try rig.configure(rest + "[[mute]]\nstreams = [\"web.*\"]\n")
        let daemon = try rig.start()
        try daemon.feed("web.a 1 60\nweb.a 50 120\nweb.b 1 60\nweb.b 50 120\nweb.b 1 180\ndb 1 60\ndb 50 120\n")
        try rig.waitUntilTold("of what is not mute", by: daemon) { $0.events == ["opened db"] }
        let shown = try folder.anomalyctl("alerts", "-o", "csv", "--no-header").output
        #expect(shown.split(separator: "\n").count == 3 && shown.contains(",web.a,1,,,,,1,"), "\(shown)")
        // The window is taken away while the daemon runs.
        try rig.configure(rest)
        daemon.process.signal(SIGHUP)
        try rig.waitUntilTold("of what lasts", by: daemon) { $0.events == ["opened db", "opened web.a"] }
        #expect(!daemon.process.errors.contains("at_next_start"), "\(daemon.process.errors)")
        try daemon.stop()
    }

    @Test func sinksComeAndGoWhileItRuns() throws {
        let first = try sink()
        let second = "[[sink]]\nname = \"second\"\ncommand = [\"\(folder("hook"))\"]\nstreams = [\"[ab]\"]\n"
        try rig.configure(Self.quick + first)
        let daemon = try rig.start()
        func reload(_ toml: String, sinks: [String]) throws {
            try rig.configure(toml)
            daemon.process.signal(SIGHUP)
            try eventually("these are the sinks") { try daemon.status().sinks?.map(\.name) == sinks }
        }
        func events(_ name: String) throws -> [String] { try rig.told().filter { $0.sink == name }.events }
        let follower = try FeedClient(folder("alerts.sock"))
        try daemon.feed("a 1 60\na 50 120\n")
        try rig.waitUntilTold("of a", by: daemon) { $0.events == ["opened a"] }
        #expect(try line(follower).event == "opened")
        // A new one is told of what is open, and nobody else again.
        try reload(Self.quick + first + second, sinks: ["journal", "socket", "hook", "second"])
        try rig.waitUntilTold("the new one of a", by: daemon) { _ in try events("second") == ["opened a"] }
        try reload(Self.quick + second, sinks: ["journal", "socket", "second"])
        try daemon.feed("b 1 60\nb 50 120\nc 1 60\nc 50 120\na 1 180\n")
        try rig.waitUntilTold("the one that is left", by: daemon) { _ in
            try Set(events("second").dropFirst()) == ["opened b", "resolved a"]
        }
        #expect(try events("hook") == ["opened a"])
        // It comes back, and knows what it was told.
        try reload(Self.quick + first + second, sinks: ["journal", "socket", "hook", "second"])
        try rig.waitUntilTold("the one that is back", by: daemon) { _ in
            try Set(events("hook").dropFirst()) == ["opened b", "opened c", "resolved a"]
        }
        #expect(try events("second").count == 3 && daemon.log("an anomaly has opened").count == 3)
        var heard: Set<String> = []
        while heard.count < 3 { heard.insert(try { "\($0.event) \($0.stream)" }(line(follower))) }
        #expect(heard == ["opened b", "opened c", "resolved a"])
        // The log is a sink as well; where followers come waits for the next start.
        try reload("[alerts]\njournal = false\ngroup_wait = 0\n" + first, sinks: ["socket", "hook"])
        #expect(!daemon.process.errors.contains("at_next_start"), "\(daemon.process.errors)")
        try reload("[alerts]\nsocket_mode = \"0600\"\n" + first, sinks: ["journal", "socket", "hook"])
        #expect(daemon.process.errors.contains("at_next_start"))
        try daemon.feed("a 1 240\na 50 300\n")
        #expect(try line(follower).event == "opened")
        try daemon.stop()
    }

    @Test func mutedStreamsAndFalsePositives() throws {
        try rig.configure(Self.quick + sink())
        let daemon = try rig.start()
        try daemon.feed("a 1 60\nb 1 60\nb 50 120\n")
        try rig.waitUntilTold("of b", by: daemon) { $0.events == ["opened b"] }
        #expect(try folder.anomalyctl("anomalies", "mute", "a", "b", "--for", "1h").exit == .code(0))
        try daemon.feed("a 50 120\nb 1 180\n")
        try rig.waitUntilTold("of the end of b, which it knows", by: daemon) {
            $0.events == ["opened b", "resolved b"]
        }
        #expect(try folder.anomalyctl("anomalies", "unmute", "a").exit == .code(0))
        try rig.waitUntilTold("of a", by: daemon) { $0.events.last == "opened a" }
        #expect(daemon.log("an anomaly is over").isEmpty, "the log does not hear of muted ends")
        // What was told since then is mute no more, also when it is over.
        #expect(try !folder.anomalyctl("alerts", "list").output.contains("muted"))
        try daemon.feed("a 1 180\n")
        try rig.waitUntilTold("of the end of a", by: daemon) { $0.events.last == "resolved a" }
        try eventually("the log hears of it") { daemon.log("an anomaly is over").count == 1 }
        try daemon.stop()
    }

    // MARK: Followers

    private func line(_ follower: FeedClient) throws -> AlertRig.Told.Alert {
        let decoder = JSONDecoder()
        decoder.keyDecodingStrategy = .convertFromSnakeCase
        let line = try #require(try follower.readLine())
        return try decoder.decode(AlertRig.Told.Alert.self, from: Data(line.utf8))
    }

    @Test func followersAreToldAndOneThatDoesNotReadIsDropped() throws {
        // Long lines, so that a few thousand are more than what may wait.
        try rig.configure("[alerts]\nlink = \"http://x/\(String(repeating: "y", count: 8000))\"\nmax_followers = 3\n")
        let daemon = try rig.start()
        try daemon.feed("a 1 60\na 50 120\n")
        try eventually("the log tells of it") { !daemon.log("an anomaly has opened").isEmpty }
        let reader = try FeedClient(folder("alerts.sock"))
        let first = try line(reader)
        #expect(first.event == "ongoing" && first.stream == "a" && first.status == "firing")
        let stuck = try FeedClient(folder("alerts.sock"))
        try eventually("both follow") { try folder.anomalyctl("status").output.contains("2 followers") }
        try daemon.feed("a 1 180\n")
        #expect(try line(reader).event == "resolved")
        let names = 1...2000
        try daemon.feed(names.map { "s\($0) 1 60\n" }.joined())
        try daemon.feed(names.map { "s\($0) 100 120\n" }.joined())
        var seen: Set<String> = []
        while seen.count < 2000 {
            let alert = try line(reader)
            #expect(alert.event == "opened" && seen.insert(alert.stream).inserted)
        }
        try eventually("the other one is dropped; log:\n\(daemon.process.errors.suffix(2000))") {
            !daemon.log("a follower of alerts that does not read was dropped").isEmpty
        }
        #expect(try folder.anomalyctl("status").output.contains("1 followers, 1 dropped"))
        // One too many is not served, and who leaves makes room.
        let more = try (1...3).map { _ in try FeedClient(folder("alerts.sock")) }
        try eventually("one is refused") { try daemon.status().refusedConnections["alerts-max-followers"] == 1 }
        withExtendedLifetime((stuck, more)) {}
        try daemon.feed("s7 1 180\n")
        #expect(try line(reader).event == "resolved")
        try daemon.stop()
        #expect(try reader.readLine() == nil)
        #expect(access(folder("alerts.sock"), F_OK) != 0)
    }

    // MARK: anomalyctl

    @Test func sinksAreTestedAndListed() throws {
        try rig.configure(
            Self.quick + sink() + "[[sink]]\nname = \"gone\"\ncommand = [\"/nonexistent/program\"]\nstreams = [\"x\"]")
        let daemon = try rig.start()
        let good = try folder.anomalyctl("alerts", "test", "hook")
        #expect(good.exit == .code(0) && good.output.hasPrefix("hook: told in "), "\(good)")
        let test = try rig.told()
        #expect(test.count == 1 && test[0].test && test[0].alerts[0].event == "test" && test[0].firing == 0)
        let all = try folder.anomalyctl("alerts", "test")
        #expect(all.exit == .code(1) && all.output.contains("journal: told in "), "\(all)")
        #expect(
            all.output.contains("gone: not told: /nonexistent/program cannot be run: No such file or directory (exec)"))
        #expect(all.errors.hasPrefix("anomalyctl: not told: gone\n"), "\(all.errors)")
        let unknown = try folder.anomalyctl("alerts", "test", "nobody")
        #expect(
            unknown.exit == .code(1)
                && unknown.errors.contains("there is no sink \"nobody\", expected one of \"journal\""))
        try daemon.feed("a 1 60\na 50 120\n")
        try eventually("it is listed") {
            let list = try folder.anomalyctl("alerts", "-o", "csv", "--no-header").output
            return list.components(separatedBy: ",firing,").count == 3
        }
        let list = try folder.anomalyctl("alerts", "list", "-o", "csv", "--no-header").output
        #expect(list.contains(",a,1,hook,firing,") && list.contains(",a,1,journal,firing,"), "\(list)")
        try daemon.feed("a 1 180\n")
        try rig.waitUntilTold("of the end", by: daemon) { $0.events.last == "resolved a" }
        try eventually("nothing goes on") { try folder.anomalyctl("alerts").output == "-- nothing is going on --\n" }
        #expect(try folder.anomalyctl("alerts", "list", "--all").output.split(separator: "\n").count == 3)
        try daemon.stop()
        #expect(try folder.anomalyctl("alerts", "test").exit == .code(3))
    }

    /// The log has all of a run that ends with its input.
    @Test func whatStdinEndsWithIsToldBeforeTheEnd() throws {
        try folder.write(AlertRig.scores, to: "anomalyd.toml")
        let path = try folder.write("a 1 60\na 50 120\na 1 180\na 60 240\n", to: "points")
        let input = open(path, O_RDONLY)
        defer { close(input) }
        let run = try DaemonProcess.run(in: folder, ["--stdin"], input: input)
        #expect(run.exit == .code(0), "\(run.errors)")
        #expect(run.errors.components(separatedBy: "an anomaly has opened").count == 3, "\(run.errors)")
        #expect(run.errors.components(separatedBy: "an anomaly is over").count == 2)
        #expect(
            try SQLiteShell.run("SELECT state FROM alert ORDER BY anomaly_id", on: folder("anomaly.db")) == [
                "resolved", "firing",
            ])
    }
}
