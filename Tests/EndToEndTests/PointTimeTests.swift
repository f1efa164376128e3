import Glibc
import Testing

/// Which points are taken, by their times.
@Suite struct PointTimeTests {
    let folder: TemporaryFolder
    let daemon: DaemonProcess
    let client: FeedClient

    init() throws {
        folder = try TemporaryFolder()
        daemon = try DaemonProcess.start(in: folder)
        client = try daemon.client()
    }

    private func stored(_ columns: String = "sequence, time, value") throws -> [String] {
        try daemon.query("SELECT \(columns) FROM point ORDER BY stream_id, time")
    }

    @Test func lateAndDuplicatePointsAreDroppedAndCounted() throws {
        try client.send("a 1 10\na 2 20\na 3 20\na 4 15\na 5 20.000001\na 6 20.0000005\na 7 -3\nb 8 5\n")
        try client.sync()
        #expect(try stored() == ["1|10000000|1.0", "2|20000000|2.0", "3|20000001|5.0", "1|5000000|8.0"])
        let status = try daemon.status()
        #expect(status.points == 4 && status.duplicatePoints == 2 && status.latePoints == 2)
        #expect(status.rejectedLines == [:])
    }

    /// Late is what is before the newest accepted point, be it stored yet or not, and after a restart too.
    @Test func afterARestart() throws {
        try client.send("a 1 10\n")
        try client.sync()
        try daemon.kill()
        let second = try DaemonProcess.start(in: folder)
        let client = try second.client()
        try client.send("a 2 10\na 3 9\na 4 11\n")
        try client.sync()
        #expect(try stored() == ["1|10000000|1.0", "2|11000000|4.0"])
        let status = try second.status()
        #expect(status.duplicatePoints == 1 && status.latePoints == 1)
    }

    @Test(arguments: ["", " -1", " N"]) func timesOfArrivalIncrease(time: String) throws {
        let before = Int(Glibc.time(nil))
        try client.send((1...5000).map { "a \($0)\(time)\n" }.joined())
        try client.sync()
        let rows = try daemon.query(
            """
            SELECT count(*), count(DISTINCT time), min(time) >= \(before)000000, max(time) <= \(before + 100)000000,
                (SELECT count(*) FROM point AS p JOIN point AS q ON q.sequence = p.sequence + 1 AND q.time <= p.time),
                sum(value = sequence)
            FROM point
            """)
        #expect(rows == ["5000|5000|1|1|0|5000"])
    }

    /// A stream whose newest time lies in the future goes on from there.
    @Test func arrivalAfterATimeAhead() throws {
        let ahead = Int(Glibc.time(nil)) + 3600
        try client.send("a 1 \(ahead)\na 2\na 3\n")
        try client.sync()
        #expect(try stored("time - \(ahead)000000, value") == ["0|1.0", "1|2.0", "2|3.0"])
    }

    @Test func timesTooFarAheadAreRejected() throws {
        let now = Int(Glibc.time(nil))
        try client.send("a 1 \(now + 86_000)\na 2 \(now + 87_400)\nb 3 \(now + 400_000)\n")
        try client.sync()
        #expect(try stored("value") == ["1.0"])
        let status = try daemon.status()
        #expect(status.rejectedLines == ["timestamp": 2] && status.latePoints == 0)
        #expect(status.streams == 1, "a rejected line founds no stream")
    }

