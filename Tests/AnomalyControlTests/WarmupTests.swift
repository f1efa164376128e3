import AnomalyControl
import AnomalyDetection
import Foundation
import PointStore
import Testing

/// How far streams are with their warm-up, as `anomalyctl streams` tells it.
@Suite struct WarmupTests {
    /// "young" has seen 37 points and warms up, "old" is through with it.
    private func store() throws -> SampleStore {
        let store = try SampleStore()
        var commit = Commit()
        for (id, name) in [(1, "old"), (2, "young")] as [(Int32, String)] {
            commit.streams.append(StreamRecord(id: id, name: name, channels: 1, created: SampleStore.start))
            for sequence in 1...37 as ClosedRange<Int64> {
                commit.points.append(
                    PointRow(
                        stream: id, channel: 0, sequence: sequence, time: SampleStore.start + sequence, value: 1,
                        prediction: 1, lower: 1, upper: 1, residual: 0, score: 0,
                        flags: id == 2 || sequence < 30 ? .warmup : []))
            }
        }
        try store.writer.commit(&commit)
        return store
    }

    private func lines(_ store: SampleStore, _ arguments: String...) throws -> [String] {
        try InProcess(database: store.path).output(["streams", "--config", "/dev/null"] + arguments)
            .split(separator: "\n").map(String.init)
    }

    @Test func tablesShowSeenAndAll() throws {
        let store = try store()
        let table = try lines(store)
        #expect(table.count == 3)
        #expect(table[0].contains("WARMING"))
        #expect(!table[1].contains("/128"))
        #expect(table[2].contains("37/128"))
        #expect(try lines(store, "--set", "score.warmup=500")[2].contains("37/500"))
        // What is over by this configuration is not by the daemon's.
        let other = try lines(store, "--set", "score.warmup=20")[2]
        #expect(other.contains("37") && !other.contains("/20"))
        #expect(try lines(store, "old").allSatisfy { !$0.contains("WARMING") })
    }

    @Test func jsonHasBothNumbers() throws {
        let objects = try lines(try store(), "-o", "json")
        #expect(objects[1].contains(#""warming":"37/128","warmup_seen":37,"warmup_points":128"#))
        #expect(objects[0].contains(#""warming":"","warmup_seen":null,"warmup_points":null"#))
    }

    @Test func aConfigurationThatIsNamedMustBeThere() throws {
        let store = try store()
        #expect(throws: (any Error).self) {
            try InProcess(database: store.path).output(["streams", "--config", "/nonexistent.toml"])
        }
    }
}
