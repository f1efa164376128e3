import AnomalyDetection
import Foundation
import PointStore
import Testing

/// What people say is stored and read back.
@Suite struct FeedbackTests {
    let scratch: Scratch
    init() throws { scratch = try Scratch() }

    @Test func itIsReadBack() throws {
        let store = try PointStore(path: scratch.path)
        var commit = Commit()
        commit.streams = [stream(1), stream(2)]
        commit.points = rows(1, 1...5)
        let label = feedback(on: 1, after: 3, anomaly: 2)
        let freeze = FeedbackRecord(stream: 1, sequence: 5, isSilent: true, time: 7, action: .freeze)
        let seen = FeedbackRecord(
            stream: 2, sequence: 0, isSilent: false, time: 9, action: .acknowledged, anomaly: 4, message: "größe")
        commit.feedback = [label, freeze, seen]
        #expect(!commit.isEmpty)
        try store.commit(&commit)
        try store.close()
        let reader = try StoreReader(path: scratch.path)
        #expect(try reader.feedback(of: 1) == [label, freeze])
        #expect(try reader.feedback(of: 1, from: 4) == [freeze])
        #expect(try reader.feedback(of: 2) == [seen])
        #expect(try reader.feedbackOfAnomalies() == [2: [label], 4: [seen]])
        #expect(label.act == .label(try #require(label.label)) && freeze.act == .freeze && seen.act == nil)
        // What a later version may store is passed over.
        _ = try sqlite(scratch.path, "UPDATE feedback SET action = 'praise' WHERE sequence = 5")
        _ = try sqlite(scratch.path, "UPDATE feedback SET kind = 'wobble' WHERE sequence = 3")
        #expect(try reader.feedback(of: 1) == [])
    }

    @Test func aDatabaseOfBeforeHasNone() throws {
        _ = try sqlite(scratch.path, OldSchema.version1)
        #expect(try StoreReader(path: scratch.path).feedback(of: 1) == [])
        #expect(try StoreReader(path: scratch.path).feedbackOfAnomalies().isEmpty)
    }
}
