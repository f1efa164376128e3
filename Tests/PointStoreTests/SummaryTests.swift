import AnomalyDetection
import PointStore
import Testing

@Suite struct SummaryTests {
    let scratch: Scratch
    init() throws { scratch = try Scratch() }

    @Test func summariesTellTheEndsOfEachStream() throws {
        let store = try PointStore(path: scratch.path)
        var wide = rows(2, 1...1, score: { _ in 0.5 }) + rows(2, 1...1, score: { _ in 0.5 })
        wide[1].channel = 1
        wide[1].value = .nan
        try store.store(
            streams: [stream(1, "b"), stream(2, "a", channels: 2), stream(3, "Z")],
            points: rows(1, 1...5000) + wide,
            anomalies: [
                AnomalyRecord(stream: 1, anomaly: anomaly(3, start: 9)),
                AnomalyRecord(stream: 1, anomaly: anomaly(1, start: 7, isOpen: false)),
            ])
        let reader = try StoreReader(path: scratch.path)
        let summaries = try reader.streamSummaries()
        #expect(summaries.map(\.stream.name) == ["Z", "a", "b"])
        #expect(summaries[0].points == 0 && summaries[0].lastTime == nil && summaries[0].lastValues.isEmpty)
        #expect(summaries[1].points == 1 && summaries[1].lastScore == 0.5 && summaries[1].lastValues[0] == 1)
        #expect(summaries[1].lastValues.count == 2 && summaries[1].lastValues[1].isNaN)
        #expect(
            summaries[2]
                == StreamSummary(
                    stream: stream(1, "b"), points: 5000, firstTime: 1_700_000_001_000_000,
                    lastTime: 1_700_005_000_000_000, lastValues: [5000], lastScore: 0.1, openAnomalies: 1))
        var ids: [Int32] = []
        try reader.forEachStreamSummary { ids.append($0.stream.id) }
        #expect(ids == [1, 2, 3])
        #expect(try reader.streamSummaries([1, 77]).map(\.stream.name) == ["b"])
        #expect(try store.newest() == (try reader.newest()))
        #expect(try reader.newest()[1] == StreamPosition(sequence: 5000, time: 1_700_005_000_000_000))
        #expect(try reader.newest()[3] == nil)
    }

    /// The bounds are ten times and more what an idle machine takes. A scan of the table takes longer than they allow.
    @Test func aThousandStreamsAreQuick() throws {
        let store = try PointStore(path: scratch.path)
        var commit = Commit()
        for id in 1...1000 as ClosedRange<Int32> { commit.streams.append(stream(id)) }
        for part in 0..<10 as Range<Int64> {
            for id in 1...1000 as ClosedRange<Int32> {
                commit.points += rows(id, part * 50 + 1...part * 50 + 50, start: Int64(id))
            }
            try store.commit(&commit)
            commit.removeAll()
        }
        let reader = try StoreReader(path: scratch.path)
        let clock = ContinuousClock()
        var summaries: [StreamSummary] = []
        #expect(try clock.measure { summaries = try reader.streamSummaries() } < .milliseconds(200))
        #expect(summaries.count == 1000 && summaries.allSatisfy { $0.points == 500 })

        var newest: [StoredPoint] = []
        let takeTen: (inout PointQuery) -> Void = {
            $0.limit = 10
            $0.order = .newestFirst
        }
        #expect(try clock.measure { newest = try reader.all(takeTen) } < .milliseconds(100))
        #expect(newest.map(\.stream) == (991...1000).reversed() && newest.allSatisfy { $0.sequence == 500 })

        var one: [StoredPoint] = []
        #expect(try clock.measure { one = try reader.all { $0.streams = [500] } } < .milliseconds(100))
        #expect(one.map(\.sequence) == Array(1...500))
        #expect(try reader.all().count == 500_000)
    }
}
