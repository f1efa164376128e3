import Glibc
import Testing

/// `--stdin`: a pipe or a file is read to its end, everything is stored, and the daemon exits with 0.
@Suite struct StandardInputTests {
    let folder: TemporaryFolder
    init() throws { folder = try TemporaryFolder() }

    private func stored() throws -> [String] {
        try SQLiteShell.run(
            """
            SELECT name, count(*), min(sequence), max(sequence), min(time), max(time), sum(value)
            FROM point JOIN stream ON id = stream_id GROUP BY name
            """, on: folder("anomaly.db"))
    }

    private func open(_ path: String, _ flags: Int32 = O_RDONLY) throws -> Int32 {
        let descriptor = Glibc.open(path, flags | O_CLOEXEC)
        guard descriptor >= 0 else { throw systemError("open \(path)") }
        return descriptor
    }

    /// Both ends of a pipe: to read from, to write to. It is made as a FIFO, because pipe(2) has no O_CLOEXEC: a child
    /// that another test starts at this moment would keep it open.
    private func makePipe() throws -> (Int32, Int32) {
        let path = folder.fresh("pipe")
        guard mkfifo(path, 0o600) == 0 else { throw systemError("mkfifo") }
        let reader = try open(path, O_RDONLY | O_NONBLOCK)
        let writer = try open(path, O_WRONLY)
        guard fcntl(reader, F_SETFL, 0) == 0 else { throw systemError("fcntl") }
        return (reader, writer)
    }

    private func write(_ text: String, to descriptor: Int32) throws {
        var bytes = Array(text.utf8)[...]
        while !bytes.isEmpty {
            let count = bytes.withUnsafeBytes { Glibc.write(descriptor, $0.baseAddress, $0.count) }
            guard count > 0 else { throw systemError("write to the pipe") }
            bytes = bytes.dropFirst(count)
        }
    }

