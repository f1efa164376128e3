import AnomalyConfiguration
import Foundation
import Testing

@Suite struct ReadmeTests {
    static let readme = URL(fileURLWithPath: #filePath)
        .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
        .appendingPathComponent("README.md")

    /// `ANOMALYD_WRITE_DEFAULTS=1 swift test --filter ReadmeTests` writes the table anew after a change.
    @Test func theReadmesTableIsThatOfTheKeys() throws {
        let table = DaemonConfiguration.markdownTable()
        var text = try String(contentsOf: Self.readme, encoding: .utf8)
        if ProcessInfo.processInfo.environment["ANOMALYD_WRITE_DEFAULTS"] == "1",
            let start = text.range(of: "| key | unit |")?.lowerBound,
            let end = text.range(of: "\n\n", range: start..<text.endIndex)?.lowerBound
        {
            text.replaceSubrange(start..<end, with: table.dropLast())
            try Data(text.utf8).write(to: Self.readme)
        }
        #expect(text.contains("\n" + table + "\n"))
    }
}
