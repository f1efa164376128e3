import FeedProtocol
import Testing

@Suite struct CSVRowTests {
    private func split(_ line: String) throws -> [String] {
        var row = CSVRow()
        try withBytes("\"longer\",\"than the\",next,row") { try row.split($0) }
        try withBytes(line) { try row.split($0) }
        return (0..<row.count).map(row.string)
    }

    @Test(arguments: [
        ("a", ["a"]), ("a,b", ["a", "b"]), (",", ["", ""]), ("", [""]), ("a,,c,", ["a", "", "c", ""]),
        (" a b ,\tc ", ["a b", "c"]), ("\"a\"", ["a"]), ("\"a,b\",c", ["a,b", "c"]), ("\"\",\"\"", ["", ""]),
        ("\"a\"\"b\",\"\"\"\"", ["a\"b", "\""]), (" \" a \" , b", [" a ", "b"]), ("a\"b\",c", ["a\"b\"", "c"]),
        ("\"x\"\"\"\"y\"", ["x\"\"y"]),
    ])
    func splits(line: String, fields: [String]) throws {
        #expect(try split(line) == fields)
    }

    @Test(arguments: ["\"a", "a,\"b", "\"a\"b", "\"a\" b,c", "\"", "\"\"\""])
    func rejects(line: String) {
        var row = CSVRow()
        #expect(throws: FeedLineError.self) { try withBytes(line) { try row.split($0) } }
        #expect(row.count == 0)
    }
}

@Suite struct CSVFormatTests {
    private static let minute: Int64 = 1_397_088_240_000_000

    @Test func readsAFileWithHeader() {
        let sink = decode(
            "timestamp,value\n2014-04-10 00:04:00,91.958\n1397088240.5,94.798\r\n2014-04-10T00:04:00Z,-0\n",
            format: .csv)
        #expect(
            sink.calls == [
                .point("stream", 91.958, at: Self.minute), .point("stream", 94.798, at: Self.minute + 500_000),
                .point("stream", 0, at: Self.minute),
            ])
    }

    @Test(arguments: [
        "time,a,b,label\n5,1,2,0\n", "label,a,TIMESTAMP,b\nyes,1,5,2\n", "a , Time ,\"b\"\n1,5,2\n",
        "\u{FEFF}timestamp,a,b\n5,1,2\n", "# made by hand\n\ntimestamp,a,b\n5,1,2\n", "5,1,2",
        "1970-01-01T00:00:05Z,1,2\n",
        "\"5\",\"1\",2",
    ])
    func findsTheColumns(text: String) {
        #expect(decode(text, format: .csv).calls == [.point("stream", 1, 2, at: 5_000_000)])
    }

    @Test func emptyAndNaNAreMissing() {
        #expect(
            decode("time,a,b\n5,,nan\nN,1,NaN\n-1,,1\n", format: .csv).calls == [
                .point("stream", .nan, .nan, at: 5_000_000), .point("stream", 1, .nan), .point("stream", .nan, 1),
            ])
    }

    @Test func badRowsCostNothingElse() {
        let rows = [
            "1,2,3", "1", "x,1", ",1", "1,inf", "1,1e999", "1,x", "1,\"2", "1,2\u{0}", "2014-02-30,1",
            "timestamp,value",
        ]
        let sink = decode("timestamp,value\n" + rows.map { $0 + "\n7,8\n" }.joined(), format: .csv)
        #expect(sink.accepted == rows.map { _ in .point("stream", 8, at: 7_000_000) })
        let reasons = [
            "fields", "fields", "timestamp", "timestamp", "value", "value", "value", "fields", "control", "timestamp",
            "timestamp",
        ]
        #expect(sink.rejections == reasons.enumerated().map { "\(2 * $0.offset + 2) \($0.element)" })
    }

    @Test(arguments: [
        "value,label\n", "timestamp\n", "timestamp,label\n", "timestamp,time,value\n", "a,b,c\n", "5\n", "\"x\n",
    ])
    func aHeaderThatIsNoneDoesNotCostTheFile(header: String) {
        let sink = decode(header + "timestamp,value\n5,1\n", format: .csv)
        #expect(sink.accepted == [.point("stream", 1, at: 5_000_000)])
        #expect(sink.rejections == [header == "\"x\n" ? "1 fields" : "1 header"])
    }

    @Test func widthWithoutHeaderIsThatOfTheFirstRow() {
        #expect(decode("1,2,3\n1,2\n", format: .csv).rejections == ["2 fields"])
    }

    @Test(arguments: [nil, "", "two words", "!x", "#x", "a\u{0}", String(repeating: "n", count: 256)])
    func needsAStreamName(stream: String?) {
        let sink = decode("timestamp,value\n1,2\n!sync x\n", format: .csv, stream: stream)
        #expect(sink.accepted == [.command(.sync(token: [120]))])
        let reason = stream == "a\u{0}" ? "control" : "name"
        #expect(sink.rejections == ["1 \(reason)", "2 \(reason)"])
    }

    @Test func theLayoutServesOtherReaders() throws {
        var row = CSVRow()
        try withBytes("label,Timestamp,load,temp") { try row.split($0) }
        let layout = try CSVLayout(firstRow: row)
        #expect(layout.hasHeader)
        #expect(layout.columns == 4)
        #expect(layout.time == 1)
        #expect(layout.values == [2, 3])
        #expect(layout.label == 0)
        #expect(layout.names == ["load", "temp"])
        var values: [Double] = [1, 2, 3]
        try withBytes("1,2014-04-10 00:04:00,\"4\",5") { try row.split($0) }
        #expect(try layout.read(row, values: &values) == Self.minute)
        #expect(values == [4, 5])
        #expect(row.string(1) == "2014-04-10 00:04:00")

        try withBytes("1,2,3") { try row.split($0) }
        let plain = try CSVLayout(firstRow: row)
        #expect(!plain.hasHeader)
        #expect(plain.names == ["value", "value2"])
    }
}
