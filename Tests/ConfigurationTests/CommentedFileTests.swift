import AnomalyConfiguration
import Foundation
import Testing

@Suite struct CommentedFileTests {
    static let shipped = URL(fileURLWithPath: #filePath)
        .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
        .appendingPathComponent("systemd/anomalyd.toml")

    /// `ANOMALYD_WRITE_DEFAULTS=1 swift test --filter CommentedFileTests` writes the file anew after a change.
    @Test func theShippedFileIsTheCommentedDefaults() throws {
        let expected = DaemonConfiguration.commentedDefaults()
        if ProcessInfo.processInfo.environment["ANOMALYD_WRITE_DEFAULTS"] == "1" {
            try Data(expected.utf8).write(to: Self.shipped)
        }
        #expect(try Data(contentsOf: Self.shipped) == Data(expected.utf8))
    }

    @Test func asShippedItChangesNothing() throws {
        let layer = ConfigurationLayer.file(Self.shipped.path)
        #expect(try DaemonConfiguration(layers: [layer], paths: .system) == DaemonConfiguration(paths: .system))
    }

    /// Every `#key = value` line, uncommented, states a default; and there is one for every key.
    @Test func itStatesTheTrueDefaults() throws {
        let text = try String(contentsOf: Self.shipped, encoding: .utf8)
        var section = ""
        var seen: [String] = []
        var lines: [String] = []
        for line in text.split(separator: "\n", omittingEmptySubsequences: false) {
            if line.hasPrefix("[") { section = String(line.dropFirst().dropLast()) }
            if let setting = line.wholeMatch(of: /#([a-z0-9_]+) = (.+)/) {
                seen.append("\(section).\(setting.1)")
                lines.append(String(line.dropFirst()))
            } else {
                lines.append(String(line))
            }
        }
        #expect(seen == ConfigurationKey.all.map(\.path))
        let layer = ConfigurationLayer(toml: lines.joined(separator: "\n"), source: "uncommented")
        #expect(layer.problems == [])
        // Other folders, so that the file's own paths are really read.
        let elsewhere = DefaultPaths(configurationDirectory: "/x", stateDirectory: "/y", runtimeDirectory: "/z")
        let read = try DaemonConfiguration(layers: [layer], paths: elsewhere)
        #expect(read == DaemonConfiguration(paths: .system))
    }

    @Test func itsExampleWorks() throws {
        let example = DaemonConfiguration.commentedDefaults().split(separator: "\n")
            .filter { $0.hasPrefix("#     ") }.map { $0.dropFirst(6) }.joined(separator: "\n")
        let layer = ConfigurationLayer(toml: example, source: "example")
        let configuration = try DaemonConfiguration(layers: [layer], paths: .system)
        #expect(configuration.streams.count == 2)
        let settings = configuration.settings(forStream: "web.eu.latency")
        #expect(settings != configuration.settings(forStream: "web.eu.errors"))
        #expect(settings.storage.checkpointInterval == 300_000_000)
    }

    @Test func linesAreShortAndNameTheirPaths() {
        let paths = DefaultPaths(configurationDirectory: "/c", stateDirectory: "/s", runtimeDirectory: "/r")
        let text = DaemonConfiguration.commentedDefaults(paths: paths)
        #expect(text.split(separator: "\n").allSatisfy { $0.count <= 100 && $0.last != " " })
        for name in ["/c/anomalyd.toml", "/s/anomaly.db", "/r/feed.sock", "/r/control.sock"] {
            #expect(text.contains(name))
        }
    }

    @Test func whatIsInForceIsReadBackTheSame() throws {
        let layer = ConfigurationLayer(
            toml: #"""
                [feed]
                listen = ["/tmp/a b", "/tmp/\"q\"\\é"]
                [model]
                learning_rate = 1e-7
                seed = 9223372036854775807
                [database]
                commit_interval = 0.0015
                [[stream]]
                match = 'a\[b"*'
                model.hidden = 9
                score.rest = 50
                [[stream]]
                match = "*"
                storage.checkpoint_interval = "1d"
                """#, source: "f")
        let configuration = try DaemonConfiguration(layers: [layer], paths: .system)
        let text = configuration.effectiveFile(paths: .system)
        let again = ConfigurationLayer(toml: text, source: "effective")
        #expect(again.problems == [])
        let elsewhere = DefaultPaths(configurationDirectory: "/x", stateDirectory: "/y", runtimeDirectory: "/z")
        #expect(try DaemonConfiguration(layers: [again], paths: elsewhere) == configuration)
        #expect(text.contains("learning_rate = 1e-07  # f:4; default: 0.006\n"))
        #expect(text.contains("hidden = 16\n"))
    }

    @Test func theMarkdownTableHasARowForEachKey() {
        let lines = DaemonConfiguration.markdownTable().split(separator: "\n")
        #expect(lines.count == ConfigurationKey.all.count + 2)
        #expect(lines.allSatisfy { $0.hasPrefix("|") && $0.hasSuffix("|") && $0.count { $0 == "|" } == 6 })
        #expect(
            lines.contains { $0.hasPrefix("| `model.hidden` | units | `16` | an integer from 1 to 1024 | more for") })
    }
}
