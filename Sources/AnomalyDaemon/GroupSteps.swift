import AnomalyDetection

/// Points of streams that share a network, and these streams, on their way through one run of it. Belongs to the shard's
/// thread.
final class GroupSteps {
    private let batch = DetectorBatch()
    private var states: [(state: StreamState, wasWarming: Bool)] = []

    var isEmpty: Bool { states.isEmpty }
    var isFull: Bool { batch.isFull }
    var count: Int { states.count }

    func admits(_ detector: Detector) -> Bool { batch.admits(detector) }

    /// - Precondition: it admits the stream's detector, is not full, and has no point of the stream.
    func add(_ state: StreamState, _ time: Int64, _ values: UnsafeBufferPointer<Double>) {
        batch.add(state.detector, time: time, values: values)
        states.append((state, state.detector.isWarmingUp))
        state.isStaged = true
    }

    /// Steps through all, and is empty then.
    ///
    /// - Parameter body: is given each stream, what is said of its point and of each channel, and whether it was warming up.
    func step(_ body: (StreamState, PointVerdict, UnsafeBufferPointer<ChannelVerdict>, Bool) -> Void) {
        var next = 0
        batch.step { _, verdict, verdicts in
            let (state, wasWarming) = states[next]
            next += 1
            state.isStaged = false
            body(state, verdict, verdicts, wasWarming)
        }
        states.removeAll(keepingCapacity: true)
    }
}
