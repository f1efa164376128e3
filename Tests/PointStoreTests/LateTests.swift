import AnomalyDetection
import Foundation
import PointStore
import Testing

/// Points that wait, and points that came late and were kept.
@Suite struct LateTests {
    let scratch: Scratch
    init() throws { scratch = try Scratch() }

    private static let start: Int64 = 1_700_000_000_000_000
    /// The time of a point of `rows`.
    private static func time(_ sequence: Int64) -> Int64 { start + sequence * 1_000_000 }

    private func commit(
        _ store: PointStore, streams: [StreamRecord] = [], points: [PointRow] = [], pending: [(Int64, [Double])] = [],
        through: Int64? = nil, late: [(Int64, [Double])] = []
    ) throws -> LateOutcome {
        var commit = Commit()
        commit.streams = streams
        commit.points = points
        for (time, values) in pending {
            values.withUnsafeBufferPointer { commit.append(pending: time, values: $0, of: 1) }
        }
        if let through { commit.released = [PendingRelease(stream: 1, through: through)] }
        for (time, values) in late {
            values.withUnsafeBufferPointer { commit.append(late: time, values: $0, of: 1) }
        }
        #expect(!commit.isEmpty)
        return try store.commit(&commit)
    }

    private func table(_ sql: String) throws -> [String] { try sqlite(scratch.path, sql) }

    // MARK: Points that wait

    @Test func pointsWaitAndGoOn() throws {
        let store = try PointStore(path: scratch.path)
        _ = try commit(
            store, streams: [stream(1, channels: 2), stream(2)],
            pending: [(30, [3, .nan]), (10, [1, 1]), (20, [2, 2])])
        #expect(
            try table("SELECT * FROM pending") == [
                "1|10|0|1.0", "1|10|1|1.0", "1|20|0|2.0", "1|20|1|2.0",
                "1|30|0|3.0", "1|30|1|NULL",
            ])
        let waiting = try StoreReader(path: scratch.path).pending(of: 1)
        #expect(waiting.map(\.time) == [10, 20, 30] && waiting[0].values == [1, 1])
        #expect(waiting[2].values[0] == 3 && waiting[2].values[1].isNaN)
        #expect(try StoreReader(path: scratch.path).pending(of: 2) == [])
        let summaries = try StoreReader(path: scratch.path).streamSummaries()
        #expect(summaries.map(\.pending) == [3, 0] && summaries.map(\.points) == [0, 0])

