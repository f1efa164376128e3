import FeedProtocol

/// The horizontal axis of a picture, from its first to its last moment.
package struct TimeAxis: Sendable, Equatable {
    /// Microseconds since 1970, start < end.
    package let start: Int64
    package let end: Int64

    /// An axis over a range of time; a single moment stands in its middle.
    package init(_ range: ClosedRange<Int64>) {
        let isMoment = range.lowerBound == range.upperBound
        start = range.lowerBound &- (isMoment ? 500_000 : 0)
        end = range.upperBound &+ (isMoment ? 500_000 : 0)
    }

    /// 0 at the start, 1 at the end.
    package func position(_ time: Int64) -> Double {
        (Double(time) - Double(start)) / (Double(end) - Double(start))
    }

    /// Which of so many columns of equal width a time falls into; the nearest one for what lies outside.
    package func column(of time: Int64, of count: Int) -> Int {
        Int(min(max(0, position(time) * Double(count)), Double(count - 1)))
    }

    /// Round times of a zone's wall clock: whole seconds, hours, days, months and the like.
    ///
    /// - Parameter count: at most so many.
    package func ticks(atMost count: Int, in zone: any Zone) -> [AxisTick] {
        let length = Double(end) - Double(start)
        guard let step = TimeStep.all.first(where: { length / $0.length <= Double(count) }) else { return [] }
        var clock = ZoneClock(zone: zone)
        var context = ""
        return step.times(from: start, to: end, in: zone).map { time in
            let (label, larger) = step.label(time, &clock)
            defer { context = larger }
            return AxisTick(position: position(time), label: label, context: larger == context ? "" : larger)
        }
    }
}
