import Glibc
import Testing

/// Formats of feeds and of single sockets, from bytes to rows.
@Suite struct FormatTests {
    let folder: TemporaryFolder
    init() throws { folder = try TemporaryFolder() }

    private static let rows = """
        SELECT name, time, channel, value FROM point JOIN stream ON id = stream_id ORDER BY name, time, channel
        """

    /// What finds the format of each line, on one socket, in one connection.
    @Test func foundPerLine() throws {
        let daemon = try DaemonProcess.start(in: folder)
        let client = try daemon.client()
        try client.send(
            """
            plain 1 1000
            weather,location=us\\ midwest temperature=82,state="hot",ok=true 1465839830100400200
            {"stream":"json","time":1000,"value":2}
            {"fields":{"v":3},"name":"telegraf","tags":{"host":"a"},"timestamp":1000}
            PUTVAL "my host/load/load" interval=10 1000:0.5:U
            # TYPE requests counter
            requests{code="200"} 4
            requests{code="200"} 5 1395066363000
            statsd:1|c

            """)
        try client.sync()
        let rows = try daemon.query(Self.rows)
        let arrived = rows.filter { $0.hasPrefix("requests;") }
        #expect(arrived.count == 1 && arrived[0].hasPrefix("requests;code=200|") && arrived[0].hasSuffix("|0|4.0"))
        #expect(
            rows.filter { !$0.hasPrefix("requests;") } == [
                "json|1000000000|0|2.0", "my%20host/load/load|1000000000|0|0.5", "my%20host/load/load|1000000000|1|",
                "plain|1000000000|0|1.0", "telegraf.v;host=a|1000000000|0|3.0",
                "weather.ok;location=us%20midwest|1465839830100400|0|1.0",
                "weather.temperature;location=us%20midwest|1465839830100400|0|82.0",
            ])
        let rejected = try daemon.status().rejectedLines.filter { $0.value > 0 }
        #expect(rejected == ["timestamp": 1, "fields": 1])
        #expect(daemon.process.errors.contains("StatsD is read by a socket of its own"))
        try daemon.stop()
    }

    @Test func fixedPerSocket() throws {
        let daemon = try DaemonProcess.start(
            in: folder,
            [
                "--listen", folder("feed.sock"), "--listen", "influx:" + folder("influx.sock"),
                "--listen", "prometheus:" + folder("prometheus.sock"),
            ], settings: ["feed.time_unit=s", "feed.fields=channels"])
        let influx = try FeedClient(folder("influx.sock"))
        try influx.send("m,b=2,a=1 y=2,x=1 1000\nplain 1 1000\n")
        try influx.sync()
        let prometheus = try FeedClient(folder("prometheus.sock"))
        try prometheus.send("m{b=\"2\"} 7 1000500\n")
        try prometheus.sync()
        let plain = try daemon.client()
        try plain.send("plain 1 1000\n")
        try plain.sync()
        #expect(
            try daemon.query(Self.rows) == [
                "m;a=1;b=2|1000000000|0|1.0", "m;a=1;b=2|1000000000|1|2.0", "m;b=2|1000500000|0|7.0",
                "plain|1000000000|0|1.0",
            ])
        #expect(try daemon.status().rejectedLines["fields"] == 1)
        #expect(
            Set(try daemon.status().listeners) == Set(["feed", "influx", "prometheus"].map { folder($0 + ".sock") }))
        try daemon.stop()
        for name in ["feed", "influx", "prometheus"] { #expect(access(folder(name + ".sock"), F_OK) != 0) }
    }

    /// What the daemon prints can be fed to another one.
    @Test func whatIsPrintedAsJSONCanBeFedAgain() throws {
        let daemon = try DaemonProcess.start(in: folder)
        let client = try daemon.client()
        try client.send((1...300).map { "room,a=\($0 % 3) \($0 % 7),nan,\($0) \($0)\n" }.joined())
        try client.sync()
        try daemon.stop()
        let query = try ChildProcess(
            [Programs.path("anomalyctl"), "--database", daemon.database, "query", "-o", "json"], in: folder)
        #expect(try query.wait() == .code(0), "\(query.errors)")

        let again = try TemporaryFolder()
        let file = open(try again.write(query.output, to: "points"), O_RDONLY | O_CLOEXEC)
        defer { close(file) }
        let run = try DaemonProcess.run(in: again, ["--stdin", "--format", "json"], input: file)
        #expect(run.exit == .code(0), "\(run.errors)")
        #expect(
            try SQLiteShell.run(Self.rows, on: again("anomaly.db"))
                == SQLiteShell.run(Self.rows, on: folder("anomaly.db")))
    }

    // MARK: StatsD

    /// Samples of two clients and two sockets are one metric; `!sync` waits for the end of the interval.
    @Test func samplesBecomePoints() throws {
        let daemon = try DaemonProcess.start(
            in: folder, ["--listen", "statsd:" + folder("a.sock"), "--listen", "statsd:" + folder("b.sock")],
            settings: ["feed.statsd_interval=1s"])
        let clients = try ["a.sock", "b.sock", "a.sock"].map { try FeedClient(folder($0)) }
        for (number, client) in clients.enumerated() {
            try client.send("hits:1|c\nhits:1|c|@0.5\nusers:\(number)|s\nlevel:\(number)|g\nbad:x|c\n")
            try client.send((1...20).map { "took:\($0)|ms|#path:/a b\n" }.joined())
        }
        for client in clients { try client.sync() }
        let sums = """
            SELECT name, total(value) FROM point JOIN stream ON id = stream_id
            WHERE name <> 'level' AND name NOT LIKE '%.mean%' GROUP BY name
            """
        #expect(
            try daemon.query(sums) == [
                "hits|9.0", "took.count;path=/a%20b|60.0", "took.max;path=/a%20b|20.0", "took.p95;path=/a%20b|19.0",
                "users|3.0",
            ])
        try eventually("zeros come while nothing does") {
            try daemon.query("SELECT count(*) >= 3 FROM point JOIN stream ON id = stream_id WHERE name = 'hits'") == [
                "1"
            ]
        }
        #expect(try daemon.query(sums).first == "hits|9.0")
        #expect(
            try daemon.query("SELECT count(*) FROM point JOIN stream ON id = stream_id WHERE name = 'level'") == ["1"])
        #expect(try daemon.status().rejectedLines["value"] == 3)
        try daemon.stop()
    }

    /// Without a manager that keeps descriptors, the rest of an interval is stored at the end.
    @Test func theRestIsStoredAtTheEnd() throws {
        let daemon = try DaemonProcess.start(
            in: folder, ["--listen", "statsd:" + folder("feed.sock")], settings: ["feed.statsd_interval=1h"])
        let client = try daemon.client()
        try client.send("hits:1|c\nhits:2|c\n!sync x\n")
        try eventually("the connection is read") { try daemon.status().connections == 1 }
        try client.ping()
        #expect(try daemon.query("SELECT count(*) FROM point") == ["0"])
        try daemon.stop()
        #expect(try client.readLine() == "!synced x")
        #expect(try daemon.query(Self.rows).map { $0.suffix(5) } == ["0|3.0"])
    }

    @Test func fromStandardInput() throws {
        let file = open(try folder.write("hits:1|c\nhits:2|c\nlevel:7|g", to: "samples"), O_RDONLY | O_CLOEXEC)
        defer { close(file) }
        let run = try DaemonProcess.run(in: folder, ["--stdin", "--format", "statsd"], input: file)
        #expect(run.exit == .code(0), "\(run.errors)")
        #expect(
            try SQLiteShell.run(
                "SELECT name, value FROM point JOIN stream ON id = stream_id ORDER BY name", on: folder("anomaly.db"))
                == ["hits|3.0", "level|7.0"])
    }

    @Test func aWrongSocketIsRefused() throws {
        let run = try DaemonProcess.run(in: folder, ["--listen", "xml:/tmp/x.sock"])
        #expect(run.exit == .code(2))
        #expect(run.errors.contains("with FORMAT: before those of another format"))
        let csv = try DaemonProcess.run(in: folder, ["--listen", "csv:" + folder("x.sock")])
        #expect(csv.exit == .code(2) && csv.errors.contains("needs --stream NAME"))
    }
}
