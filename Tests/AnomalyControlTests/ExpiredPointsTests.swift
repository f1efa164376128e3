import AnomalyDetection
import Foundation
import PointStore
import Testing

/// What `anomalyctl` says and makes of points that have expired, and `db vacuum` without a daemon.
@Suite struct ExpiredPointsTests {
    private static let start = SampleStore.start - 86_400_000_000

    /// A day at a point every ten seconds; the noise makes the file larger than the roll-ups alone.
    private func filled() throws -> SampleStore {
        let store = try SampleStore()
        var commit = Commit()
        commit.streams = [StreamRecord(id: 1, name: "cpu", channels: 1, created: Self.start)]
        for number in 1...8640 as ClosedRange<Int64> {
            let value = Double(number % 360)
            commit.points.append(
                PointRow(
                    stream: 1, channel: 0, sequence: number, time: Self.start + (number - 1) * 10_000_000, value: value,
                    prediction: value - 0.25, lower: value - 1, upper: value + 1, residual: 0.25,
                    score: number == 1000 ? 0.75 : 0.125, flags: number == 1000 ? .anomaly : []))
        }
        commit.checkpoints = [8639, 8640].map { CheckpointRecord(stream: 1, sequence: $0, state: [1, 2, 3]) }
        try store.writer.commit(&commit)
        try store.writer.seal()
        try store.writer.close()
        return store
    }

    @Test func stepsAreTheSameWithAndWithoutPoints() throws {
        let store = try filled()
        let program = InProcess(database: store.path)
        let steps = ["1h", "2h", "1d", "5m", "10m"]
        func all(_ more: String...) throws -> [String] {
            try steps.map { try program.output(["query", "cpu", "--step", $0, "-o", "csv", "--utc"] + more) }
        }
        let before = try (all(), all("--reverse"), all("-n", "7"), all("--since", "2026-11-23 02:00"))
        let vacuum = try program.output("db", "vacuum", "--set", "retention.raw=6h")
        #expect(vacuum.hasPrefix("freed ") && vacuum.hasSuffix("deleted 6,144 points\n"), "\(vacuum)")
        #expect(try StoreReader(path: store.path).oldest(of: 1)?.sequence == 6145)
        let after = try (all(), all("--reverse"), all("-n", "7"), all("--since", "2026-11-23 02:00"))
        for (one, other) in [(after.0, before.0), (after.1, before.1), (after.2, before.2), (after.3, before.3)] {
            for (index, step) in steps.enumerated() { Self.expectSame(one[index], other[index], step) }
        }
        // Of single points, a sum knows nothing.
        let flagged = try program.output("query", "cpu", "--anomalies", "--step", "1h", "-o", "csv", "--no-header")
        #expect(flagged == "")
    }

    /// But for the last digits of means, which are put together from others.
    private static func expectSame(_ one: String, _ other: String, _ what: String) {
        let (rows, others) = (one.split(separator: "\n"), other.split(separator: "\n"))
        #expect(rows.count == others.count && rows.count > 1, "\(what): \(rows.count), \(others.count)")
        for (row, other) in zip(rows, others) {
            var isSame = true
            for (one, other) in zip(row.split(separator: ","), other.split(separator: ",")) where one != other {
                guard let number = Double(one), let expected = Double(other) else {
                    isSame = false
                    continue
                }
                isSame = isSame && abs(number - expected) < 1e-9
            }
            #expect(isSame, "\(what): \(row) is not \(other)")
        }
    }

    @Test func itIsSaidThatPointsHaveExpired() throws {
        let store = try filled()
        func query(_ arguments: String...) throws -> BuiltProgram.Result {
            try BuiltProgram().run(["--database", store.path, "query", "cpu", "--utc"] + arguments)
        }
        #expect(try query().errors == "")
        _ = try InProcess(database: store.path).output("db", "vacuum", "--set", "retention.raw=6h")
        let result = try query("-o", "csv")
        #expect(
            result.errors.contains("points of cpu before 2026-11-23 07:04:00.000 have expired")
                && result.errors.contains("--step"), "\(result.errors)")
        #expect(result.status == 0 && result.output.split(separator: "\n").count == 8640 - 6144 + 1)
        #expect(try query("--since", "2026-11-23 08:00").errors == "")
        #expect(try query("-n", "5").errors == "")
        #expect(try query("--step", "1h").errors == "")
        #expect(try query("--step", "7m").errors.contains("have expired"))
        #expect(try query("-q").errors == "")
    }

    @Test func diskUsageShowsTiersAndWhatExpires() throws {
        let store = try filled()
        let program = InProcess(database: store.path)
        let json = try program.output("db", "disk-usage", "-o", "json", "--set", "retention.raw=6h")
        // An hour after the last point: chunks of 1,024 that end seven hours before it.
        #expect(json.contains(#""part":"rollup_5m""#) && json.contains(#""part":"rollup_1h""#), "\(json)")
        #expect(json.contains(#""part":"expired""#) && json.contains(#""values":6144"#), "\(json)")
        let none = try program.output("db", "disk-usage", "-o", "json")
        #expect(none.contains(#"{"part":"expired","bytes":0"#), "\(none)")
    }

    @Test func vacuumWithoutADaemon() throws {
        let store = try filled()
        let full = try BuiltProgram().run("--database", store.path, "db", "vacuum", "--full")
        #expect(full.status == 0 && full.output.contains("deleted nothing"), "\(full)")
        let missing = try BuiltProgram().run("--database", store.folder + "/none.db", "db", "vacuum")
        #expect(missing.status == 1 && missing.errors.contains("none.db"), "\(missing)")
        #expect(!FileManager.default.fileExists(atPath: store.folder + "/none.db"))
        let writer = try PointStore(path: store.path)
        let locked = try BuiltProgram().run("--database", store.path, "db", "vacuum")
        #expect(locked.status == 1 && locked.errors.contains("leave out --database"), "\(locked)")
        try writer.close()
        #expect(try BuiltProgram().run("db", "vacuum", "--full", "--socket", "x").status == 2)
    }
}
