import AnomalyDaemon
import Testing

@Suite struct PointGroupTests {
    private func batch(_ streams: Int32..., first: Int64 = 0) -> PointBatch {
        var batch = PointBatch()
        for (index, stream) in streams.enumerated() {
            let time = first + Int64(index)
            let point = PointBatch.Point(stream: stream, width: 1, time: time, isArrival: false, place: stream)
            [Double(time)].withUnsafeBufferPointer { batch.append(point, values: $0) }
        }
        return batch
    }

    /// Stream and value of each point, in the order in which they are stepped.
    private func order(_ group: PointGroup, inRounds: Bool = false) -> [String] {
        var order: [String] = []
        group.forEach(inRounds: inRounds) { order.append("\($0.stream):\(Int($1[0]))") }
        return order
    }

    @Test(arguments: [false, true]) func oneBatchIsSteppedAsItCame(_ inRounds: Bool) {
        let group = PointGroup(batch(3, 3, 1, 3, 2))
        #expect(order(group, inRounds: inRounds) == ["3:0", "3:1", "1:2", "3:3", "2:4"])
    }

    @Test func severalAreSteppedStreamByStream() {
        let group = PointGroup(batch(3, 1, 2), batch(2, 1, 3, first: 10))
        #expect(order(group) == ["1:1", "1:11", "2:2", "2:10", "3:0", "3:12"])
    }

    @Test func orInRounds() {
        let group = PointGroup(batch(3, 1, 2), batch(2, 1, 1, first: 10))
        #expect(order(group, inRounds: true) == ["1:1", "2:2", "3:0", "1:11", "2:10", "1:12"])
    }

    /// Each stream behind the first few is announced twice, in time and just before.
    @Test func announcesWhoseTurnIsSoon() {
        var events: [String] = []
        let group = PointGroup(batch(1, 2, 3, 4, 5), batch(1, 3, 4, 4, first: 10))
        group.forEach(ahead: { events.append("\($1) \($0.stream):\($0.time)") }) { point, _ in
            events.append("\(point.stream)")
        }
        #expect(
            events == [
                // 1 1 2 3 3 4 4 4 5
                "coming 3:2", "1", "next 2:1", "1", "coming 4:3", "next 3:2", "2", "3", "next 4:3", "3",
                "coming 5:4", "4", "4", "next 5:4", "4", "5",
            ])
    }
}
