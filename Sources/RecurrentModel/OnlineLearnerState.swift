import Kernels

extension OnlineLearner where Scalar: BitwiseCopyable {
    /// All that the next steps depend on. The network and the training settings are not part of it.
    public func encode(into writer: inout StateWriter) {
        writer.write(parameters)
        writer.write(state)
        writer.write(observations)
        writer.write(gradientNorm)
        writer.write(loss)
        writer.write(skippedUpdates)
        writer.write(optimiser.steps)
        writer.write(optimiser.power1)
        writer.write(optimiser.power2)
        writer.write(optimiser.first)
        writer.write(optimiser.second)
        writer.write(inputs.prefix(filled * network.shape.inputs))
        writer.write(targets.prefix(filled * values))
        writer.write(startRows.map(Int32.init))
        writer.write(startStates)
        replay.encode(into: &writer)
        writer.write(Int32(health.steps))
        for layer in health.layers {
            writer.write(layer.inputNorm)
            writer.write(layer.recurrentNorm)
            writer.write(layer.gain)
        }
    }

    /// Puts back what `encode` wrote. The learner must have been made with the same network and training settings.
    ///
    /// - Throws: `StateError` if the bytes are not those of such a learner; `self` is then of no further use.
    public mutating func decode(from reader: inout StateReader) throws {
        let shape = network.shape
        parameters = try reader.readArray(count: parameters.count, field: "parameters")
        state = try reader.readArray(count: state.count, field: "hidden state")
        observations = try reader.read()
        gradientNorm = try reader.readDouble()
        loss = try reader.readDouble()
        skippedUpdates = try reader.read()
        optimiser.steps = try reader.read()
        optimiser.power1 = try reader.readDouble()
        optimiser.power2 = try reader.readDouble()
        optimiser.first = try reader.readArray(count: optimiser.first.count, field: "first moments")
        optimiser.second = try reader.readArray(count: optimiser.second.count, field: "second moments")
        let windowInputs = try reader.readArray(of: Scalar.self, atMost: inputs.count, field: "window inputs")
        filled = windowInputs.count / shape.inputs
        let windowTargets = try reader.readArray(
            of: Scalar.self, count: filled * values, field: "window targets")
        inputs.replaceSubrange(0..<windowInputs.count, with: windowInputs)
        targets.replaceSubrange(0..<windowTargets.count, with: windowTargets)
        let rows = try reader.readArray(of: Int32.self, atMost: training.k2 + 1, field: "window starts")
        guard rows.allSatisfy({ $0 >= 0 && $0 <= Int32(filled) }) else {
            throw StateError.invalid(field: "window starts", found: "\(rows)", expected: "rows up to \(filled)")
        }
        startRows.replaceSubrange(startRows.indices, with: rows.map(Int.init))
        let states = try reader.readArray(
            of: Scalar.self, count: rows.count * state.count, field: "window states")
        startStates.replaceSubrange(startStates.indices, with: states)
        try replay.decode(from: &reader)
        health.steps = Int(try reader.read(Int32.self))
        for i in health.layers.indices {
            health.layers[i].inputNorm = try reader.readDouble()
            health.layers[i].recurrentNorm = try reader.readDouble()
            health.layers[i].gain = try reader.readDouble()
        }
    }
}
