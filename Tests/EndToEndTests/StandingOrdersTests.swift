import Foundation
import Testing

/// `anomalyctl exclude`, `anomalies mute` and `rule`: what people order, and what the daemon makes of it.
@Suite struct StandingOrdersTests {
    let folder: TemporaryFolder
    init() throws { folder = try TemporaryFolder() }

    private func flagged(_ daemon: DaemonProcess, _ points: ClosedRange<Int>) throws -> [String] {
        try daemon.query(
            "SELECT sequence FROM point WHERE flags & 4 AND sequence BETWEEN \(points.lowerBound) AND \(points.upperBound)"
        )
    }

    @Test func aRangeIsLeftOutAlsoAfterACrash() throws {
        let daemon = try folder.startReplaying()
        try daemon.feed(NoisyLines.text(1...700, spikes: [600: 12]))
        // Points are one a minute from 1970 on: 801 to 900.
        let range = ["--since", "@48060", "--until", "@54060"]
        let future = try folder.anomalyctl("exclude", "disk", range[0], range[1], range[2], range[3], "-m", "new racks")
        #expect(future.output == "disk: left out from point 701 on\n", "\(future)")
        #expect(daemon.process.errors.contains("say exclude") && daemon.process.errors.contains("new racks"))
        try daemon.feed(NoisyLines.text(701...850, spikes: [820: 30]))
        try daemon.kill()
        let second = try folder.startReplaying()
        try second.feed(NoisyLines.text(851...1300, spikes: [880: 30, 1200: 16]))
        #expect(try flagged(second, 701...1300) == ["1200"], "what is larger was left out")
        #expect(try second.query("SELECT count(*) FROM point WHERE flags & 4096") == ["101"])
        #expect(try folder.anomalyctl("query", "disk", "--until", "@54059", "-n", "1").output.contains("excluded"))
        let list = try folder.anomalyctl("exclude", "--list", "--utc").output
        #expect(
            list.contains("1970-01-01 13:21:00.000  1970-01-01 15:01:00.000") && list.contains("new racks"), "\(list)")
        // A past range: its anomaly is marked, and nothing is said to be undone.
        let past = try folder.anomalyctl("exclude", "disk", "--since", "@35000", "--until", "@36600")
        #expect(past.output.contains("already stays; see anomalyctl model rollback"), "\(past)")
        #expect(try folder.anomalyctl("anomalies", "disk", "--reverse", "-n", "all").output.contains(", excluded"))
        #expect(try folder.anomalyctl("anomalies", "show", "1").output.contains("in a range of time that is left out"))
        try second.stop()
        try folder.expectSameReplay(at: 1300)

