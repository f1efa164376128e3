import AnomalyDetection
import PointStore
import Testing

@Suite struct ReplayTests {
    let scratch: Scratch
    init() throws { scratch = try Scratch() }

    @Test func pointsAfterASequenceComeInOrder() throws {
        let store = try PointStore(path: scratch.path)
        try store.store(
            streams: [stream(1), stream(2), stream(3)], points: rows(1, 1...10_000) + rows(2, 1...10) + rows(3, 1...10))
        for after in [0, 1, 5, 4096, 9_999, 10_000, 10_001] as [Int64] {
            var expected = after + 1
            try store.replay(of: 1, after: after) { sequence, time, values, flags in
                #expect(sequence == expected && values == [Double(sequence)])
                #expect(time == 1_700_000_000_000_000 + sequence * 1_000_000 && flags == [])
                expected += 1
            }
            #expect(expected == max(10_001, after + 1))
        }
        try store.replay(of: 99, after: 0) { _, _, _, _ in Issue.record("stream 99 does not exist") }
    }

    @Test func channelsComeTogether() throws {
        let store = try PointStore(path: scratch.path)
        var points: [PointRow] = []
        for var row in rows(1, 1...5000) {
            for channel in 0..<3 as Range<Int32> {
                row.channel = channel
                row.value = channel == 1 && row.sequence % 7 == 0 ? .nan : Double(row.sequence) + Double(channel) / 10
                row.flags = row.sequence % 7 == 0 ? [.missing] : []
                points.append(row)
            }
        }
        try store.store(streams: [stream(1, channels: 3)], points: points)
        var count: Int64 = 0
        try store.replay(of: 1, after: 100) { sequence, _, values, flags in
            count += 1
            #expect(sequence == 100 + count && values.count == 3)
            #expect(values[0] == Double(sequence) && values[2] == Double(sequence) + 0.2)
            #expect(values[1].isNaN == (sequence % 7 == 0) && flags.contains(.missing) == (sequence % 7 == 0))
        }
        #expect(count == 4900)
    }

    @Test func theBodyMayUseTheStoreAndMayThrow() throws {
        struct Enough: Error {}
        let store = try PointStore(path: scratch.path)
        try store.store(streams: [stream(1)], points: rows(1, 1...5000))
        var seen: Int64 = 0
        try store.replay(of: 1, after: 0) { sequence, _, _, _ in
            if sequence == 2000 { try store.store(points: rows(1, 5001...5002)) }
            seen = sequence
        }
        #expect(seen == 5002)
        #expect(throws: Enough.self) { try store.replay(of: 1, after: 10) { _, _, _, _ in throw Enough() } }
        #expect(try store.newest(of: 1)?.sequence == 5002)
        #expect(try store.newest(of: 2) == nil)
    }
}
