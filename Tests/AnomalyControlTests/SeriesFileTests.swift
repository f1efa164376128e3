import AnomalyControl
import Foundation
import Testing

@Suite struct SeriesFileTests {
    private func read(_ text: String) throws -> SeriesFile { try SeriesFile(Array(text.utf8), path: "a.csv") }

    @Test func aMultivariateFileWithLabels() throws {
        let file = try read(
            "\u{FEFF}timestamp,cpu,is_anomaly,net\r\n# by hand\r\n2014-04-10 00:04:00,1.5,0,-2\r\n\r\n"
                + " \"1397088240.5\" , ,1.0,-0\n2014-04-10T00:04:00Z,nan,,3e2")
        #expect(file.names == ["cpu", "net"])
        #expect(file.rows == 3)
        #expect(file.times == [1_397_088_240_000_000, 1_397_088_240_500_000, 1_397_088_240_000_000])
        #expect(
            (0..<3).map { String(decoding: file.timeText(ofRow: $0), as: UTF8.self) } == [
                "2014-04-10 00:04:00", "1397088240.5", "2014-04-10T00:04:00Z",
            ])
        #expect(file.values.map(\.bitPattern) == [1.5, -2, .nan, 0, .nan, 300].map(\.bitPattern))
        #expect(file.values(ofChannel: 1) == [-2, 0, 300])
        #expect(file.labels == [false, true, false])
    }

    @Test func labelsAreNotNeeded() throws {
        let file = try read("time,value\n1,2\n")
        #expect(file.labels == nil)
        #expect(file.names == ["value"])
        #expect(try read("label,time,value\nTRUE,1,2\nfalse,2,2\n").labels == [true, false])
        #expect(try read("timestamp,value\n").rows == 0)
    }

    @Test(arguments: [
        ("", "a.csv: it is empty; expected a header timestamp,value[,value2…][,label]"),
        ("\n1,2\n", "a.csv, line 2: expected a header timestamp,value[,value2…][,label], found \"1,2\""),
        ("x,y\n", "a.csv, line 1: expected a header timestamp,value[,value2…][,label], found \"x,y\""),
        ("time,label\n", "a.csv, line 1: expected a header timestamp,value[,value2…][,label], found \"time,label\""),
        ("time,v\n1,2\n\n3\n", "a.csv, line 4: expected 2 columns as in the first line, found 1, found \"3\""),
        ("time,v\n1,x\n", "a.csv, line 2: expected a decimal number, nan or an empty field as VALUE; a NAME holds no "),
        ("time,v\nN,1\n", "a.csv, line 2: expected a time of its own, as a file has no time of arrival, found \"N,1\""),
        ("time,v\n2014-02-30,1\n", "a.csv, line 2: expected a day and a time of day that exist, found "),
        ("time,v,label\n1,2,maybe\n", "a.csv, line 2: expected 0, 1, true or false as label, found \"1,2,maybe\""),
        ("time,v\n1,\"2\u{1B}\n", "a.csv, line 2: expected a closing quote in the same line, found \"1,\"2\\x1B\""),
    ])
    func whatIsWrongIsNamed(text: String, message: String) throws {
        let failure = try #require(throws: Failure.self) { try read(text) }
        #expect(failure.status == .failure)
        #expect(failure.message.hasPrefix("cannot read " + message), "\(failure.message)")
    }

    @Test func filesThatCannotBeRead() throws {
        let missing = try #require(throws: Failure.self) { try SeriesFile(path: "/nonexistent/a.csv") }
        #expect(missing.message == "cannot read /nonexistent/a.csv: No such file or directory")
        let folder = try #require(throws: Failure.self) { try SeriesFile(path: "/tmp") }
        #expect(folder.message == "cannot read /tmp: Is a directory")
    }

    @Test func readsFromAFileFast() throws {
        let path = NSTemporaryDirectory() + "series-\(UUID().uuidString).csv"
        defer { try? FileManager.default.removeItem(atPath: path) }
        let rows = 200_000
        let text =
            "timestamp,value,label\n" + (0..<rows).map { "\(1_577_836_800 + 60 * $0),\(Double($0) / 7),0\n" }.joined()
        try Data(text.utf8).write(to: URL(filePath: path))
        let clock = ContinuousClock()
        var file: SeriesFile?
        let time = try clock.measure { file = try SeriesFile(path: path) }
        #expect(file?.rows == rows)
        #expect(file?.values[rows - 1] == Double(rows - 1) / 7)
        // 10 MB/s, of which it does several times as much, on a machine that others use too.
        #expect(time < .seconds(Double(text.utf8.count) / 1e7), "\(text.utf8.count) bytes in \(time)")
    }
}
