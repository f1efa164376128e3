import Foundation
import Testing

/// `anomalyctl rescore` beside a running daemon, and after it.
@Suite struct RescoreTests {
    let folder: TemporaryFolder
    init() throws { folder = try TemporaryFolder() }

    private static let points = 600

    private func rescore(_ arguments: String...) throws -> (exit: ChildProcess.Exit, output: String, errors: String) {
        let process = try ChildProcess(
            [
                Programs.path("anomalyctl"), "rescore", "wave", "wide", "--hidden", "8", "--window", "64", "--epochs",
                "3",
            ]
                + arguments, in: folder, environment: DaemonProcess.environment(folder))
        return (try process.wait(), process.output, process.errors)
    }

    private func daemonWithPoints() throws -> DaemonProcess {
        let daemon = try DaemonProcess.start(in: folder)
        let client = try daemon.client()
        var text = ""
        for t in 1...Self.points {
            let value = sin(Double(t) / 5) + (t == 400 ? 9 : 0)
            // Five channels, so that not all points fit into one piece; of the third nothing is ever known.
            text += "wave \(value) \(t * 60)\nwide \(value),\(t % 7),,1,\(-value) \(t * 60)\n"
        }
        try client.send(text)
        try client.sync()
        return daemon
    }

    private let stored = """
        SELECT name, count(*), sum(hindsight.score IS NULL), sum(lower <= prediction AND prediction <= upper), max(run_id)
        FROM hindsight JOIN stream ON stream.id = stream_id GROUP BY name
        """

    @Test func bothWaysGiveTheSame() throws {
        let daemon = try daemonWithPoints()
        let first = try rescore()
        #expect(first.exit == .code(0) && first.errors.isEmpty, "\(first)")
        #expect(first.output.contains("Stored: as run 1\n") && first.output.contains("Stored: as run 2\n"))
        #expect(try daemon.query(stored) == ["wave|600|0|600|1", "wide|3000|0|2400|2"])
        #expect(
            try daemon.query("SELECT stream_id, points, first_time, last_time FROM hindsight_run")
                == ["1|600|60000000|36000000000", "2|600|60000000|36000000000"])
        let all = "SELECT stream_id, time, channel, prediction, lower, upper, residual, score, anomaly FROM hindsight"
        let rows = try daemon.query(all)
        let worst = try daemon.query(
            "SELECT time / 60000000 FROM hindsight JOIN stream ON stream.id = stream_id WHERE name = 'wave' "
                + "ORDER BY score DESC LIMIT 1")
        #expect(worst == ["400"])
        // The daemon goes on, and is not in the way of who reads.
        let client = try daemon.client()
        try client.send("wave 0 \(Self.points * 60 + 60)\n")
        try client.sync()
        let query = try folder.anomalyctl("query", "wave", "-n", "2", "-o", "csv", "--no-header")
        let scores = query.output.split(separator: "\n")
            .map { $0.split(separator: ",", omittingEmptySubsequences: false)[9] }
        #expect(scores.map(\.isEmpty) == [false, true])

        try daemon.stop()
        let second = try rescore("--until", "@\(Self.points * 60)")
        #expect(second.exit == .code(0) && second.output.contains("Stored: as run 4\n"), "\(second)")
        #expect(try daemon.query(all) == rows)
        #expect(try daemon.query(stored) == ["wave|600|0|600|3", "wide|3000|0|2400|4"])

        // A file that somebody else has written to is as good as before to the daemon.
        let again = try DaemonProcess.start(in: folder)
        #expect(try again.status().streams == 2)
        try again.stop()
        #expect(try again.query("PRAGMA integrity_check") == ["ok"])
    }

    /// What a client may get wrong costs an answer, and neither the daemon nor what is stored.
    @Test func requestsThatMakeNoSense() throws {
        let daemon = try daemonWithPoints()
        let control = try FeedClient(daemon.controlSocket)
        func ask(_ hindsight: String) throws -> String {
            try control.send(#"{"request":"hindsight","version":1,"hindsight":{\#(hindsight)}}"# + "\n")
            return try control.readLine() ?? "end of input"
        }
        let begin = #""begin":{"first":0,"last":9000000000,"threshold":0.4,"model":"m"}"#
        func piece(
            _ stream: String = "wave", _ run: String? = nil, time: Int = 60_000_000, score: String = "0.5",
            predictions: String = "[1]"
        ) -> String {
            #""stream":"\#(stream)",\#(run ?? begin),"from":0,"to":9000000000,"times":[\#(time)],"scores":[\#(score)],"#
                + #""anomalies":[true],"predictions":\#(predictions),"lowers":[null],"uppers":[null],"residuals":[0]"#
        }
        let many = "[" + Array(repeating: "1", count: 2001).joined(separator: ",") + "]"
        for (request, complaint) in [
            (piece("nosuch"), "there is no such stream"), (piece("wide"), "expected 5 verdicts"),
            (piece(time: 61_000_000), "there is no point at time 61000000"), (piece(score: "2"), "outside 0 to 1"),
            (piece(predictions: "[1,1]"), "expected as many lowers"), (piece(predictions: many), "at most 2000"),
            (piece(predictions: "[1e999]"), "expected one JSON object"), (piece("wave", #""a":1"#), #"either \"run\""#),
            (piece("wave", #""run":7"#), "the stream has no run 7"),
            (piece("wave", #""run":1,\#(begin)"#), #"either \"run\""#),
            ("", "expected one JSON object"),
        ] {
            let answer = try ask(request)
            #expect(answer.contains(#""code":"bad_request""#) && answer.contains(complaint), "\(complaint): \(answer)")
        }
        #expect(try daemon.query("SELECT * FROM hindsight_run") == [])
        // Requests are answered one after the other, also if they come at once, and to a client that says no more.
        try control.send(
            (1...3).map { _ in
                #"{"request":"hindsight","version":1,"hindsight":{\#(piece())}}"# + "\n"
                    + #"{"request":"status","version":1}"# + "\n"
            }.joined())
        for run in 1...3 {
            #expect(try control.readLine() == #"{"hindsight":{"run":\#(run)},"version":1}"#)
            #expect(try control.readLine()?.hasPrefix(#"{"status":"#) == true)
        }
        #expect(try daemon.query("SELECT score, anomaly, run_id FROM hindsight") == ["0.5|1|3"])
        try daemon.stop()
    }

    /// The two ways are not mixed up: another database than the daemon's is written to directly.
    @Test func anotherDatabase() throws {
        let daemon = try daemonWithPoints()
        try daemon.stop()
        try FileManager.default.copyItem(atPath: daemon.database, toPath: folder("copy.db"))
        let running = try DaemonProcess.start(in: folder)
        #expect(try rescore("--database", folder("copy.db")).exit == .code(0))
        #expect(try running.query("SELECT count(*) FROM hindsight") == ["0"])
        #expect(try SQLiteShell.run("SELECT count(*) FROM hindsight", on: folder("copy.db")) == ["3600"])
        // And without its control socket, the daemon's own is not to be written to.
        let refused = try rescore("--socket", folder("none.sock"))
        #expect(refused.exit == .code(1) && refused.errors.contains("process \(running.process.id)"), "\(refused)")
        try running.stop()
    }
}
