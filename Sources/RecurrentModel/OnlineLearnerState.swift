import Kernels

extension OnlineLearner where Scalar: BitwiseCopyable {
    /// All that the next steps depend on. The network and the training settings are not part of it.
    public func encode(into writer: inout StateWriter) {
        writer.write(parameters)
        writer.write(state)
        writer.write(observations)
        writer.write(UInt16(phase))
        writer.write(gradientNorm)
        writer.write(loss)
        writer.write(skippedUpdates)
        writer.write(optimiser.steps)
        writer.write(optimiser.power1)
        writer.write(optimiser.power2)
        optimiser.encodeMoments(into: &writer)
        writer.write(memory.numbers(inputsStart, count: filled * network.shape.inputs))
        writer.write(memory.numbers(targetsStart, count: filled * values))
        writer.write(windowStarts)
        writer.write(memory.numbers(startsStart, count: starts * network.stateWidth))
        replay.encode(into: &writer)
        health.encode(into: &writer)
    }

    /// Puts back what `encode` wrote. The learner must have been made with the same network and training settings.
    ///
    /// - Throws: `StateError` if the bytes are not those of such a learner; `self` is then of no further use.
    public mutating func decode(from reader: inout StateReader) throws {
        let shape = network.shape
        parameters = try reader.readArray(count: network.layout.count, field: "parameters")
        state = try reader.readArray(count: network.stateWidth, field: "hidden state")
        observations = try reader.readCount("observations")
        // All learned at the same steps once.
        phase = reader.format < ShortMoments.format ? 0 : Int64(try reader.read(UInt16.self))
        guard phase < training.k1 else {
            throw StateError.invalid(field: "phase", found: "\(phase)", expected: "below \(training.k1)")
        }
        gradientNorm = try reader.readDouble()
        loss = try reader.readDouble()
        skippedUpdates = try reader.readCount("skipped updates")
        optimiser.steps = try reader.readCount("updates")
        optimiser.power1 = try reader.readDouble()
        optimiser.power2 = try reader.readDouble()
        try optimiser.decodeMoments(from: &reader)
        filled = windowSteps
        let windowInputs = try reader.readArray(
            of: Scalar.self, count: filled * shape.inputs, field: "window inputs")
        let windowTargets = try reader.readArray(
            of: Scalar.self, count: filled * values, field: "window targets")
        set(windowInputs, at: inputsStart)
        set(windowTargets, at: targetsStart)
        let rows = try reader.readArray(of: Int32.self, atMost: training.k2 + 1, field: "window starts")
        guard rows == windowStarts else {
            throw StateError.invalid(field: "window starts", found: "\(rows)", expected: "\(windowStarts)")
        }
        starts = rows.count
        let states = try reader.readArray(
            of: Scalar.self, count: starts * network.stateWidth, field: "window states")
        set(states, at: startsStart)
        try replay.decode(from: &reader)
        try health.decode(from: &reader)
    }

    // MARK: Window

    // Both follow from k1, k2 and the number of observations. A state with another window is that of a learner with
    // another k1 or k2; it could not go on: its window would be full before the next update, or start at no known state.

    /// Steps in the window between two points: at an update k2 − k1 are kept, and then there is one more each time.
    private var windowSteps: Int {
        guard training.enabled else { return 0 }
        let sinceUpdate = min(observations, (observations + phase) % Int64(training.k1))
        return Int(min(observations - sinceUpdate, Int64(training.k2 - training.k1)) + sinceUpdate)
    }

    /// Rows of the window before which the state is known.
    private var windowStarts: [Int32] {
        let first = observations - Int64(windowSteps)
        return (0..<Int32(windowSteps)).filter { startsWindow(first + Int64($0)) }
    }
}
