import AnomalyDetection
import Foundation
import PointStore
import Testing

/// What sinks have been told, and what they should be told of.
@Suite struct AlertTests {
    let scratch: Scratch
    init() throws { scratch = try Scratch() }

    private static let time: Int64 = 1_700_000_000_000_000

    private static func told(
        _ stream: Int32, _ start: Int64, _ sink: String = "pager", id: Int64, _ state: AlertRecord.State = .firing,
        at told: Int64 = time
    ) -> AlertRecord {
        AlertRecord(
            key: AlertKey(stream: stream, start: start), sink: sink, anomaly: id, state: state, since: time, told: told,
            score: 0.5, deviation: .nan, isAcknowledged: true, isListed: false)
    }

    /// Four anomalies: 1 and 4 are open.
    private func make(_ more: (inout Commit) -> Void = { _ in }) throws -> PointStore {
        let store = try PointStore(path: scratch.path)
        var commit = Commit()
        commit.streams = (1...4).map { stream($0) }
        commit.points = (1...4).flatMap { rows($0, 1...9) }
        commit.anomalies = (1...4).map { id in
            AnomalyRecord(
                stream: id, anomaly: anomaly(5, start: Self.time + 5_000_000, isOpen: id == 1 || id == 4))
        }
        more(&commit)
        try store.commit(&commit)
        return store
    }

    @Test func whatWasToldIsReadBack() throws {
        let records = [Self.told(1, 5, id: 1), Self.told(2, 5, id: 2, .resolved), Self.told(2, 5, "chat", id: 2)]
        let store = try make {
            $0.alerts = [Self.told(1, 5, id: 1, at: 7)] + records
            $0.alertSinks = [AlertSinkRecord(sink: "pager", through: 1), AlertSinkRecord(sink: "chat", through: 2)]
        }
        let reader = try StoreReader(path: scratch.path)
        #expect(try reader.alertSinks() == ["pager": 1, "chat": 2])
        let read = try reader.alerts()
        #expect(read.count == 3)
        #expect(read.allSatisfy { $0.deviation.isNaN && $0.isAcknowledged && !$0.isListed && $0.told == Self.time })
        #expect(try reader.alerts(after: 2).map(\.sink) == ["pager", "chat"], "those that fire")
        // Alone in a commit, and as an empty one.
        var commit = Commit()
        commit.alertSinks = [AlertSinkRecord(sink: "pager", through: 3)]
        #expect(!commit.isEmpty)
        try store.commit(&commit)
        commit.removeAll()
        #expect(commit.isEmpty)
        #expect(try reader.alertSinks() == ["pager": 3, "chat": 2])
    }

    @Test func candidatesAreOpenNewOrKnownAsFiring() throws {
        _ = try make { $0.alerts = [Self.told(2, 5, id: 2)] }
        let reader = try StoreReader(path: scratch.path)
        #expect(try reader.alertCandidates(after: 4).map(\.stored.id) == [1, 2, 4])
        #expect(try reader.alertCandidates(after: 2).map(\.stored.id) == [1, 2, 3, 4])
        let keys = [AlertKey(stream: 3, start: 5), AlertKey(stream: 1, start: 5), AlertKey(stream: 1, start: 6)]
        #expect(try reader.alertSubjects(keys).map(\.stored.id) == [1, 3])
        #expect(try reader.alertSubjects([]).isEmpty)
    }

    @Test func whatPeopleSayDecides() throws {
        func said(_ stream: Int32, _ action: FeedbackRecord.Action, after sequence: Int64 = 6) -> FeedbackRecord {
            FeedbackRecord(stream: stream, sequence: sequence, isSilent: false, time: 1, action: action)
        }
        _ = try make { commit in
            var seen = said(1, .acknowledged)
            (seen.anomaly, seen.message) = (1, "ticket 4711")
            var mute = said(3, .mute, after: 2)
            mute.until = .max / 2
            var excluded = said(4, .exclude)
            (excluded.since, excluded.until) = (Self.time, Self.time + 9_000_000)
            commit.feedback = [seen, feedback(on: 2, after: 6, anomaly: 5), mute, excluded]
            commit.feedback[1].anomaly = 2
        }
        let subjects = try StoreReader(path: scratch.path).alertCandidates(after: 0)
        #expect(subjects.map { $0.acknowledgement?.message } == ["ticket 4711", nil, nil, nil])
        #expect(subjects.map(\.isFalsePositive) == [false, true, false, false])
        #expect(subjects.map(\.isMuted) == [false, false, true, false])
        #expect(subjects.map(\.isExcluded) == [false, false, false, true])
    }

