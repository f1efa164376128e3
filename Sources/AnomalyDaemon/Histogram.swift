package import ControlProtocol
import Synchronization

/// How often durations fell between fixed bounds, in microseconds.
package struct Histogram: Sendable, Equatable {
    /// Upper bounds, each included in its bucket: 1, 2 and 5 of each decade from the first to the last.
    package let bounds: [Int64]
    /// One for each bound, and one for what is above all of them.
    package private(set) var counts: [Int64]
    package private(set) var sum: Int64 = 0

    /// - Parameter bounds: a range of powers of ten.
    package init(_ bounds: ClosedRange<Int64>) {
        var all: [Int64] = []
        var decade = bounds.lowerBound
        while decade <= bounds.upperBound {
            all += [decade, 2 * decade, 5 * decade].filter { $0 <= bounds.upperBound }
            decade *= 10
        }
        self.bounds = all
        counts = Array(repeating: 0, count: all.count + 1)
    }

    /// - Parameter value: a clock that was set back makes it 0.
    package mutating func add(_ value: Int64) {
        let value = max(0, value)
        counts[bounds.firstIndex { value <= $0 } ?? bounds.count] += 1
        sum += value
    }

    /// Adds what another one with the same bounds holds, and empties that.
    package mutating func take(_ other: inout Histogram) {
        for index in counts.indices {
            counts[index] += other.counts[index]
            other.counts[index] = 0
        }
        sum += other.sum
        other.sum = 0
    }

    /// As OpenMetrics has them, in seconds.
    package func samples(_ labels: [MetricFamily.Label] = []) -> [MetricFamily.Sample] {
        var total: Int64 = 0
        var samples: [MetricFamily.Sample] = []
        for (index, count) in counts.enumerated() {
            total += count
            let bound = index < bounds.count ? MetricText.number(Double(bounds[index]) / 1e6) : "+Inf"
            samples.append(
                MetricFamily.Sample(
                    suffix: "_bucket", labels: labels + [MetricFamily.Label("le", bound)], value: Double(total)))
        }
        samples.append(MetricFamily.Sample(suffix: "_count", labels: labels, value: Double(total)))
        samples.append(MetricFamily.Sample(suffix: "_sum", labels: labels, value: Double(sum) / 1e6))
        return samples
    }
}

/// How long things take, kept by the stages.
///
/// Not by swift-metrics: it would bring a registry of its own, an object and a lock or two for each measurement, and an
/// encoder would still be needed. A shard counts what it does with single points by itself, and adds that to these once
/// a batch; so a lock does, and nothing is lost between the buckets and their sum.
final class StageTimes: Sendable {
    let shardWait = Mutex(Histogram(100...100_000_000))
    let writerWait = Mutex(Histogram(100...100_000_000))
    let steps = Mutex(Histogram(1...100_000))
    let updates = Mutex(Histogram(1...100_000))
    let commits = Mutex(Histogram(100...100_000_000))
    let commitLatency = Mutex(Histogram(1000...1_000_000_000))
    let syncs = Mutex(Histogram(100...100_000_000))
    let seals = Mutex(Histogram(1000...100_000_000))
}

/// The steps that a shard has timed since it last told of them. One in `interval` is, by two looks at the clock, which
/// cost a hundredth of a microsecond for each point.
struct StepTimes: Sendable {
    /// Shares no factor with the intervals at which models learn, so that of a single stream's steps learning ones are
    /// met as often as others.
    static let interval = 17

    private var untilNext = 0
    private var steps = Histogram(1...100_000)
    private var updates = Histogram(1...100_000)

    /// Whether the next step is to be timed.
    mutating func isDue() -> Bool {
        untilNext -= 1
        if untilNext >= 0 { return false }
        untilNext = Self.interval - 1
        return true
    }

    mutating func add(_ time: Int64, hasLearnt: Bool) {
        if hasLearnt { updates.add(time) } else { steps.add(time) }
    }

    /// Hands over what was timed.
    mutating func tell(_ times: StageTimes) {
        times.steps.withLock { $0.take(&steps) }
        times.updates.withLock { $0.take(&updates) }
    }
}
