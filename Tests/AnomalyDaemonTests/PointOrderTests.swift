import AnomalyConfiguration
import AnomalyDaemon
import Testing

/// What becomes of points by their times, and what a clock that jumps does to them.
@Suite struct PointOrderTests {
    /// A stream as its shard sees it.
    private struct Stream {
        var order: PointOrder
        /// Times of the points that went on, in order.
        var went: [Int64] = []

        init(_ late: LatePoints, window: Int64 = 10, points: Int = 100) {
            var settings = StreamFeedSettings()
            settings.late = late
            settings.reorderWindow = window
            settings.reorderPoints = points
            order = PointOrder(settings, channels: 1)
        }

        mutating func take(_ time: Int64, isArrival: Bool = false) -> PointOrder.Place {
            let place = [0.0].withUnsafeBufferPointer { values in
                order.place(time, isArrival: isArrival, after: went.last ?? .min, values: values)
            }
            if case .next(let time) = place { went.append(time) }
            var due: [Int64] = []
            _ = order.window.removeDue { time, _ in due.append(time) }
            went += due
            return place
        }
    }

    @Test(arguments: LatePoints.allCases) func inOrder(_ late: LatePoints) {
        var stream = Stream(late)
        for time in [10, 20, 30, 50] as [Int64] {
            #expect(stream.take(time) == (late == .reorder ? .waits(time: time) : .next(time: time)))
        }
        #expect(stream.went == (late == .reorder ? [10, 20, 30] : [10, 20, 30, 50]))
    }

    @Test func lateOnes() {
        for (late, place) in [(LatePoints.drop, PointOrder.Place.late), (.keep, .kept)] {
            var stream = Stream(late)
            let places = [10, 20, 20, 15, 10, 21].map { stream.take($0) }
            #expect(
                places == [.next(time: 10), .next(time: 20), .duplicate, place, place, .next(time: 21)], "\(late)")
        }
        var stream = Stream(.reorder)
        let places = [10, 20, 20, 15, 10, 9, 25, 15, 14].map { stream.take($0) }
        #expect(
            places == [
                .waits(time: 10), .waits(time: 20), .duplicate, .waits(time: 15), .duplicate, .late, .waits(time: 25),
                .duplicate, .late,
            ])
        #expect(stream.went == [10, 15])
    }

    /// The clock may jump by an hour, a year or to 1970: times of arrival increase all the same, no point is lost, and
    /// when the clock has caught up they are its own again.
    @Test(arguments: LatePoints.allCases) func arrivalsWhileTheClockJumps(_ late: LatePoints) {
        let (hour, year): (Int64, Int64) = (3_600_000_000, 31_556_952_000_000)
        let start: Int64 = 1_795_442_400_000_000
        var stream = Stream(late, window: 1000)
        var clock: [Int64] = []
        for base in [start, start - hour, start + year, 0, -hour, start + year + hour] {
            clock += (0..<100).map { base + $0 * 1_000_000 }
        }
        for now in clock {
            switch stream.take(now, isArrival: true) {
            case .next, .waits: break
            case let place: Issue.record("a point that arrived at \(now) is \(place)")
            }
        }
        let waiting = stream.order.window.count
        #expect(stream.went.count + waiting == clock.count)
        #expect(zip(stream.went, stream.went.dropFirst()).allSatisfy { $0 < $1 })
        #expect(Array(stream.went[..<100]) == Array(clock[..<100]))
        // An hour back: on by a microsecond each.
        #expect(Array(stream.went[100..<200]) == (1...100).map { clock[99] + $0 })
        #expect(stream.went[200] == start + year)
        #expect(stream.went.contains(start + year + hour))
    }

    /// Times of arrival come after all that waits.
    @Test func arrivalsInAWindow() {
        var stream = Stream(.reorder, window: 1000)
        #expect(stream.take(5000) == .waits(time: 5000))
        #expect(stream.take(4000, isArrival: true) == .waits(time: 5001))
        #expect(stream.take(4000, isArrival: true) == .waits(time: 5002))
        #expect(stream.take(4500) == .waits(time: 4500))
        #expect(stream.take(6001, isArrival: true) == .waits(time: 6001))
        #expect(stream.went == [4500, 5000, 5001])
    }
}