    @Test(arguments: ["\n", ""]) func aFile(end: String) throws {
        let text = (1...20_000).map { "s\($0 % 3) \($0) \($0)" }.joined(separator: "\n") + end
        let file = try open(folder.write(text, to: "points"))
        defer { close(file) }
        let run = try DaemonProcess.run(in: folder, ["--stdin"], input: file)
        #expect(run.exit == .code(0), "\(run.errors)")
        #expect(
            try stored() == [
                "s0|6666|1|6666|3000000|19998000000|66663333.0", "s1|6667|1|6667|1000000|19999000000|66670000.0",
                "s2|6667|1|6667|2000000|20000000000|66676667.0",
            ])
    }

    /// The end of a pipe is the end of the input, and before it each `!sync` is answered.
    @Test func aPipeWithAnswers() throws {
        let (input, writer) = try makePipe()
        let daemon = try DaemonProcess(in: folder, ["--stdin"], input: input)
        close(input)
        try write("a 1 1\na 2 2\n!sync first\n", to: writer)
        try eventually("!sync is answered") { daemon.process.output == "!synced first\n" }
        #expect(try stored() == ["a|2|1|2|1000000|2000000|3.0"])
        try write("!ping x\na 3 3\n!sync last\na 4", to: writer)
        try write(" 4", to: writer)
        close(writer)
        #expect(try daemon.process.wait() == .code(0))
        #expect(daemon.process.output == "!synced first\n!pong x\n!synced last\n")
        #expect(try stored() == ["a|4|1|4|1000000|4000000|10.0"])
    }

    @Test(arguments: ["\n", "\r\n", ""]) func csv(end: String) throws {
        let rows = [
            "timestamp,value,value2", "2014-04-10 00:04:00,1.5,-1", "1397088300,,2", "2014-04-10T00:06:00Z,2.5,3",
        ]
        let file = try open(folder.write(rows.joined(separator: end.isEmpty ? "\n" : end) + end, to: "rows.csv"))
        defer { close(file) }
        let run = try DaemonProcess.run(in: folder, ["--stdin", "--format", "csv", "--stream", "taxi"], input: file)
        #expect(run.exit == .code(0), "\(run.errors)")
        let rowsStored = try SQLiteShell.run(
            "SELECT stream, time, channel, value FROM recent_point ORDER BY time_us, channel", on: folder("anomaly.db"))
        #expect(
            rowsStored == [
                "taxi|2014-04-10T00:04:00.000000Z|0|1.5", "taxi|2014-04-10T00:04:00.000000Z|1|-1.0",
                "taxi|2014-04-10T00:05:00.000000Z|0|", "taxi|2014-04-10T00:05:00.000000Z|1|2.0",
                "taxi|2014-04-10T00:06:00.000000Z|0|2.5", "taxi|2014-04-10T00:06:00.000000Z|1|3.0",
            ])
    }

    /// A real file from one end to the other.
    @Test func aRealSeries() throws {
        let series = try Series.load()
        let text = "timestamp,value\n" + series.points.map { "\($0.time),\($0.value)\n" }.joined()
        let file = try open(folder.write(text, to: "rows.csv"))
        defer { close(file) }
        let run = try DaemonProcess.run(in: folder, ["--stdin", "--format", "csv", "--stream", "real"], input: file)
        #expect(run.exit == .code(0), "\(run.errors)")
        var newest = Int.min
        let accepted = series.points.filter { point in
            defer { newest = max(newest, point.time) }
            return point.time > newest
        }
        #expect(
            try SQLiteShell.run("SELECT count(*), max(sequence), max(time) FROM point", on: folder("anomaly.db"))
                == ["\(accepted.count)|\(accepted.count)|\(newest)000000"])
        #expect(try SQLiteShell.run("SELECT count(*) > 0 FROM anomaly", on: folder("anomaly.db")) == ["1"])
    }

    @Test func nothingAtAll() throws {
        let run = try DaemonProcess.run(in: folder, ["--stdin"])
        #expect(run.exit == .code(0), "\(run.errors)")
        #expect(try stored() == [])
    }

    @Test func badLinesDoNotStopIt() throws {
        let file = try open(folder.write("a 1 1\nwrong\na 2 2\na one 3\n", to: "points"))
        defer { close(file) }
        let run = try DaemonProcess.run(in: folder, ["--stdin"], input: file)
        #expect(run.exit == .code(0))
        #expect(run.errors.contains("peer=stdin") && run.errors.contains("line=2") && run.errors.contains("line=4"))
        #expect(try stored() == ["a|2|1|2|1000000|2000000|3.0"])
    }

    /// As rsyslog's omprog asks for it: a word when it is ready, and one for each line once that is stored, or never can be.
    @Test func eachLineIsConfirmed() throws {
        let (input, writer) = try makePipe()
        let daemon = try DaemonProcess(in: folder, ["--stdin", "--confirm", "rsyslog"], input: input)
        close(input)
        try eventually("it is ready") { daemon.process.output == "OK\n" }
        var words = ["OK"]
        func expect(_ word: String, after text: String) throws {
            try write(text, to: writer)
            words.append(word)
            try eventually("\(text) is confirmed") {
                daemon.process.output == words.joined(separator: "\n") + "\n"
            }
        }
        for number in 1...3 {
            try expect("OK", after: "a \(number) \(number)\n")
            #expect(try stored().first?.hasPrefix("a|\(number)|") == true, "it is stored by then")
        }
        try expect("OK", after: "wrong\n")
        try expect("OK", after: "\n")
        try expect("OK", after: "!ping x\n")
        try expect("OK", after: "b " + String(repeating: "1", count: 70_000) + "\n")
        try expect("OK", after: "BEGIN TRANSACTION\n")
        for number in 4...6 { try expect("DEFER_COMMIT", after: "a \(number) \(number)\n") }
        try expect("OK", after: "COMMIT TRANSACTION\n")
        #expect(try stored().first?.hasPrefix("a|6|") == true)
        try expect("OK", after: "BEGIN TRANSACTION 7\n")
        close(writer)
        #expect(try daemon.process.wait() == .code(0))
        #expect(daemon.process.errors.contains("reason=too-long"))

        #expect(try DaemonProcess.run(in: folder, ["--confirm", "rsyslog"]).exit == .code(2))
    }

    /// With `--listen` as well, the end of stdin is not the end.
    @Test func besideASocket() throws {
        let file = try open(folder.write("a 1 1\n", to: "points"))
        defer { close(file) }
        let daemon = try DaemonProcess(in: folder, ["--stdin", "--listen", folder("feed.sock")], input: file)
        try daemon.waitUntilReady()
        try eventually("stdin is read") { try daemon.status().points == 1 }
        let client = try daemon.client()
        try client.send("a 2 2\n")
        try client.sync()
        try daemon.stop()
        #expect(try stored() == ["a|2|1|2|1000000|2000000|3.0"])
    }

    /// SIGTERM ends it though its input goes on, and what was acknowledged is there.
    @Test func stoppedWhileThePipeIsOpen() throws {
        let (input, writer) = try makePipe()
        defer { close(writer) }
        let daemon = try DaemonProcess(in: folder, ["--stdin"], input: input)
        close(input)
        try write("a 1 1\n!ping x\n", to: writer)
        try eventually("it has been read") { daemon.process.output == "!pong x\n" }
        try daemon.stop(within: .seconds(5))
        #expect(try stored() == ["a|1|1|1|1000000|1000000|1.0"])
    }

    /// Answers that nobody reads hold nothing up: the points are stored, and SIGTERM ends it.
    @Test func nobodyReadsTheAnswers() throws {
        let (reader, writer) = try makePipe()
        defer { [reader, writer].forEach { close($0) } }
        let text = (1...20_000).map { "a \($0) \($0)\n!sync \($0)\n" }.joined()
        let file = try open(folder.write(text, to: "points"))
        defer { close(file) }
        let daemon = try DaemonProcess(
            in: folder, ["--stdin"], launcher: ["sh", "-c", "exec \"$@\" >&3 3>&-", "sh"], input: file,
            passed: [writer])
        try daemon.waitUntilReady()
        try eventually("all is stored", within: .seconds(10)) { try stored().first?.hasPrefix("a|20000|") == true }
        daemon.process.signal(SIGTERM)
        try daemon.process.wait(within: .seconds(5))
    }
}
