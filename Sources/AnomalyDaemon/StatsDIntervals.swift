import FeedProtocol
import Foundation

/// Samples of StatsD from all feeds, and the clock that makes points of them at the end of each interval.
///
/// There is one for the daemon, not one for each socket or client: what two of them count under one name is one metric,
/// and two points of one stream at the end of one interval would be one too many.
///
/// It takes a lock for each sample, as one thing is counted from several threads. A point takes none: at an interval's
/// end its thread writes the points down as plain lines and feeds them like anybody else.
final class StatsDIntervals: Sendable {
    private struct Contents {
        var aggregator: StatsDAggregator
        /// When the interval ends, by `SteadyClock`.
        var end: Int64 = 0
        /// How often somebody has asked for its end at once, and how many of them have got it, all points being handed on.
        var asked = 0
        var answered = 0
        /// What is called then, for those who wait for the end.
        var waiting: [@Sendable () -> Void] = []
        /// Starts the thread; nil once it runs. Most daemons never see a sample.
        var begin: (@Sendable () -> Void)?
        var isStopping = false
        /// Whether no thread of its own runs any more, or has ever run.
        var isOver = true

        var isDue: Bool { asked > answered || end <= SteadyClock.now }
    }

    /// Time after which the thread looks at the steady clock again, in seconds: it waits by the other one, which may be
    /// set back meanwhile.
    private static let patience = 1.0

    private let interval: Int64
    private let mostMetrics: Int
    private let contents: Monitor<Contents>

    /// - Parameters:
    ///   - interval: in microseconds.
    ///   - mostMetrics: metrics that are known at once.
    init(interval: Int64, mostMetrics: Int) {
        self.interval = interval
        self.mostMetrics = mostMetrics
        contents = Monitor(Contents(aggregator: StatsDAggregator(mostMetrics: mostMetrics)))
    }

    /// To be called before the first sample comes.
    ///
    /// - Parameter left: what the process before was in the middle of.
    func start(_ pipeline: Pipeline, left: SavedSamples?) {
        contents.change { contents in
            contents.begin = { [self] in StageThread.start("statsd") { self.run(pipeline) } }
            guard let left else { return }
            contents.aggregator = StatsDAggregator(mostMetrics: mostMetrics, state: left.aggregator)
            begin(&contents, until: min(left.end, SteadyClock.now + interval))
        }
    }

    /// Adds a sample.
    ///
    /// - Throws: `FeedLineError`, as `StatsDAggregator.add`.
    func add(_ name: UnsafeRawBufferPointer, _ sample: StatsDSample) throws(FeedLineError) {
        let error = contents.with { contents -> FeedLineError? in
            do throws(FeedLineError) {
                try contents.aggregator.add(name, sample)
            } catch {
                return error
            }
            if contents.begin != nil { begin(&contents, until: SteadyClock.now + interval) }
            return nil
        }
        if let error { throw error }
    }

    /// Sends a barrier behind the points of all samples that were added so far: it waits for the end of the interval.
    func sync(_ pipeline: Pipeline, whenCommitted: @escaping @Sendable () -> Void) {
        let mustWait = contents.with { contents in
            guard contents.begin == nil, !contents.isStopping else { return false }
            contents.waiting.append { pipeline.sync(whenCommitted: whenCommitted) }
            return true
        }
        if !mustWait { pipeline.sync(whenCommitted: whenCommitted) }
    }

    /// Ends the interval now, and waits until its points are handed on.
    ///
    /// - Parameter deadline: when it waits no longer.
    func endInterval(until deadline: Date? = nil) {
        let number = contents.change { contents -> Int? in
            guard contents.begin == nil, !contents.isStopping else { return nil }
            contents.asked += 1
            return contents.asked
        }
        if let number { contents.wait(until: deadline, for: { $0.answered >= number }, then: { _ in }) }
    }

    /// Ends all, when no sample comes any more.
    ///
    /// The points of an interval that is not over are half the truth: a count would be too small, and stand in the
    /// stream as an anomaly. So they are left to a next process that goes on with them, if there may be one, and nobody
    /// has been promised to hear of them. Otherwise they are handed on as they are.
    ///
    /// - Parameter seconds: time after which it waits no longer for room in the queues; nothing moves while the writer
    ///   can't store.
    /// - Returns: what is left; nil if there is nothing.
    func stop(mayLeave: Bool, within seconds: TimeInterval) -> SavedSamples? {
        let deadline = Date(timeIntervalSinceNow: seconds)
        let mustEnd = contents.with { !$0.waiting.isEmpty || !mayLeave && $0.aggregator.samples > 0 }
        if mustEnd { endInterval(until: deadline) }
        contents.change { $0.isStopping = true }
        return contents.wait(until: deadline, for: { $0.isOver }) { contents in
            guard mayLeave, contents.begin == nil, contents.aggregator.count > 0 else { return nil }
            return SavedSamples(aggregator: contents.aggregator.state, end: contents.end)
        }
    }

    private func begin(_ contents: inout Contents, until end: Int64) {
        contents.end = end
        contents.isOver = false
        contents.begin?()
        contents.begin = nil
    }

    private func run(_ pipeline: Pipeline) {
        var session = FeedSession(
            decoder: FeedDecoder(format: .plain), peer: "statsd", founded: 0, pipeline: pipeline, maxFuture: .max,
            handOn: { batch, shard in pipeline.shards[shard].queue.push(.points(batch), weight: batch.count) },
            answer: { _, _ in })
        while true {
            let rest = Double(contents.with { $0.end } - SteadyClock.now) / 1e6
            let next = contents.wait(until: Date(timeIntervalSinceNow: min(max(rest, 0), Self.patience))) {
                $0.isStopping || $0.isDue
            } then: { contents -> Past? in
                if contents.isStopping { return nil }
                guard contents.isDue else { return Past(lines: []) }
                return endInterval(&contents)
            }
            guard let next else { break }
            if !next.lines.isEmpty { next.lines.withUnsafeBytes { session.consume($0) } }
            contents.change { $0.answered = max($0.answered, next.asked) }
            next.waiting.forEach { $0() }
        }
        contents.change { $0.isOver = true }
    }

    /// An interval that is over.
    private struct Past {
        /// Its points.
        var lines: [UInt8]
        var waiting: [@Sendable () -> Void] = []
        var asked = 0
    }

    private func endInterval(_ contents: inout Contents) -> Past {
        var past = Past(lines: [], waiting: contents.waiting, asked: contents.asked)
        contents.aggregator.flush { name, value in
            past.lines += name
            past.lines += " \(value)\n".utf8
        }
        contents.waiting = []
        // In step, but after an end that was asked for, or slept through.
        let now = SteadyClock.now
        contents.end = (0..<interval).contains(now - contents.end) ? contents.end + interval : now + interval
        return past
    }
}
