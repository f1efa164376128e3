import AnomalyDaemon
import Foundation
import Logging
import Testing

/// What stands on stderr. Each test has a process of its own (an exit test), whose stderr it may use.
@Suite struct StandardErrorLogTests {
    private static func lines(_ result: ExitTest.Result?) throws -> [String] {
        let text = String(decoding: try #require(result).standardErrorContent, as: UTF8.self)
        return text.split(separator: "\n").map(String.init)
    }

    @Test func oneLineForEachMessageWithSortedMetadata() async throws {
        let result = await #expect(processExitsWith: .success, observing: [\.standardErrorContent]) {
            unsetenv("JOURNAL_STREAM")
            var logger = Logger(label: "test") { _ in StandardErrorLog(level: .info) }
            logger[metadataKey: "peer"] = "feed.sock#1"
            logger.debug("hidden")
            logger.info("plain", metadata: ["b": "2", "a": "1"])
            logger.warning(
                "odd", metadata: ["peer": "other", "text": "two words", "empty": "", "quote": "\"\\", "line": "a\nb"])
        }
        let lines = try Self.lines(result)
        let plain = #/[0-9]{4}-[0-9]{2}-[0-9]{2} [0-9]{2}:[0-9]{2}:[0-9]{2} info: plain a=1 b=2 peer=feed\.sock#1/#
        #expect(lines.count == 2)
        #expect(lines.first?.wholeMatch(of: plain) != nil)
        #expect(
            lines.last?.hasSuffix(
                #" warning: odd empty="" line="a\nb" peer=other quote="\"\\" text="two words""#) == true)
    }

    /// sd-daemon(3): `<N>` with syslog's severities, when stderr is the journal's stream.
    @Test func prioritiesForTheJournal() async throws {
        let result = await #expect(processExitsWith: .success, observing: [\.standardErrorContent]) {
            var status = stat()
            fstat(STDERR_FILENO, &status)
            setenv("JOURNAL_STREAM", "\(status.st_dev):\(status.st_ino)", 1)
            let logger = Logger(label: "test") { _ in StandardErrorLog(level: .trace) }
            for level in Logger.Level.allCases { logger.log(level: level, "x", metadata: ["level": "\(level)"]) }
        }
        #expect(
            try Self.lines(result) == [
                "<7>x level=trace", "<7>x level=debug", "<6>x level=info", "<5>x level=notice", "<4>x level=warning",
                "<3>x level=error", "<2>x level=critical",
            ])
    }

    /// A child that inherits `$JOURNAL_STREAM` but not the stream writes for people.
    @Test func anotherProcessesJournalStreamIsNotOurs() async throws {
        let result = await #expect(processExitsWith: .success, observing: [\.standardErrorContent]) {
            setenv("JOURNAL_STREAM", "1:1", 1)
            Logger(label: "test") { _ in StandardErrorLog(level: .info) }.info("x")
        }
        #expect(try Self.lines(result).first?.hasSuffix(" info: x") == true)
    }
}
