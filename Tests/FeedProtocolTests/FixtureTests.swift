import FeedProtocol
import Foundation
import Testing

/// What `fixtures/feed` has of each format: examples of the format's own documentation, and its edges. Beside each feed
/// stands what it comes to, a call a line. `ANOMALYD_WRITE_FIXTURES=1` writes that anew, for somebody to look at.
@Suite struct FixtureTests {
    private static let folder = URL(filePath: #filePath).deletingLastPathComponent()
        .appending(path: "../../fixtures/feed").standardizedFileURL

    /// `FORMAT/NAME` of each feed.
    static let feeds: [String] = {
        let files = FileManager.default.enumerator(atPath: folder.path)?.compactMap { $0 as? String } ?? []
        return files.filter { $0.hasSuffix(".txt") }.map { String($0.dropLast(4)) }.sorted()
    }()

    @Test func everyFormatHasOne() {
        let formats = Set(Self.feeds.map { $0.prefix { $0 != "/" } })
        // Those two have had their tests before there were fixtures.
        #expect(formats == Set(FeedFormat.allCases.map { $0.rawValue[...] }).subtracting(["plain", "graphite", "csv"]))
    }

    @Test(arguments: feeds) func givesWhatStandsBesideIt(feed: String) throws {
        let bytes = try Self.bytes(feed)
        let lines = Self.decode(bytes, feed).calls.map { Self.text($0) }
        let file = Self.folder.appending(path: feed + ".points")
        if ProcessInfo.processInfo.environment["ANOMALYD_WRITE_FIXTURES"] != nil {
            try Data((lines.joined(separator: "\n") + "\n").utf8).write(to: file)
        }
        let expected = try String(contentsOf: file, encoding: .utf8).split(separator: "\n").map(String.init)
        #expect(lines == expected)
    }

    /// And in any pieces the same, with any line ends, each read by one decoder or by many in turn.
    @Test(arguments: feeds) func inAnyPieces(feed: String) throws {
        let bytes = try Self.bytes(feed)
        let whole = Self.decode(bytes, feed)
        let withReturns = bytes.flatMap { $0 == UInt8(ascii: "\n") ? [UInt8(ascii: "\r"), $0] : [$0] }
        #expect(Self.decode(withReturns, feed).accepted == whole.accepted)
        var random = SeededGenerator(seed: UInt64(bytes.count))
        for round in 0..<200 {
            var pieces: [ArraySlice<UInt8>] = []
            var start = 0
            while start < bytes.count {
                let longest = 1 << Int.random(in: 0...9, using: &random)
                let end = min(start + Int.random(in: 0...longest, using: &random), bytes.count)
                pieces.append(bytes[start..<end])
                start = end
            }
            let split = FeedProtocolTests.decode(
                pieces: pieces, format: Self.format(feed), byTurns: round % 2 == 0)
            #expect(split.calls == whole.calls, "round \(round)")
        }
    }

    /// A line cut anywhere is accepted or rejected, and nothing is read that is not there: each has memory of its own.
    @Test(arguments: feeds) func cutAnywhere(feed: String) throws {
        let lines = try Self.bytes(feed).split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: true)
        for line in lines {
            for end in line.indices {
                let calls = Self.decode(Array(line[..<end]), feed).calls
                #expect(calls.allSatisfy { Self.isSane($0) }, "\(String(decoding: line[..<end], as: UTF8.self))")
            }
        }
    }

    private static func bytes(_ feed: String) throws -> [UInt8] {
        [UInt8](try Data(contentsOf: folder.appending(path: feed + ".txt")))
    }

    private static func format(_ feed: String) -> FeedFormat {
        FeedFormat(rawValue: String(feed.prefix { $0 != "/" })) ?? .auto
    }

    private static func decode(_ bytes: [UInt8], _ feed: String) -> RecordingSink {
        FeedProtocolTests.decode(bytes, format: format(feed))
    }

    private static func isSane(_ call: RecordingSink.Call) -> Bool {
        switch call {
        case .point(let name, let values, let time):
            name.withUnsafeBytes { (try? StreamName.check($0)) != nil } && !values.isEmpty
                && values.allSatisfy { !Double(bitPattern: $0).isInfinite && $0 != (-0.0).bitPattern }
                && time.map(FeedTime.range.contains) ?? true
        case .sample(let name, _): name.withUnsafeBytes { (try? StreamName.check($0)) != nil }
        case .command, .reject: true
        }
    }

    /// `NAME VALUE[,VALUE…] MICROSECONDS`, or `-` for the time of arrival; `rejected LINE: REASON`.
    private static func text(_ call: RecordingSink.Call) -> String {
        switch call {
        case .point(let name, let values, let time):
            let values = values.map { "\(Double(bitPattern: $0))" }.joined(separator: ",")
            return "\(String(decoding: name, as: UTF8.self)) \(values) \(time.map(String.init) ?? "-")"
        case .sample(let name, let sample):
            let rate = sample.rate == 1 ? "" : " @\(sample.rate)"
            let kind =
                if case .member(let hash) = sample.kind { "member(\(String(hash, radix: 16)))" } else {
                    "\(sample.kind)"
                }
            return "\(String(decoding: name, as: UTF8.self)) \(kind)\(rate)"
        case .command(let command): return "\(command)"
        case .reject(let error, let line, _): return "rejected \(line): \(error.reason.rawValue)"
        }
    }
}
