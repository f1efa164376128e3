import RecurrentModel

/// Points of several streams of one group, a point of each, that are stepped through together: the network runs once for
/// all of them.
///
///     if batch.isFull { batch.step(body) }
///     batch.add(detector, time: t, values: values)
///
/// Belongs to the thread of the detectors' workbench.
public final class DetectorBatch {
    /// Whose the first detector was, whose network the batch runs for ever.
    @exclusivity(unchecked) private var learner: GroupLearner<Float>?

    private struct Entry {
        var detector: Detector
        var time: Int64
        /// Where its values begin.
        var values: Int
        var step: Detector.Step?
    }

    @exclusivity(unchecked) private var entries: [Entry] = []
    @exclusivity(unchecked) private var values: [Double] = []
    @exclusivity(unchecked) private var verdicts: [ChannelVerdict] = []
    @exclusivity(unchecked) private var widest = 0

    public init() {}

    public var isEmpty: Bool { entries.isEmpty }
    public var isFull: Bool { entries.count >= GroupLearner<Float>.mostRows }

    /// Whether the detector is of the group that the batch is for.
    public func admits(_ detector: Detector) -> Bool {
        detector.learner != nil && (learner == nil || detector.learner === learner)
    }

    /// Adds the next point of a stream.
    ///
    /// - Precondition: the detector is of the same group as the others, and none of them, and the batch is not full; time
    ///   and values are as `Detector.step` wants them.
    public func add(_ detector: Detector, time: Int64, values own: UnsafeBufferPointer<Double>) {
        precondition(own.count == detector.channels, "one value for each channel")
        precondition(admits(detector), "all are of one group")
        learner = detector.learner
        entries.append(Entry(detector: detector, time: time, values: values.count))
        values.append(contentsOf: own)
        widest = max(widest, own.count)
    }

    /// Steps all of them, and empties the batch.
    ///
    /// - Parameter body: is given each detector, in the order in which they came, what is said of its point, and of each
    ///   channel.
    public func step(_ body: (Detector, PointVerdict, UnsafeBufferPointer<ChannelVerdict>) -> Void) {
        guard let learner else { return }
        while verdicts.count < widest {
            verdicts.append(ChannelVerdict(value: 0, prediction: 0, lower: 0, upper: 0, residual: 0))
        }
        for index in entries.indices {
            let detector = entries[index].detector
            let step = detector.begin(time: entries[index].time)
            entries[index].step = step
            if detector.hasOutput { detector.stage(step) }
        }
        if learner.rows > 0 { learner.run() }
        values.withUnsafeBufferPointer { values in
            verdicts.withUnsafeMutableBufferPointer { verdicts in
                for entry in entries {
                    let detector = entry.detector
                    guard let step = entry.step else { continue }
                    let own = UnsafeBufferPointer(rebasing: values[entry.values..<entry.values + detector.channels])
                    let verdict = detector.conclude(
                        step, values: own, output: detector.hasOutput ? detector.stagedOutput : nil, isAlone: false,
                        verdicts: verdicts)
                    body(detector, verdict, UnsafeBufferPointer(rebasing: verdicts[..<detector.channels]))
                }
            }
        }
        learner.finish()
        entries.removeAll(keepingCapacity: true)
        values.removeAll(keepingCapacity: true)
        widest = 0
    }
}
