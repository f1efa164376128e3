import AnomalyDetection
import Foundation
import PointStore
import Testing

/// What befalls streams between two points, and of what kind anomalies are.
@Suite struct EventTests {
    let scratch: Scratch
    init() throws { scratch = try Scratch() }

    private static let silence = EventRecord(stream: 1, sequence: 3, kind: .silence, time: 1_700_000_013_500_000)

    private static func anomaly(evidence: PointFlags, attribution: [Float] = []) -> Anomaly {
        Anomaly(
            startSequence: 4, start: silence.time, end: silence.time, peak: silence.time, peakScore: 0.4,
            peakChannel: 0, peakValue: .nan, peakPrediction: .nan, evidence: evidence, attribution: attribution,
            points: 0, isOpen: true)
    }

    /// Three points, after which nothing came.
    private func make(channels: Int = 1, _ anomaly: Anomaly = anomaly(evidence: .gap)) throws {
        let store = try PointStore(path: scratch.path)
        var commit = Commit()
        commit.streams = [stream(1, channels: channels)]
        commit.points = (0..<Int32(channels)).flatMap { channel in
            rows(1, 1...3).map { row in
                var row = row
                row.channel = channel
                return row
            }
        }
        commit.events = [Self.silence, Self.silence]
        commit.anomalies = [AnomalyRecord(stream: 1, anomaly: anomaly)]
        try store.commit(&commit)
        // Said twice, as when a commit is repeated whose success could not be told.
        commit = Commit()
        commit.events = [Self.silence]
        #expect(!commit.isEmpty)
        try store.commit(&commit)
        try store.close()
    }

    @Test func eventsAreReadBack() throws {
        try make()
        let reader = try StoreReader(path: scratch.path)
        #expect(try reader.events(of: 1) == [Self.silence])
        #expect(try reader.events(of: 1, from: 3) == [Self.silence])
        #expect(try reader.events(of: 1, from: 4) == [])
        #expect(try reader.events(of: 2) == [])
        #expect(try sqlite(scratch.path, "SELECT * FROM event") == ["1|3|silence|1700000013500000"])
    }

    @Test func anomaliesSayOfWhatKindTheyAre() throws {
        let shares: [Float] = [0.25, 0.75]
        try make(channels: 2, Self.anomaly(evidence: [.offSeason, .lasting], attribution: shares))
        let stored = try StoreReader(path: scratch.path).anomalies().rest()
        #expect(stored.map(\.kind) == [.levelShift])
        #expect(stored[0].anomaly.attribution == shares)
        #expect(
            try sqlite(scratch.path, "SELECT kind, json_extract(attribution, '$[1]') FROM anomaly")
                == ["shift|0.75"])
    }

    /// Those who may only read need not wait for the daemon's restart after an upgrade.
    @Test func anOlderFileHasNone() throws {
        let old = try sqlite(scratch.path, OldSchema.version1)
        #expect(old == ["wal"])
        _ = try sqlite(
            scratch.path,
            """
            INSERT INTO stream VALUES (1, 'old', 1, 0);
            INSERT INTO anomaly VALUES (1, 1, 4, 5, 6, 5, 0.5, 0, 1, 2, 3, 0);
            """)
        let reader = try StoreReader(path: scratch.path)
        #expect(try reader.events(of: 1) == [])
        #expect(try reader.anomalies().rest().map(\.kind) == [nil])
        try PointStore(path: scratch.path).close()
        #expect(try sqlite(scratch.path, "SELECT kind, attribution FROM anomaly") == ["NULL|NULL"])
    }

    @Test func verifyKnowsThem() throws {
        try make()
        #expect(try verify().findings.isEmpty)
        _ = try sqlite(scratch.path, "UPDATE event SET sequence = 2")
        let report = try verify()
        #expect(report.findings.contains { $0.text.contains("1 events do not stand behind their points") })
        #expect(report.findings.contains { $0.text.contains("does not begin, peak and end") })
    }

    private func verify() throws -> VerifyReport {
        var verification = try StoreVerification(path: scratch.path)
        return try verification.run()
    }

    @Test func salvageBringsThemOver() throws {
        try make()
        let new = scratch.directory + "/new.db"
        var salvage = try Salvage(scratch.path, to: new)
        let report = try salvage.run()
        #expect(report.isComplete, "\(report)")
        #expect(try sqlite(new, "SELECT * FROM event") == sqlite(scratch.path, "SELECT * FROM event"))
        #expect(try sqlite(new, "SELECT * FROM anomaly") == sqlite(scratch.path, "SELECT * FROM anomaly"))
    }

    /// The first point is lost: the others are numbered anew, and what befell between them stays there.
    @Test func salvageMovesThemWithTheirPoints() throws {
        try make()
        _ = try sqlite(scratch.path, unpack + "DELETE FROM point_row WHERE sequence = 1; UPDATE event SET sequence = 3")
        let new = scratch.directory + "/new.db"
        var salvage = try Salvage(scratch.path, to: new)
        _ = try salvage.run()
        #expect(try sqlite(new, "SELECT sequence FROM event") == ["2"])
        #expect(try sqlite(new, "SELECT start_sequence, points, kind FROM anomaly") == ["3|0|gap"])
        // Without its point, an event is no more, and the anomaly that it was neither.
        _ = try sqlite(scratch.path, "UPDATE event SET sequence = 1")
        var again = try Salvage(scratch.path, to: scratch.directory + "/again.db")
        _ = try again.run()
        #expect(try sqlite(scratch.directory + "/again.db", "SELECT count(*) FROM event") == ["0"])
        #expect(try sqlite(scratch.directory + "/again.db", "SELECT count(*) FROM anomaly") == ["0"])
    }
}
