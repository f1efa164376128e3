import AnomalyControl
import Foundation
import Testing

/// What every format makes of the sample store, kept as files in Snapshots. Escape characters are shown as "␛".
///
/// `ANOMALYCTL_WRITE_SNAPSHOTS=1` writes the files anew; look at the difference before you commit it.
@Suite struct SnapshotTests {
    private static let folder = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "Snapshots")
    private static let commands: [(name: String, arguments: [String])] = [
        ("query", ["query"]), ("buckets", ["query", "--step", "2s"]), ("streams", ["streams"]),
        ("anomalies", ["anomalies", "list"]), ("groups", ["anomalies", "groups"]),
    ]
    /// Formats for people; the others look the same on every terminal.
    private static let forPeople: Set<String> = ["table", "short"]

    private func run(columns: Int, colour: Bool, _ arguments: [String]) throws -> String {
        let store = try SampleStore.filled()
        let context = InProcess(columns: columns, colour: colour, database: store.path)
        return try context.output(arguments + ["--utc"]).replacing("\u{1B}", with: "␛")
    }

    private func compare(_ text: String, with name: String) throws {
        let file = Self.folder.appending(path: name)
        if ProcessInfo.processInfo.environment["ANOMALYCTL_WRITE_SNAPSHOTS"] == "1" {
            try FileManager.default.createDirectory(at: Self.folder, withIntermediateDirectories: true)
            try Data(text.utf8).write(to: file)
        }
        #expect(try String(contentsOf: file, encoding: .utf8) == text, "\(name)")
    }

    @Test(arguments: RecordFormat.all.map(\.name)) func everyFormat(format: String) throws {
        for (name, arguments) in Self.commands {
            for columns in [80, 120] {
                for colour in [false, true] {
                    let text = try run(columns: columns, colour: colour, arguments + ["-o", format])
                    let looks = Self.forPeople.contains(format) ? "-\(columns)" + (colour ? "-colour" : "") : ""
                    try compare(text, with: "\(name)-\(format)\(looks).txt")
                }
            }
        }
    }

    @Test func plots() throws {
        let store = try SampleStore.withAnomalies()
        for columns in [80, 120] {
            for colour in [false, true] {
                let looks = "\(columns)" + (colour ? "-colour" : "")
                let unicode = InProcess(columns: columns, colour: colour, database: store.path)
                var ascii = unicode
                ascii.isUnicode = false
                for (name, context) in [("plot", unicode), ("plot-ascii", ascii)] {
                    let text = try context.output("plot", "cpu.load", "--utc").replacing("\u{1B}", with: "␛")
                    try compare(text, with: "\(name)-\(looks).txt")
                }
            }
        }
        let channels = try InProcess(columns: 80, database: store.path)
            .output("plot", "web", "--utc", "--channel", "all", "--height", "8")
        try compare(channels, with: "plot-channels-80.txt")
    }
}
