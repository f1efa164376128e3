import Foundation
import Testing

/// The programs that people send points with, as the README says to set them up.
@Suite(.serialized) struct SenderTests {
    let folder: TemporaryFolder
    init() throws { folder = try TemporaryFolder() }

    /// What makes a descriptor that is passed one of systemd's, of that name.
    private func systemd(passing name: String) -> [String] {
        ["sh", "-c", "LISTEN_PID=$$ LISTEN_FDS=1 LISTEN_FDNAMES=\(name) exec \"$@\"", "sh"]
    }

    private func shell(_ script: String, _ arguments: [String] = []) throws -> ChildProcess {
        try ChildProcess(["sh", "-ec", script, "sh"] + arguments, in: folder, environment: Senders.environment)
    }

    /// Waits for a count of the database.
    private func wait(for count: Int, of what: String, in daemon: DaemonProcess) throws {
        try eventually("there are \(count) \(what); \(daemon.process.errors)", within: .seconds(30)) {
            (Int(try daemon.query("SELECT count(*) FROM \(what)").first ?? "") ?? 0) >= count
        }
    }

    private let points = "point JOIN stream ON id = stream_id"

    // MARK: Tools

    @Test func socat() throws {
        let daemon = try DaemonProcess.start(in: folder)
        let sender = try shell(
            "seq 1 500 | sed 's/.*/count & &/' | socat - UNIX-CONNECT:\"$1\"", [daemon.feedSocket])
        #expect(try sender.wait() == .code(0), "\(sender.errors)")
        try wait(for: 500, of: points, in: daemon)
        try daemon.stop()
    }

    @Test(.enabled(if: Senders.have("nc.openbsd"), "\(Senders.hint)")) func netcat() throws {
        let daemon = try DaemonProcess.start(in: folder)
        let sender = try shell(
            "(seq 1 500 | sed 's/.*/count & &/'; echo '!sync all') | \"$2\" -N -U \"$1\"",
            [daemon.feedSocket, try Senders.path("nc.openbsd")])
        #expect(try sender.wait() == .code(0), "\(sender.errors)")
        #expect(sender.output == "!synced all\n")
        #expect(try daemon.query("SELECT count(*) FROM \(points)") == ["500"])
        try daemon.stop()
    }

