import AnomalyDetection
import PointStore
import Testing

/// What people have ordered is read back, and so is what of it holds.
@Suite struct StreamOrdersTests {
    let scratch: Scratch
    init() throws { scratch = try Scratch() }

    private func said(
        _ action: FeedbackRecord.Action, after sequence: Int64, on stream: Int32 = 1, anomaly: Int64? = nil,
        _ change: (inout FeedbackRecord) -> Void = { _ in }
    ) -> FeedbackRecord {
        var record = FeedbackRecord(
            stream: stream, sequence: sequence, isSilent: false, time: sequence, action: action, anomaly: anomaly,
            message: "why", user: 3)
        change(&record)
        return record
    }

    private func reader(_ feedback: [FeedbackRecord]) throws -> StoreReader {
        let store = try PointStore(path: scratch.path)
        var commit = Commit()
        commit.streams = [stream(1), stream(2)]
        commit.feedback = feedback
        try store.commit(&commit)
        try store.close()
        return try StoreReader(path: scratch.path)
    }

    private func stored(_ id: Int64, from sequence: Int64, at start: Int64) -> StoredAnomaly {
        StoredAnomaly(id: id, stream: 1, anomaly: anomaly(sequence, start: start, end: start, isOpen: false))
    }

    @Test func whatHoldsIsKnown() throws {
        func range(_ since: Int64, _ until: Int64) -> (inout FeedbackRecord) -> Void {
            { ($0.since, $0.until) = (since, until) }
        }
        let feedback = [
            said(.exclude, after: 5, range(100, 200)), said(.exclude, after: 6, range(50, 60)),
            said(.freeze, after: 7), said(.include, after: 8, range(100, 200)),
            said(.exclude, after: 9, on: 2, range(1, 2)), said(.exclude, after: 9, range(300, 400)),
            said(.rule, after: 9) { $0.rule = .direction(.above) },
            said(.rule, after: 9) { $0.rule = .expectedRange(ExpectedRange(0, 100)) },
            said(.rule, after: 10) { $0.rule = .direction(nil) },
        ]
        let reader = try reader(feedback)
        #expect(try reader.feedback(of: 1) == feedback.filter { $0.stream == 1 })
        let orders = try reader.orders()
        #expect(Set(orders.keys) == [1, 2])
        let own = try #require(orders[1])
        #expect(own.exclusions.map(\.id) == [2, 6] && own.exclusions.map(\.record) == [feedback[1], feedback[5]])
        #expect(own.standing.rules == [.expectedRange(ExpectedRange(0, 100))])
        #expect(own.isExcluded(stored(1, from: 3, at: 50)) && !own.isExcluded(stored(2, from: 3, at: 60)))
        #expect(!own.isExcluded(stored(3, from: 3, at: 150)), "it was taken back")
        #expect(!own.isMuted(stored(1, from: 3, at: 50)))
        // What a later version may order is passed over.
        _ = try sqlite(scratch.path, "UPDATE feedback SET rule = 'mood = 3' WHERE id = 8")
        #expect(try reader.orders()[1]?.standing.rules == [])
    }

    /// An anomaly is muted if its stream was when it began, or if it is by its number.
    @Test func whatIsMutedIsKnown() throws {
        let orders = try #require(
            try reader([
                said(.mute, after: 10) { $0.until = 1000 }, said(.unmute, after: 20),
                said(.mute, after: 30) { $0.until = 5000 },
                said(.mute, after: 35, anomaly: 7) { $0.start = 25 },
                said(.mute, after: 36, anomaly: 8) { $0.start = 26 },
                said(.unmute, after: 37, anomaly: 8) { $0.start = 26 },
            ]).orders()[1])
        #expect(!orders.isMuted(stored(1, from: 10, at: 500)), "it was there before")
        #expect(orders.isMuted(stored(2, from: 11, at: 500)))
        #expect(!orders.isMuted(stored(3, from: 12, at: 1000)), "the time was over")
        #expect(!orders.isMuted(stored(4, from: 21, at: 500)), "it was taken back")
        #expect(orders.isMuted(stored(5, from: 31, at: 4999)))
        #expect(orders.isMuted(stored(7, from: 25, at: 900)) && !orders.isMuted(stored(8, from: 26, at: 900)))
        #expect(orders.standing.mutedUntil == 5000)
    }

    @Test func aDatabaseOfBeforeHasNone() throws {
        _ = try sqlite(scratch.path, OldSchema.version1)
        #expect(try StoreReader(path: scratch.path).orders().isEmpty)
    }
}
