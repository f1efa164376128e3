import FeedProtocol
import Testing

@Suite struct LineSplittingTests {
    private static let limit = 100

    /// A feed with about every kind of line in it, long ones at and around the limit included.
    private static let feed: [UInt8] = {
        var bytes = Array("\u{FEFF}timestamp,value,label\n1,2,0\n".utf8)
        bytes += Array("cpu 1\r\ncpu 1.5,nan,-2e3 1700000000.25\n\n# comment\n!sync a b\r\n!bogus\n größe 1 N\n".utf8)
        bytes += Array("2014-04-10 00:04:00,5,1\n1,\"2\",\"a \"\"b\"\"\"\n1,\"2\n".utf8)
        for length in [limit - 1, limit, limit + 1, limit + 2, 3 * limit] {
            for ending in ["\n", "\r\n", "\r\r\n"] {
                bytes += Array("n ".utf8) + [UInt8](repeating: UInt8(ascii: "0"), count: length - 2)
                bytes += Array(ending.utf8)
            }
        }
        bytes += [0xFF, 0x20, 0x31, 0x0A, 0x00, 0x0A, 0x0D, 0x0A, 0x0D, 0x0D, 0x0A]
        bytes += Array("cpu 1e999\nmy cpu 1\ncpu 7 8".utf8)
        return bytes
    }()

    @Test(arguments: FeedFormat.allCases, [End.finish, .abandon, .none])
    func anySplitGivesTheSameCalls(format: FeedFormat, end: End) {
        // Ends inside of lines of all lengths, too.
        for total in [Self.feed.count, Self.feed.count - 30, 700, 640, 60] {
            let feed = Self.feed[..<total]
            let whole = decode(pieces: [feed], format: format, maxLine: Self.limit, end: end)
            #expect(whole.calls.count > 1)
            for size in 1...20 {
                let pieces = stride(from: 0, to: total, by: size).map { feed[$0..<min($0 + size, total)] }
                let split = decode(pieces: pieces, format: format, maxLine: Self.limit, end: end)
                #expect(split.calls == whole.calls, "pieces of \(size) bytes")
            }
            var random = SeededGenerator(seed: UInt64(total))
            for round in 0..<200 {
                var pieces: [ArraySlice<UInt8>] = []
                var start = 0
                while start < total {
                    let longest = 1 << Int.random(in: 0...9, using: &random)
                    let end = min(start + Int.random(in: 0...longest, using: &random), total)
                    pieces.append(feed[start..<end])
                    start = end
                }
                let split = decode(pieces: pieces, format: format, maxLine: Self.limit, end: end)
                #expect(split.calls == whole.calls, "round \(round)")
                let turns = decode(pieces: pieces, format: format, maxLine: Self.limit, end: end, byTurns: true)
                #expect(turns.calls == whole.calls, "round \(round), by turns")
            }
        }
    }

    /// Feeds put together from what decoders trip over, and from plain noise, each cut in several ways.
    @Test(arguments: FeedFormat.allCases, [End.finish, .abandon, .none])
    func anySplitOfHostileFeedsGivesTheSameCalls(format: FeedFormat, end: End) {
        var random = SeededGenerator(seed: 7)
        for round in 0..<400 {
            let feed = Self.hostileFeed(using: &random)
            let limit = [1, 2, 7, 40, 65_536][round % 5]
            let whole = decode(pieces: [feed[...]], format: format, maxLine: limit, end: end)
            for longest in [1, 3, 17, 300] {
                var pieces: [ArraySlice<UInt8>] = []
                var start = 0
                while start < feed.count {
                    let end = min(start + Int.random(in: 0...longest, using: &random), feed.count)
                    pieces.append(feed[start..<end])
                    start = end
                }
                let split = decode(pieces: pieces, format: format, maxLine: limit, end: end)
                #expect(split.calls == whole.calls, "round \(round), pieces of up to \(longest) bytes: \(feed)")
                let turns = decode(pieces: pieces, format: format, maxLine: limit, end: end, byTurns: true)
                #expect(turns.calls == whole.calls, "round \(round), by turns, up to \(longest) bytes: \(feed)")
            }
        }
    }