        let third = try folder.startReplaying()
        let number = try #require(list.split(separator: "\n").last?.split(separator: " ").first.map(String.init))
        let removed = try folder.anomalyctl("exclude", "--remove", number)
        #expect(removed.output == "disk: range \(number) counts from point 1,301 on\n", "\(removed)")
        #expect(try folder.anomalyctl("exclude", "--list").output.contains("new racks") == false)
        #expect(try folder.anomalyctl("exclude", "--remove", number).exit == .code(4))
        try third.stop()
        #expect(try folder.anomalyctl("exclude", "disk").exit == .code(2))
        #expect(try folder.anomalyctl("exclude", "disk", "--since", "now", "--until", "-1h").exit == .code(2))
    }

    @Test func mutedStreamsAreNotToldOf() throws {
        let daemon = try folder.startReplaying()
        try daemon.feed(NoisyLines.text(1...700))
        #expect(try folder.anomalyctl("anomalies", "mute", "disk").exit == .code(2), "for how long?")
        let muted = try folder.anomalyctl("anomalies", "mute", "disk", "--for", "2h", "-m", "known")
        #expect(muted.exit == .code(0) && muted.output.hasPrefix("disk: mute until "), "\(muted)")
        #expect(try daemon.status().mutedStreams == 1)
        #expect(try folder.anomalyctl("status").output.contains("1 muted"))
        #expect(try folder.anomalyctl("streams").output.contains("MUTED UNTIL"))
        try daemon.kill()
        let second = try folder.startReplaying()
        #expect(try second.status().mutedStreams == 1)
        try second.feed(NoisyLines.text(701...1300, spikes: [800: 12]))
        #expect(try flagged(second, 701...1300) == ["800"])
        #expect(!second.process.errors.contains("an anomaly has opened") && !second.process.errors.contains("is over"))
        #expect(try folder.anomalyctl("anomalies", "disk").output.contains(", muted"))
        let id = try #require(try second.query("SELECT id FROM anomaly WHERE start_sequence = 800").first)
        #expect(try folder.anomalyctl("anomalies", "show", id).output.contains("the journal does not tell of it"))
        #expect(try folder.anomalyctl("anomalies", "unmute", "disk").output == "disk: told of again\n")
        #expect(try second.status().mutedStreams == 0)
        try second.feed(NoisyLines.text(1301...1901, spikes: [1901: 21]))
        try eventually("it is told") { second.process.errors.contains("an anomaly has opened") }
        let open = try #require(try second.query("SELECT id FROM anomaly WHERE open").first)
        let one = try folder.anomalyctl("anomalies", "mute", open)
        #expect(one.output == "anomaly \(open) of disk: mute\n", "\(one)")
        try second.feed(NoisyLines.text(1902...1950))
        #expect(try second.query("SELECT count(*) FROM anomaly WHERE open") == ["0"])
        #expect(!second.process.errors.contains("an anomaly is over anomaly=1901"))
        #expect(try folder.anomalyctl("anomalies", "-n", "1").output.contains(", muted"))
        try second.stop()
        try folder.expectSameReplay(at: 1950)
    }

    /// When a command has been answered, whoever looks sees what it has done.
    @Test func whatWasSaidIsSeenAtOnce() throws {
        let daemon = try folder.startReplaying()
        try daemon.feed(NoisyLines.text(1...700, spikes: [700: 30]))
        let id = try #require(try daemon.query("SELECT id FROM anomaly WHERE open").first)
        func isMuted() throws -> Bool { try folder.anomalyctl("alerts", "list").output.contains("muted") }
        for _ in 0..<15 {
            #expect(try folder.anomalyctl("anomalies", "mute", "disk", "--for", "2000w").exit == .code(0))
            #expect(try isMuted())
            #expect(try folder.anomalyctl("anomalies", "unmute", "disk").output == "disk: told of again\n")
            #expect(try !isMuted())
        }
        // By its number, and its stream with it: each is to be taken back.
        #expect(try folder.anomalyctl("anomalies", "mute", id, "--for", "2000w").exit == .code(0))
        let number = try folder.anomalyctl("anomalies", "unmute", id).output
        #expect(number.contains("but the stream disk is mute until") && number.contains("unmute disk\n"), "\(number)")
        #expect(try isMuted())
        #expect(try folder.anomalyctl("anomalies", "unmute", "disk").output == "disk: told of again\n")
        #expect(try !isMuted())
        #expect(try folder.anomalyctl("anomalies", "mute", id, "--for", "2000w").exit == .code(0))
        let stream = try folder.anomalyctl("anomalies", "unmute", "disk").output
        #expect(stream.contains("but anomaly \(id) is mute itself") && stream.contains("unmute \(id)\n"), "\(stream)")
        #expect(try isMuted())
        try daemon.stop()
    }

    @Test func rulesHoldAlsoAfterACrash() throws {
        let daemon = try folder.startReplaying()
        try daemon.feed(NoisyLines.text(1...700) + NoisyLines.text(1...10, stream: "key=direction"))
        let set = try folder.anomalyctl(
            "rule", "set", "disk", "direction=above", "expected_range=[-40,100]", "-m", "only what is too high")
        #expect(
            set.output == """
                disk: direction = "above" from point 701 on
                disk: expected_range = [-40.0, 100.0] from point 701 on

                """, "\(set)")
        try daemon.feed(NoisyLines.text(701...800, spikes: [790: 120]))
        #expect(try daemon.query("SELECT score FROM point WHERE sequence = 790") == ["1.0"])
        #expect(try daemon.query("SELECT kind FROM anomaly WHERE start_sequence = 790") == ["limit"])
        let label = try folder.anomalyctl("label", "disk", "--false-positive")
        #expect(label.exit == .code(1) && label.errors.contains("rule set disk expected_range"), "\(label)")
        try daemon.kill()
        let second = try folder.startReplaying()
        try second.feed(NoisyLines.text(801...1500, spikes: [1000: -20, 1200: -50, 1400: 250]))
        #expect(try flagged(second, 801...1500) == ["1200", "1400"], "what is too low is none, but outside the range")
        let shown = try folder.anomalyctl("rule", "show", "-o", "csv").output
        #expect(
            shown.contains("disk,direction,\"\"\"above\"\"\"\n") && shown.contains("disk,expected_range,"), "\(shown)")
        #expect(
            try folder.anomalyctl("rule", "unset", "disk", "direction").output
                == "disk: direction as configured from point 1,501 on\n")
        try second.feed(NoisyLines.text(1501...2200, spikes: [2000: -30]))
        #expect(try flagged(second, 1501...2200).contains("2000"))
        try second.stop()
        try folder.expectSameReplay(at: 2200)
        // What makes no sense.
        for arguments in [["disk", "direction=up"], ["disk"], ["direction=above"], ["disk", "direction"]] {
            let wrong = try folder.anomalyctl("rule", "set", arguments[0], arguments.count > 1 ? arguments[1] : "--")
            #expect(wrong.exit == .code(2), "\(arguments): \(wrong)")
        }
    }
}
