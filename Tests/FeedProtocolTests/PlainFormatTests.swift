import FeedProtocol
import Testing

private typealias Call = RecordingSink.Call

@Suite struct PlainFormatTests {
    private static let name255 = String(repeating: "n", count: 255)

    private static let accepted: [(String, Call)] = [
        ("cpu 1", .point("cpu", 1)),
        ("cpu 12.5 1700000000", .point("cpu", 12.5, at: 1_700_000_000_000_000)),
        ("cpu 12.5 1700000000.123456", .point("cpu", 12.5, at: 1_700_000_000_123_456)),
        ("cpu 1,2.5,-3e2 10", .point("cpu", 1, 2.5, -300, at: 10_000_000)),
        ("cpu 1 -1", .point("cpu", 1)),
        ("cpu 1 N", .point("cpu", 1)),
        ("cpu 1 N \t ", .point("cpu", 1)),
        ("cpu 1 -1.0", .point("cpu", 1, at: -1_000_000)),
        ("cpu 1 -1.5", .point("cpu", 1, at: -1_500_000)),
        ("cpu 1 -10", .point("cpu", 1, at: -10_000_000)),
        ("cpu 1 0", .point("cpu", 1, at: 0)),
        ("cpu nan", .point("cpu", .nan)),
        ("cpu NaN 5", .point("cpu", .nan, at: 5_000_000)),
        ("cpu -nan", .point("cpu", .nan)),
        ("cpu 1,,3", .point("cpu", 1, .nan, 3)),
        ("cpu ,", .point("cpu", .nan, .nan)),
        ("cpu 1, 7", .point("cpu", 1, .nan, at: 7_000_000)),
        ("cpu -0.0", .point("cpu", 0)),
        ("cpu -0", .point("cpu", 0)),
        ("cpu -1e-400", .point("cpu", 0)),
        ("cpu +.5e+1", .point("cpu", 5)),
        ("cpu 7.", .point("cpu", 7)),
        ("  cpu \t 1  \t2  ", .point("cpu", 1, at: 2_000_000)),
        ("\tcpu\t1", .point("cpu", 1)),
        ("disk.used;host=web01;mount=/var 1", .point("disk.used;host=web01;mount=/var", 1)),
        ("größe.温度.🌡 1", .point("größe.温度.🌡", 1)),
        ("a!b#c,d\"e 1", .point("a!b#c,d\"e", 1)),
        ("1 2 3", .point("1", 2, at: 3_000_000)),
        ("\(name255) 1", .point(name255, 1)),
    ]

    @Test(arguments: accepted.indices)
    func accepts(index: Int) {
        let (line, call) = Self.accepted[index]
        for ending in ["\n", "\r\n", ""] {
            #expect(decode(line + ending).calls == [call], "\(line)")
        }
        #expect(decode(line, format: .auto).calls == [call], "\(line)")
    }

    private static let rejected: [(String, FeedLineError.Reason)] = [
        ("cpu", .fields),
        ("cpu ", .fields),
        ("\(name255)n 1", .name),
        ("web server load 5 1700000000", .value),
        ("web 01 5 1700000000", .fields),
        ("cpu 1 2 3", .fields),
        ("cpu 1 -1 3", .fields),
        ("cpu 1 N 3", .fields),
        ("cpu inf", .value),
        ("cpu -Infinity", .value),
        ("cpu 1e999", .value),
        ("cpu -1e999", .value),
        ("cpu 1.7976931348623159e308", .value),
        ("cpu 1e99999999999999999999999", .value),
        ("cpu 0x1p3", .value),
        ("cpu 0x10", .value),
        ("cpu 1_000", .value),
        ("cpu 12abc", .value),
        ("cpu 1.2.3", .value),
        ("cpu 1e", .value),
        ("cpu 1e+", .value),
        ("cpu .", .value),
        ("cpu -", .value),
        ("cpu --1", .value),
        ("cpu nanx", .value),
        ("cpu nan(1)", .value),
        ("cpu na", .value),
        ("cpu true", .value),
        ("cpu 1;2", .value),
        ("cpu 1,x", .value),
        ("cpu ٣", .value),
        ("cpu 1 yesterday", .timestamp),
        ("cpu 1 NN", .timestamp),
        ("cpu 1 n", .timestamp),
        ("cpu 1 .", .timestamp),
        ("cpu 1 -", .timestamp),
        ("cpu 1 1e9", .timestamp),
        ("cpu 1 17s", .timestamp),
        ("cpu 1 1700000000,5", .timestamp),
        ("cpu 1 nan", .timestamp),
        ("cpu 1 1700000000000", .timestamp),
        ("cpu 1 99999999999999999999999", .timestamp),
        ("cpu 1 2014-04-10T00:04:00Z", .timestamp),
        ("cpu\u{0} 1", .control),
        ("c\u{1}pu 1", .control),
        ("\u{1B}[31mcpu 1", .control),
        ("cpu\u{7F} 1", .control),
        ("cpu\u{85}x 1", .control),
        ("cpu 1\u{0}", .control),
        ("cpu 1\r", .control),
        ("cpu 1 5\u{B}", .control),
        ("c\u{A0}pu 1", .name),
        ("c\u{3000}pu 1", .name),
        ("!unknown 1", .command),
        ("!", .command),
    ]