    /// Times before 1970 are times like others, and so are those at the ends of the years 1 to 9999, if they are not too
    /// far ahead. Milliseconds, which are not meant here, are mostly beyond all that.
    @Test func timesOfAllAges() throws {
        try client.send("a 1 -62135596800\na 2 -1.5\na 3 -0.000001\na 4 0\na 5 0.000001\na 6 1700000000\n")
        try client.send("b 1 -62135596800.000001\nb 1 253402300799.999999\nb 1 253402300800\nb 1 1700000000000\n")
        // -1 alone means the time of arrival; -1.0 is a time.
        try client.send("c 1 -1.0\nc 2 -1\n")
        try client.sync()
        #expect(
            try stored("stream_id, sequence, time").prefix(7) == [
                "1|1|-62135596800000000", "1|2|-1500000", "1|3|-1", "1|4|0", "1|5|1", "1|6|1700000000000000",
                "2|1|-1000000",
            ])
        let status = try daemon.status()
        #expect(status.points == 8 && status.rejectedLines == ["timestamp": 4])
        #expect(
            try daemon.query("SELECT time FROM recent_point ORDER BY time_us LIMIT 3") == [
                "0001-01-01T00:00:00.000000Z", "1969-12-31T23:59:58.500000Z", "1969-12-31T23:59:59.000000Z",
            ])
    }

    /// The daemon's own time zone does not come into it, nor do the hours that it repeats or leaves out.
    @Test func timesOfRowsAreUTC() throws {
        let rows = ["timestamp,value"] + ["00:59:59", "01:00:00", "02:30:00", "03:00:00"].map { "2026-03-29 \($0),1" }
        let file = open(try folder.write(rows.joined(separator: "\n"), to: "rows.csv"), O_RDONLY)
        defer { close(file) }
        let other = try TemporaryFolder()
        let csv = try DaemonProcess(
            in: other, ["--stdin", "--format", "csv", "--stream", "x"], environment: ["TZ": "Europe/Berlin"],
            input: file)
        #expect(try csv.process.wait() == .code(0))
        #expect(
            try SQLiteShell.run("SELECT substr(time, 12, 8) FROM recent_point", on: other("anomaly.db"))
                == ["00:59:59", "01:00:00", "02:30:00", "03:00:00"])
    }

    @Test func timesAreRoundedToMicroseconds() throws {
        try client.send("a 1 0.0000004\na 2 0.0000015\na 3 1.9999999\na 4 1700000000.123456789\n")
        try client.sync()
        #expect(try stored("time") == ["0", "2", "2000000", "1700000000123457"])
    }

    /// NULL where nothing was measured; −0.0 is 0.0; the largest number is a number.
    @Test func values() throws {
        try client.send("a nan 1\na NaN 2\na -0.0 3\na 1.7976931348623157e308 4\na 4.9e-324 5\nb ,2, 1\n")
        try client.sync()
        #expect(
            try stored(
                "channel, flags & 1, CASE value WHEN 1.7976931348623157e308 THEN 'largest' "
                    + "WHEN 4.9406564584124654e-324 THEN 'smallest' ELSE quote(value) END") == [
                    "0|1|NULL", "0|1|NULL", "0|0|0.0", "0|0|largest", "0|0|smallest", "0|0|NULL", "1|0|2.0",
                    "2|0|NULL",
                ])
    }

    /// Names are bytes: spellings that look the same are two streams. They survive a restart as they are.
    @Test func names() throws {
        let names = [
            "caf\u{e9}", "cafe\u{301}", "disk;host=a;mount=/", "it's", "%n\\", "\"q\"", "*", "1", "a!#", "\u{1f300}",
            String(repeating: "n", count: 255),
        ]
        try client.send(names.map { "\($0) 1 1\n" }.joined())
        try client.sync()
        // Compared as bytes, for Swift takes the first two for the same.
        #expect(
            try daemon.query("SELECT name FROM stream ORDER BY id").map { Array($0.utf8) }
                == names.map { Array($0.utf8) })
        try daemon.kill()
        let second = try DaemonProcess.start(in: folder)
        let client = try second.client()
        try client.send(names.map { "\($0) 2 2\n" }.joined())
        try client.sync()
        let counts = try second.query("SELECT count(*), max(sequence) FROM point GROUP BY stream_id")
        #expect(counts == names.map { _ in "2|2" })
        try second.stop()
    }
}
