import Foundation
import Testing

/// `anomalyctl anomalies` and `explain` on what a daemon has found, beside it and after it.
@Suite struct AnomalyTests {
    let folder: TemporaryFolder
    init() throws { folder = try TemporaryFolder() }

    private func object(_ text: String) throws -> [String: Any] {
        try #require(try JSONSerialization.jsonObject(with: Data(text.utf8)) as? [String: Any], "\(text)")
    }

    @Test func foundListedShownAndExplained() throws {
        let daemon = try DaemonProcess.start(in: folder)
        let client = try daemon.client()
        // Two streams that are hit by the same thing, and noise that is the same in every run.
        var random = SplitMix(seed: 1)
        var text = ""
        for t in 1...600 {
            let noise = Double(random.next() % 1000) / 1000
            let hit = t == 500 ? 40.0 : 0
            text += "wave \(sin(Double(t) / 5) + noise + hit) \(t * 60)\n"
            text += "wide \(noise),\(cos(Double(t) / 5) + noise - hit) \(t * 60 + 5)\n"
        }
        try client.send(text)
        try client.sync()

        let list = try folder.anomalyctl(
            "anomalies", "wave", "--min-score", "0.3", "--sort", "score", "-n", "1", "-o", "json")
        #expect(list.exit == .code(0) && list.errors.isEmpty, "\(list)")
        let worst = try object(list.output)
        #expect(worst["peak"] as? String == "1970-01-01T08:20:00.000000Z")
        #expect((worst["value"] as? Double ?? 0) > 38)
        let id = try #require(worst["id"] as? Int)

        let shown = try folder.anomalyctl("anomalies", "show", "\(id)", "--utc")
        #expect(shown.exit == .code(0) && shown.output.hasPrefix("Anomaly \(id) of wave"), "\(shown)")
        #expect(shown.output.contains("\n1970-01-01 08:20:00.000  wave "))
        #expect(shown.output.contains("\n1970-01-01 08:15:00.000  wave "))

        let explained = try object(try folder.anomalyctl("explain", "\(id)", "-o", "json").output)
        #expect(explained["interval"] as? Double == 60)
        #expect((explained["half_widths"] as? Double ?? 0) > 5)
        let related = try #require((explained["related"] as? [String: Any])?["nearest"] as? [[String: Any]])
        #expect(related.first?["stream"] as? String == "wide")
        try daemon.stop()

        // The same without the daemon, by the name of the stream.
        let words = try folder.anomalyctl("explain", "wide", "--utc")
        #expect(words.exit == .code(0) && words.output.hasPrefix("Anomaly "), "\(words)")
        #expect(words.output.contains("Channels: channel 1 for "), "\(words.output)")
        let unknown = try folder.anomalyctl("explain", "987654")
        #expect(unknown.exit == .code(4))
        #expect(
            unknown.errors == "anomalyctl: there is no anomaly 987654\nto see the numbers, try: anomalyctl anomalies\n")
    }
}