    /// Any number of writers, one after the other; one of them holds it open all the time.
    @Test func aFIFO() throws {
        let fifo = folder("points")
        try #require(mkfifo(fifo, 0o600) == 0)
        let daemon = try DaemonProcess(
            in: folder, ["--stdin"], launcher: ["sh", "-c", "fifo=$1; shift; exec \"$@\" <\"$fifo\"", "sh", fifo])
        let sender = try shell(
            "exec 3>\"$1\"; for run in 1 2 3; do seq 1 100 | sed \"s/.*/run.$run & &/\" >\"$1\"; sleep 0.1; done",
            [fifo])
        #expect(try sender.wait() == .code(0), "\(sender.errors)")
        #expect(try daemon.process.wait() == .code(0), "the last writer has closed it: \(daemon.process.errors)")
        #expect(
            try daemon.query("SELECT name, count(*) FROM \(points) GROUP BY name") == [
                "run.1|100", "run.2|100", "run.3|100",
            ])
    }

    // MARK: collectd

    private func collectd(_ output: String) throws -> ChildProcess {
        let configuration = """
            Hostname "my host"
            FQDNLookup false
            Interval 1
            BaseDir "\(folder.path)"
            PIDFile "\(folder("collectd.pid"))"
            PluginDir "\(Senders.file("/usr/lib/collectd"))"
            TypesDB "\(Senders.file("/usr/share/collectd/types.db"))"
            LoadPlugin load
            LoadPlugin memory
            \(output)

            """
        return try shell(
            "exec \"$2\" -f -C \"$1\"",
            [try folder.write(configuration, to: "collectd.conf"), try Senders.path("collectd")])
    }

    /// By TCP, through a socket that systemd passes (systemd/drop-ins/graphite-tcp.conf).
    @Test(.enabled(if: Senders.have("collectd"), "\(Senders.hint)")) func collectdByGraphite() throws {
        let (listener, port) = try Senders.port(SOCK_STREAM)
        defer { close(listener) }
        let daemon = try DaemonProcess.start(
            in: folder, settings: ["feed.format=graphite", "feed.listen=[]"], launcher: systemd(passing: "feed"),
            passed: [listener])
        let sender = try collectd(
            """
            LoadPlugin write_graphite
            <Plugin write_graphite>
              <Node "anomalyd">
                Host "127.0.0.1"
                Port "\(port)"
                Protocol "tcp"
              </Node>
            </Plugin>
            """)
        try wait(for: 4, of: "\(points) WHERE name = 'my_host.load.load.shortterm'", in: daemon)
        sender.signal(SIGTERM)
        try sender.wait()
        #expect(try daemon.query("SELECT count(*) FROM \(points) WHERE name = 'my_host.memory.memory-free'") != ["0"])
        #expect(try daemon.status().rejectedLines.values.allSatisfy { $0 == 0 }, "\(daemon.process.errors)")
        try daemon.stop()
    }

    /// What its csv plugin writes to stdout; values come together as channels, and a space of the host's name stays one.
    @Test(.enabled(if: Senders.have("collectd"), "\(Senders.hint)")) func collectdByItsOwnProtocol() throws {
        let daemon = try DaemonProcess.start(in: folder, settings: ["feed.format=collectd"])
        let sender = try collectd("LoadPlugin csv\n<Plugin csv>\n  DataDir \"stdout\"\n</Plugin>")
        let pipe = try shell(
            "tail -n +1 -f \"$1\" | socat -u - UNIX-CONNECT:\"$2\"", [sender.outputFile, daemon.feedSocket])
        defer { pipe.signal(SIGTERM) }
        try wait(for: 4, of: "\(points) WHERE name = 'my%20host/load/load' AND channel = 2", in: daemon)
        sender.signal(SIGTERM)
        try sender.wait()
        #expect(try daemon.query("SELECT channels FROM stream WHERE name = 'my%20host/load/load'") == ["3"])
        #expect(try daemon.query("SELECT channels FROM stream WHERE name = 'my%20host/memory/memory-free'") == ["1"])
        #expect(try daemon.status().rejectedLines.values.allSatisfy { $0 == 0 }, "\(daemon.process.errors)")
        try daemon.stop()
    }

    // MARK: rsyslog

    /// omprog with confirmMessages, while the daemon that it starts is killed: no message is lost, none stored twice.
    @Test(.enabled(if: Senders.have("rsyslogd"), "\(Senders.hint)"), arguments: [false, true])
    func rsyslog(usesTransactions: Bool) throws {
        let configuration = try folder.write(
            """
            database.path = "\(folder("anomaly.db"))"
            control.socket = "\(folder("control.sock"))"
            feed.listen = []

            """, to: "anomalyd.toml")
        let rules = try folder.write(
            """
            module(load="imuxsock" sysSock.use="off")
            module(load="omprog")
            input(type="imuxsock" socket="\(folder("log"))" rateLimit.interval="0" ruleset="points")
            template(name="line" type="string" string="%msg%\\n")
            ruleset(name="points") {
              action(type="omprog" template="line" name="anomalyd"
                     binary="\(try Programs.path("anomalyd")) --stdin --confirm rsyslog --config \(configuration)"
                     confirmMessages="on" useTransactions="\(usesTransactions ? "on" : "off")" confirmTimeout="60000"
                     action.resumeInterval="1" action.resumeRetryCount="-1" queue.type="LinkedList" queue.size="100000")
            }

            """, to: "rsyslog.conf")
        let rsyslog = try shell(
            "exec \"$1\" -n -f \"$2\" -i \"$3\" -M \"$4\"",
            [try Senders.path("rsyslogd"), rules, folder("pid"), Senders.libraries + "/rsyslog"])
        try eventually("rsyslog listens; \(rsyslog.errors)") { access(folder("log"), F_OK) == 0 }
        let program = try folder.write(
            """
            import socket, sys, time
            log = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
            log.connect(sys.argv[1])
            for number in range(int(sys.argv[2]), int(sys.argv[3])):
                log.send(b"<14>Nov 25 10:00:00 shop: shop.orders %d %d" % (number, number))
                time.sleep(0.001)

            """, to: "send.py")
        func send(_ numbers: Range<Int>) throws {
            let sender = try ChildProcess(
                ["python3", program, folder("log"), "\(numbers.lowerBound)", "\(numbers.upperBound)"], in: folder)
            #expect(try sender.wait() == .code(0), "\(sender.errors)")
        }
        func stored(_ count: Int) throws {
            try eventually("\(count) messages are stored; \(rsyslog.errors)") {
                let row = try? SQLiteShell.run(
                    "SELECT count(*), count(DISTINCT time), min(time), max(time) FROM point", on: folder("anomaly.db"))
                return row == ["\(count)|\(count)|1000000|\(count)000000"]
            }
        }
        try send(1..<301)
        try stored(300)
        for round in 1...3 {
            let killer = try shell("sleep 0.1; pkill -KILL -P \(rsyslog.id) && echo killed")
            try send(300 * round + 1..<300 * (round + 1) + 1)
            try killer.wait()
            #expect(killer.output == "killed\n", "\(killer.errors)")
            try stored(300 * (round + 1))
        }
        rsyslog.signal(SIGTERM)
        #expect(try rsyslog.wait() == .code(0), "\(rsyslog.errors)")
    }

    // MARK: StatsD

    /// Packed datagrams on a Unix socket that systemd passes under the name of the format.
    @Test func statsDDatagrams() throws {
        let socket = try UnixSocket.bound(to: folder("statsd.sock"), type: SOCK_DGRAM)
        defer { close(socket) }
        let daemon = try DaemonProcess.start(
            in: folder, settings: ["feed.statsd_interval=1s"], launcher: systemd(passing: "statsd"), passed: [socket])
        let program = """
            import socket, sys
            statsd = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
            statsd.connect(sys.argv[1])
            for number in range(1000):
                statsd.send(b"page.views:1|c|#env:prod\\nfuel.level:%d|g\\nusers:%d|s\\ntook:%d|ms|@0.5" % (number, number % 7, number))
            """
        let sender = try ChildProcess(["python3", "-c", program, folder("statsd.sock")], in: folder)
        #expect(try sender.wait() == .code(0), "\(sender.errors)")
        let sum = { (name: String) in "SELECT total(value) FROM \(points) WHERE name = '\(name)'" }
        try eventually("all are counted; \(daemon.process.errors)") {
            try daemon.query(sum("page.views;env=prod")) == ["1000.0"] && daemon.query(sum("took.count")) == ["2000.0"]
        }
        #expect(try daemon.query("SELECT max(value) FROM \(points) WHERE name = 'users'") == ["7.0"])
        #expect(
            try daemon.query("SELECT value FROM \(points) WHERE name = 'fuel.level' ORDER BY time DESC LIMIT 1")
                == ["999.0"])
        #expect(try daemon.status().rejectedLines.values.allSatisfy { $0 == 0 }, "\(daemon.process.errors)")
        try daemon.stop()
    }

    /// A client library that many programs use, over UDP and over a Unix stream socket.
    @Test(.enabled(if: access(Senders.file("/usr/lib/python3/dist-packages/statsd"), F_OK) == 0, "\(Senders.hint)"))
    func statsDFromPython() throws {
        let (socket, port) = try Senders.port(SOCK_DGRAM)
        defer { close(socket) }
        let daemon = try DaemonProcess.start(
            in: folder, ["--listen", "statsd:" + folder("feed.sock")], settings: ["feed.statsd_interval=1s"],
            launcher: systemd(passing: "statsd"), passed: [socket])
        let program = """
            import statsd, sys
            udp = statsd.StatsClient("127.0.0.1", int(sys.argv[1]), prefix="udp")
            stream = statsd.UnixSocketStatsClient(sys.argv[2], prefix="stream")
            for client in udp, stream:
                for number in range(50):
                    client.incr("hits")
                    client.gauge("level", number)
                    client.gauge("level", -3, delta=True)
                    client.timing("took", 12.5)
                    client.set("users", "user %d" % number)
                with client.pipeline() as packed:
                    packed.incr("packed", 3)
                    packed.decr("packed")
            stream.close()
            """
        let sender = try ChildProcess(
            ["python3", "-c", program, "\(port)", folder("feed.sock")], in: folder, environment: Senders.environment)
        #expect(try sender.wait() == .code(0), "\(sender.errors)")
        for prefix in ["udp", "stream"] {
            try eventually("all of \(prefix) is stored; \(daemon.process.errors)") {
                try daemon.query(
                    """
                    SELECT name, total(value) FROM \(points)
                    WHERE name IN ('\(prefix).hits', '\(prefix).packed', '\(prefix).took.count') GROUP BY name
                    """) == ["\(prefix).hits|50.0", "\(prefix).packed|2.0", "\(prefix).took.count|50.0"]
            }
            #expect(try daemon.query("SELECT value FROM \(points) WHERE name = '\(prefix).level'").last == "46.0")
        }
        #expect(try daemon.status().rejectedLines.values.allSatisfy { $0 == 0 }, "\(daemon.process.errors)")
        try daemon.stop()
    }

    // MARK: Prometheus

    /// A page of an exporter, in both formats and with the format found: nothing of it is rejected.
    @Test(
        .enabled(if: Senders.have("prometheus-node-exporter"), "\(Senders.hint)"),
        arguments: [
            ("prometheus", "text/plain"), ("openmetrics", "application/openmetrics-text"), ("auto", "text/plain"),
        ])
    func anExporter(format: String, accepts: String) throws {
        let (placeholder, port) = try Senders.port(SOCK_STREAM)
        close(placeholder)
        let exporter = try ChildProcess(
            [try Senders.path("prometheus-node-exporter"), "--web.listen-address=127.0.0.1:\(port)"], in: folder)
        defer { exporter.signal(SIGTERM) }
        let daemon = try DaemonProcess.start(in: folder, settings: ["feed.format=\(format)"])
        let program = """
            import socket, sys, time, urllib.request
            request = urllib.request.Request(sys.argv[1], headers={"Accept": sys.argv[2]})
            for attempt in range(100):
                try:
                    page = urllib.request.urlopen(request).read()
                    break
                except OSError:
                    time.sleep(0.1)
            feed = socket.socket(socket.AF_UNIX)
            feed.connect(sys.argv[3])
            feed.sendall(page + b"!sync page\\n")
            assert feed.recv(100) == b"!synced page\\n"
            print(sum(not line.startswith(b"#") for line in page.splitlines()))
            """
        let sender = try ChildProcess(
            ["python3", "-c", program, "http://127.0.0.1:\(port)/metrics", accepts, daemon.feedSocket], in: folder)
        #expect(try sender.wait() == .code(0), "\(sender.errors)")
        let samples = sender.output.trimmingCharacters(in: .whitespacesAndNewlines)
        #expect(Int(samples) ?? 0 > 100)
        #expect(try daemon.query("SELECT count(*) FROM stream") == [samples])
        #expect(
            try daemon.query("SELECT count(*) > 0 FROM stream WHERE name LIKE 'node_cpu_seconds_total;cpu=0;mode=%'")
                == ["1"])
        #expect(try daemon.status().rejectedLines.values.allSatisfy { $0 == 0 }, "\(daemon.process.errors)")
        try daemon.stop()
    }
}
