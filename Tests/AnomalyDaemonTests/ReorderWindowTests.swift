import AnomalyDaemon
import RecurrentModel
import Testing

@Suite struct ReorderWindowTests {
    /// Inserts a point of one channel whose value is its time.
    private func insert(_ time: Int64, into window: inout ReorderWindow) -> Bool {
        [Double(time)].withUnsafeBufferPointer { window.insert(time: time, values: $0) }
    }

    /// Times of the points that need not wait any more.
    private func due(_ window: inout ReorderWindow) -> [Int64] {
        var times: [Int64] = []
        let count = window.removeDue { time, values in
            #expect(Array(values) == [Double(time)])
            times.append(time)
        }
        #expect(count == times.count)
        return times
    }

    @Test func pointsGoOnWhenOneLaterByTheSpanHasCome() {
        var window = ReorderWindow(span: 10, capacity: 100, channels: 1)
        #expect(window.newest == .min && due(&window) == [])
        #expect(insert(20, into: &window) && insert(15, into: &window) && insert(24, into: &window))
        #expect(due(&window) == [])
        #expect(insert(25, into: &window))
        #expect(due(&window) == [15])
        #expect(insert(34, into: &window) && due(&window) == [20, 24])
        #expect(insert(1000, into: &window) && due(&window) == [25, 34])
        #expect(window.count == 1 && window.newest == 1000)
    }

    @Test func aTimeThatWaitsIsNotTakenTwice() {
        var window = ReorderWindow(span: 10, capacity: 100, channels: 1)
        for time in [20, 15, 17] as [Int64] { #expect(insert(time, into: &window)) }
        for time in [20, 15, 17] as [Int64] { #expect(!insert(time, into: &window)) }
        #expect(window.count == 3)
    }

    @Test func noMoreWaitThanThereIsRoomFor() {
        var window = ReorderWindow(span: 1000, capacity: 3, channels: 1)
        for time in [30, 20, 40] as [Int64] { #expect(insert(time, into: &window) && due(&window) == []) }
        #expect(insert(10, into: &window) && due(&window) == [10])
        #expect(insert(50, into: &window) && due(&window) == [20])
        #expect(window.count == 3)
    }

    @Test func withoutASpanNoneWaits() {
        var window = ReorderWindow(span: 0, capacity: 3, channels: 1)
        for time in [3, 1, 2] as [Int64] { _ = insert(time, into: &window) }
        #expect(due(&window) == [1, 2, 3] && window.count == 0)
    }

    @Test func theEndsOfTimeDoNotOverflow() {
        var window = ReorderWindow(span: .max, capacity: 3, channels: 1)
        #expect(insert(.min + 1, into: &window) && due(&window) == [])
        #expect(insert(.max, into: &window) && due(&window) == [.min + 1])
    }

    /// Against the plain rule, with points of two channels in every order; and a window that is filled with what waits
    /// in another, as after a crash, goes on as that one.
    @Test(arguments: 1...20) func itIsAsIfItWereSortedEachTime(seed: Int) {
        var random = SeededGenerator(seed: UInt64(seed))
        let (span, capacity) = (Int64(random.next() % 50), Int(random.next() % 20 + 1))
        var window = ReorderWindow(span: span, capacity: capacity, channels: 2)
        var waiting: [Int64] = []
        var released = Int64.min
        for step in 0..<2000 {
            let time = Int64(step / 3) + Int64(random.next() % 60)
            if time <= released { continue }
            let isNew = [Double(time), -1].withUnsafeBufferPointer { window.insert(time: time, values: $0) }
            #expect(isNew == !waiting.contains(time))
            if isNew { waiting = (waiting + [time]).sorted() }
            var expected: [Int64] = []
            while let first = waiting.first, waiting.count > capacity || waiting[waiting.count - 1] - first >= span {
                expected.append(waiting.removeFirst())
            }
            var times: [Int64] = []
            _ = window.removeDue { time, values in
                #expect(Array(values) == [Double(time), -1])
                times.append(time)
            }
            #expect(times == expected && window.count == waiting.count)
            released = expected.last ?? released
            if step % 100 == 99 {
                window = ReorderWindow(span: span, capacity: capacity, channels: 2)
                for time in waiting {
                    _ = [Double(time), -1].withUnsafeBufferPointer { window.insert(time: time, values: $0) }
                }
            }
        }
        #expect(released > 0)
    }
}