        // The first two go on; a fourth comes and goes on within the commit, a fifth waits.
        _ = try commit(store, pending: [(15, [9, 9]), (40, [4, 4])], through: 20)
        #expect(try StoreReader(path: scratch.path).pending(of: 1).map(\.time) == [30, 40])
        // After a failure all of it can be tried again: nothing of it has happened.
        let wrong = #expect(throws: StoreError.self) {
            _ = try commit(store, streams: [stream(2)], pending: [(50, [5, 5])], through: 30)
        }
        #expect(wrong?.cause == .conflict)
        #expect(try StoreReader(path: scratch.path).pending(of: 1).map(\.time) == [30, 40])
        // Saying it twice changes nothing.
        _ = try commit(store, pending: [(40, [4, 4])])
        #expect(try StoreReader(path: scratch.path).pending(of: 1).map(\.time) == [30, 40])
        _ = try commit(store, through: 100)
        #expect(try table("SELECT count(*) FROM pending") == ["0"])
    }

    // MARK: Points that came late

    @Test func latePointsAreKeptInTheirPlace() throws {
        let store = try PointStore(path: scratch.path)
        let outcome = try commit(
            store, streams: [stream(1)], points: rows(1, 5...7),
            // Before all, between two, at the time of one that is stored in the same commit, and missing.
            late: [
                (Self.time(1), [1]), (Self.time(5) + 5, [55]), (Self.time(6), [66]), (Self.time(5) + 5, [56]),
                (Self.time(6) + 5, [.nan]),
            ])
        #expect(outcome == LateOutcome(kept: 3, duplicates: 2))
        #expect(try commit(store, late: [(Self.time(7), [7])]) == LateOutcome(kept: 0, duplicates: 1))
        #expect(
            try table(
                "SELECT (time - \(Self.start)) / 1e6, sequence, value, prediction, score, flags FROM point ORDER BY time"
            ) == [
                "1.0|0|1.0|NULL|NULL|128", "5.0|5|5.0|4.5|0.1|0", "5.000005|0|55.0|NULL|NULL|128",
                "6.0|6|6.0|5.5|0.1|0", "6.000005|0|NULL|NULL|NULL|129", "7.0|7|7.0|6.5|0.1|0",
            ])
        #expect(
            try table("SELECT value, late, missing, anomaly FROM recent_point WHERE late ORDER BY time_us")
                == ["1.0|1|0|0", "55.0|1|0|0", "NULL|1|1|0"])
        let points = try StoreReader(path: scratch.path).all()
        #expect(points.map(\.sequence) == [0, 5, 0, 6, 0, 7])
        #expect(points.map { $0.flags.contains(.late) } == [true, false, true, false, true, false])
        #expect(points[0].score.isNaN && points[0].channels[0].prediction.isNaN)
        let summary = try StoreReader(path: scratch.path).streamSummaries()[0]
        #expect(summary.points == 6 && summary.firstTime == Self.time(1) && summary.lastTime == Self.time(7))
        #expect(try store.newest(of: 1) == StreamPosition(sequence: 7, time: Self.time(7)))
        _ = try commit(store, pending: [(Self.time(9), [9])])
        var verification = try StoreVerification(path: scratch.path)
        let verified = try verification.run()
        #expect(verified.isSound && verified.points == 6 && verified.values == 6, "\(verified.findings)")
    }

    @Test func channelsOfLatePointsStayTogether() throws {
        let store = try PointStore(path: scratch.path)
        let outcome = try commit(
            store, streams: [stream(1, channels: 3)],
            late: [(10, [1, .nan, 3]), (20, [.nan, .nan, .nan]), (10, [4, 5, 6])])
        #expect(outcome == LateOutcome(kept: 2, duplicates: 1))
        #expect(
            try table("SELECT time, channel, value, flags FROM point") == [
                "10|0|1.0|128", "10|1|NULL|128", "10|2|3.0|128", "20|0|NULL|129", "20|1|NULL|129", "20|2|NULL|129",
            ])
        #expect(try table("SELECT late FROM stream") == ["2"])
    }

    /// Late points lie at any times among the others; replay counts by sequence and passes them over.
    @Test func replayPassesLatePointsOver() throws {
        let store = try PointStore(path: scratch.path)
        let late = (0...9_000).map { (Self.time($0) + 7, [Double(-$0)]) }
        _ = try commit(store, streams: [stream(1)], points: rows(1, 1...9_000), late: late)
        for after in [0, 1, 4095, 4096, 8_999, 9_000] as [Int64] {
            var expected = after + 1
            try store.replay(of: 1, after: after) { sequence, time, values, flags in
                #expect(sequence == expected && values == [Double(sequence)] && time == Self.time(sequence))
                #expect(!flags.contains(.late))
                expected += 1
            }
            #expect(expected == 9_001)
        }
    }

    // MARK: Files of older versions

    @Test(arguments: ["version 1", "version 2"]) func anOlderFile(version: String) throws {
        _ = try table(OldSchema.version1)
        if version == "version 2" { _ = try table(OldSchema.version2) }
        _ = try table(
            """
            INSERT INTO stream VALUES (1, 'old', 1, 1700000000000000);
            INSERT INTO point VALUES (1, 1700000001000000, 0, 1, 5, 4.5, 4, 5, 0.5, 0.25, 0);
            """)
        // Readers need not wait for the daemon.
        let summary = try StoreReader(path: scratch.path).streamSummaries()[0]
        #expect(summary.points == 1 && summary.pending == 0)
        #expect(try StoreReader(path: scratch.path).all().map(\.sequence) == [1])
        // The writer brings it up to date, to the schema of a file that is made anew.
        let store = try PointStore(path: scratch.path)
        let outcome = try commit(store, pending: [(Self.time(9), [9])], late: [(Self.time(0), [0])])
        #expect(outcome == LateOutcome(kept: 1, duplicates: 0))
        try store.close()
        let now = try StoreReader(path: scratch.path).streamSummaries()[0]
        #expect(now.points == 2 && now.pending == 1)
        let fresh = try Scratch()
        try PointStore(path: fresh.path).close()
        let schema = "SELECT name, sql FROM sqlite_schema ORDER BY name"
        #expect(try table(schema) == sqlite(fresh.path, schema))
    }
}