    /// A mute holds back what is open when it is said, until the anomaly outlasts it.
    @Test(arguments: [(Int64(4_000_000), false), (6_000_000, true)]) func muted(until: Int64, holds: Bool) throws {
        _ = try make { commit in
            var mute = FeedbackRecord(stream: 1, sequence: 6, isSilent: false, time: 1, action: .mute)
            mute.until = Self.time + until
            commit.feedback = [mute]
        }
        #expect(try StoreReader(path: scratch.path).alertCandidates(after: 0)[0].isMuted == holds)
    }

    /// Taking a mute back lets what is open be told, and nothing else.
    @Test(arguments: [(Int32(1), false), (2, true)]) func unmuted(stream: Int32, holds: Bool) throws {
        _ = try make { commit in
            var mute = FeedbackRecord(stream: stream, sequence: 2, isSilent: false, time: 1, action: .mute)
            mute.until = .max / 2
            let unmute = FeedbackRecord(stream: stream, sequence: 6, isSilent: false, time: 1, action: .unmute)
            commit.feedback = [mute, unmute]
        }
        let subject = try StoreReader(path: scratch.path).alertCandidates(after: 0)[Int(stream) - 1]
        #expect(subject.isMuted == holds && subject.isToldAgain)
    }

    @Test func whatIsOverIsForgottenInTime() throws {
        let store = try make {
            $0.alerts = [
                Self.told(1, 5, id: 1, at: 10), Self.told(2, 5, id: 2, .resolved, at: 10),
                Self.told(3, 5, id: 3, .resolved, at: 30), Self.told(4, 5, id: 4, .resolved, at: 10),
                Self.told(2, 5, "chat", id: 2, .resolved, at: 10),
            ]
        }
        var commit = Commit()
        commit.alertSinks = [AlertSinkRecord(sink: "pager", through: 3, forgetBefore: 20)]
        try store.commit(&commit)
        let left = try sqlite(scratch.path, "SELECT sink, anomaly_id FROM alert ORDER BY sink, anomaly_id")
        #expect(left == ["chat|2", "pager|1", "pager|3", "pager|4"])
    }

    @Test func anOlderFileHasNone() throws {
        _ = try sqlite(scratch.path, OldSchema.version1)
        _ = try sqlite(
            scratch.path,
            """
            INSERT INTO stream VALUES (1, 'old', 1, 0);
            INSERT INTO anomaly VALUES (1, 1, 4, 5, 6, 5, 0.5, 0, 1, 2, 3, 1);
            """)
        let reader = try StoreReader(path: scratch.path)
        #expect(try reader.alerts().isEmpty && reader.alertSinks().isEmpty)
        #expect(try reader.alertCandidates(after: 1).map(\.stored.id) == [1])
        try reader.close()
        try PointStore(path: scratch.path).close()
        #expect(try StoreReader(path: scratch.path).alerts().isEmpty)
    }

    @Test func verifyKnowsThem() throws {
        try make { $0.alerts = [Self.told(1, 5, id: 1)] }.close()
        func findings() throws -> [String] {
            var verification = try StoreVerification(path: scratch.path)
            return try verification.run().findings.map(\.text)
        }
        _ = try sqlite(scratch.path, "UPDATE alert SET start_sequence = 6")
        #expect(try findings().contains("1 alerts are of other anomalies than they say"))
        _ = try sqlite(scratch.path, "UPDATE alert SET start_sequence = 5, stream_id = 9")
        #expect(try findings().contains("table alert has rows of stream 9, which does not exist"))
    }

    /// The first point is lost: the others are numbered anew, and what was told stays with its anomaly.
    @Test func salvageMovesThemWithTheirAnomalies() throws {
        try make {
            $0.alerts = [Self.told(1, 5, id: 1), Self.told(2, 5, id: 77)]
            $0.alertSinks = [AlertSinkRecord(sink: "pager", through: 3)]
        }.close()
        _ = try sqlite(scratch.path, unpack + "DELETE FROM point_row WHERE sequence = 1")
        let new = scratch.directory + "/new.db"
        var salvage = try Salvage(scratch.path, to: new)
        _ = try salvage.run()
        let rows = try sqlite(
            new,
            "SELECT t.anomaly_id, t.start_sequence = a.start_sequence FROM alert t JOIN anomaly a ON a.id = t.anomaly_id"
        )
        #expect(rows == ["1|1"])
        #expect(try sqlite(new, "SELECT count(*) FROM alert") == ["1"])
        #expect(try sqlite(new, "SELECT name, through FROM alert_sink") == ["pager|3"])
    }
}