    @Test(arguments: rejected.indices)
    func rejects(index: Int) {
        let (line, reason) = Self.rejected[index]
        let sink = decode(line + "\r\ncpu 1\n")
        #expect(sink.rejections == ["1 \(reason.rawValue)"], "\(line)")
        #expect(sink.accepted == [.point("cpu", 1)], "one bad line costs nothing else: \(line)")
    }

    @Test(
        arguments: [
            [0xFF], [0xC3], [0xC0, 0xAF], [0xED, 0xA0, 0x80], [0xF4, 0x90, 0x80, 0x80], [0x80],
        ] as [[UInt8]])
    func rejectsInvalidUTF8(bytes: [UInt8]) {
        #expect(decode(bytes + Array(" 1\n".utf8)).rejections == ["1 utf8"], "in a name")
        #expect(decode(Array("cpu ".utf8) + bytes + [10]).rejections == ["1 utf8"], "in a value")
        #expect(decode(Array("# ".utf8) + bytes + [10]).calls.isEmpty, "in a comment")
    }

    @Test func skipsCommentsAndBlankLines() {
        let sink = decode("# a comment\n\n   \n\t\r\n  # another\r\n#\n\r\ncpu 1\nbad\n")
        #expect(sink.accepted == [.point("cpu", 1)])
        #expect(sink.rejections == ["9 fields"], "but they count as lines")
    }

    @Test func skipsOneByteOrderMark() {
        #expect(decode("\u{FEFF}cpu 1\n").calls == [.point("cpu", 1)])
        #expect(decode("\u{FEFF}# x\n").calls.isEmpty)
        #expect(decode("cpu 1\n\u{FEFF}cpu 1\n").accepted == [.point("cpu", 1), .point("\u{FEFF}cpu", 1)])
    }

    @Test func saysWhatWasExpected() throws {
        let sink = decode("my cpu 5\ncpu 1 1700000000000\ncpu inf\n")
        let messages = sink.calls.map { call in
            if case .reject(let error, _, _) = call { error.message } else { "" }
        }
        #expect(messages[0].contains("NAME holds no spaces"))
        #expect(messages[1].contains("milliseconds"))
        #expect(messages[2].contains("finite"))
        #expect(messages.allSatisfy { $0.hasPrefix("expected ") })
    }

    @Test func handsOnTheBeginningOfABadLine() {
        let long = "cpu " + String(repeating: "x", count: 200)
        let sink = decode("bad\r\n \(long)\n")
        let excerpts = sink.calls.map { call in
            if case .reject(_, _, let excerpt) = call { String(decoding: excerpt, as: UTF8.self) } else { "" }
        }
        #expect(excerpts == ["bad", String(" \(long)".prefix(FeedDecoder.excerptLength))])
    }

    @Test func rejectsWhatTheSinkRefuses() {
        var sink = RecordingSink()
        sink.refused = Array("b".utf8)
        var decoder = FeedDecoder(format: .plain)
        withBytes("a 1\nb 1\na 2\n") { decoder.consume($0, into: &sink) }
        #expect(sink.accepted == [.point("a", 1), .point("a", 2)])
        #expect(sink.rejections == ["2 width"])
        #expect(decoder.lines == 3)
    }
}

@Suite struct GraphiteFormatTests {
    @Test(arguments: [
        ("a.b 1 5", Call.point("a.b", 1, at: 5_000_000)), ("a 1 -1", .point("a", 1)), ("a 1 N", .point("a", 1)),
        ("a nan 5", .point("a", .nan, at: 5_000_000)),
    ])
    private func accepts(line: String, call: Call) {
        #expect(decode(line + "\n", format: .graphite).calls == [call])
    }

    @Test(arguments: [
        ("a 1", "1 fields"), ("a", "1 fields"), ("a 1,2 5", "1 fields"), ("a 1 5 6", "1 fields"), ("a x 5", "1 value"),
    ])
    func rejects(line: String, rejection: String) {
        #expect(decode(line + "\n", format: .graphite).rejections == [rejection])
    }
}
