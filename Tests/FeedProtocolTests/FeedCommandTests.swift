import FeedProtocol
import Testing

@Suite struct FeedCommandTests {
    private static let token255 = String(repeating: "t", count: 255)

    @Test(arguments: [
        ("!sync 1", FeedCommand.sync(token: [49])),
        ("!ping a b ", .ping(token: Array("a b ".utf8))),
        ("!sync  x", .sync(token: Array(" x".utf8))),
        ("  !sync é!#", .sync(token: Array("é!#".utf8))),
        ("!sync \(token255)", .sync(token: Array(token255.utf8))),
    ])
    func accepts(line: String, command: FeedCommand) {
        for format in FeedFormat.allCases {
            #expect(decode(line + "\r\n", format: format).calls == [.command(command)], "\(format)")
        }
    }

    @Test(arguments: [
        ("!", "command"), ("!sync", "command"), ("!sync ", "command"), ("!synced 1", "command"), ("!SYNC 1", "command"),
        ("! sync 1", "command"), ("!pong 1", "command"), ("!sync\t1", "command"), ("!sync \(token255)t", "command"),
        ("!sync a\tb", "control"), ("!sync a\u{0}b", "control"), ("!ping \u{9F}", "control"),
    ])
    func rejects(line: String, reason: String) {
        #expect(decode(line + "\n").rejections == ["1 \(reason)"])
    }

    @Test func rejectsATokenThatIsNoText() {
        #expect(decode(Array("!sync ".utf8) + [0xFF, 10]).rejections == ["1 utf8"])
    }

    @Test func keepsItsPlaceAmongPoints() {
        let sink = decode("a 1\n!sync x\nbad\na 2\n!ping y\n")
        #expect(
            sink.accepted == [
                .point("a", 1), .command(.sync(token: [120])), .point("a", 2), .command(.ping(token: [121])),
            ])
        #expect(sink.rejections == ["3 fields"])
    }
}