    private static let fragments: [[UInt8]] =
        [
            "\n", "\r\n", "\r", "\r\r\n", " ", "\t", ",", "\"", "\"\"", "!", "#", "!sync ", "!sync a\n",
            "!ping \u{E9}\n", "!x",
            "cpu", "cpu 1", "größe", "\u{FEFF}", "\u{85}", "\u{3000}", "\u{2028}", "\0", "\u{7F}", "nan", "-inf",
            "1e999",
            "-0.0", "1.5", "1,2,,3", "N", "-1", "1700000000.1234567", "99999999999999", "2014-04-10 00:04:00",
            "2014-04-10T02:04:00.5+02:00", "timestamp,value,label\n", "{\"name\":1}\n", "name;a=b ", "e", ".", "+",
        ].map { Array($0.utf8) } + [
            [0xFF], [0xC3], [0xE2, 0x82], [0xED, 0xA0, 0x80], [UInt8](repeating: UInt8(ascii: "7"), count: 45),
        ]

    private static func hostileFeed(using random: inout SeededGenerator) -> [UInt8] {
        (0..<Int.random(in: 1...30, using: &random)).flatMap { _ in
            Int.random(in: 0..<10, using: &random) == 0
                ? [UInt8.random(in: 0...255, using: &random)] : fragments.randomElement(using: &random) ?? []
        }
    }

    @Test(arguments: ["\n", "\r\n"])
    func theLimitIsExact(ending: String) {
        for length in 1...140 {
            let line = "n " + String(repeating: "1", count: 200)
            let sink = decode(line.prefix(length) + ending + "cpu 1\n", maxLine: Self.limit)
            let reasons = length <= 2 ? ["1 fields"] : length > Self.limit ? ["1 too-long"] : []
            #expect(sink.rejections == reasons, "\(length) bytes")
            #expect(sink.accepted.last == .point("cpu", 1))
        }
    }

    @Test func aLineOfTenMegabytesIsOneError() {
        let piece = [UInt8](repeating: UInt8(ascii: "x"), count: 1 << 16)
        var sink = RecordingSink()
        var decoder = FeedDecoder(format: .plain)
        withBytes("cpu 1\n") { decoder.consume($0, into: &sink) }
        for _ in 0..<160 {
            piece.withUnsafeBytes { decoder.consume($0, into: &sink) }
        }
        #expect(sink.rejections == ["2 too-long"], "said before the line ends")
        withBytes("x\r\ncpu 2\nbad\n") { decoder.consume($0, into: &sink) }
        #expect(sink.rejections == ["2 too-long", "4 fields"])
        #expect(sink.accepted == [.point("cpu", 1), .point("cpu", 2)])
        #expect(decoder.lines == 4)
    }

    @Test func findsNewlinesAtEveryPlace() {
        for before in 0..<80 {
            for after in [0, 1, 7, 8, 31, 32, 40] {
                let text = String(repeating: "#", count: before) + "\ncpu 1\n" + String(repeating: "#", count: after)
                #expect(decode(text).calls == [.point("cpu", 1)])
            }
        }
    }

    @Test func findsTheEndOfNamesAtEveryPlace() {
        for length in 1..<40 {
            for padding in 0..<12 {
                let name = String(repeating: "~", count: length)
                #expect(
                    decode(name + " 1" + String(repeating: " ", count: padding) + "\n").calls == [.point(name, 1)])
                #expect(decode(name + "\u{7F} 1" + String(repeating: "0", count: padding)).rejections == ["1 control"])
            }
        }
    }

    @Test func theLastLineOfAFileNeedsNoNewline() {
        #expect(decode("a 1\na 2", end: .finish).calls == [.point("a", 1), .point("a", 2)])
        #expect(decode("a 1\na 2\r", end: .finish).calls == [.point("a", 1), .point("a", 2)])
        #expect(decode("a 1\n", end: .finish).calls == [.point("a", 1)])
        #expect(decode("", end: .finish).calls.isEmpty)
    }

    @Test func aConnectionLostInMidLineIsOneError() {
        let sink = decode("a 1\na 17", end: .abandon)
        #expect(sink.accepted == [.point("a", 1)])
        #expect(sink.rejections == ["2 unterminated"])
        #expect(decode("a 1\n", end: .abandon).calls == [.point("a", 1)])
        let long = String(repeating: "x", count: 200)
        #expect(decode(long, maxLine: Self.limit, end: .abandon).rejections == ["1 too-long"], "and no second one")
    }

    @Test func nothingIsSaidBeforeALineEnds() {
        #expect(decode("a 1\na 2", end: .none).calls == [.point("a", 1)])
    }
}
