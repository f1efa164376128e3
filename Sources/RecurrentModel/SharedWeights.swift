public import Kernels
import Synchronization

/// One set of weights, and its optimiser, that the learners of several threads share (`GroupLearner`).
///
/// A learner steps with a copy of its own and asks for a newer one between two batches; it comes here with a gradient
/// only once for some thousand steps. So no lock is taken for a step. With more than one thread, the order in which
/// gradients come is that of their arrival, and the weights are not the same bit for bit from run to run.
public final class SharedWeights<Scalar: KernelScalar>: Sendable {
    /// What the weights have become, and how learning goes.
    private struct Contents: Sendable {
        var parameters: [Scalar]
        var optimiser: Optimiser<Scalar>
        var figures: Figures
    }

    /// How learning goes.
    public struct Figures: Sendable {
        /// Windows that were learned from.
        public internal(set) var windows: Int64 = 0
        /// Updates that were left out because the gradient was not finite.
        public internal(set) var skippedUpdates: Int64 = 0
        /// Norm of the last gradient before clipping, and the loss it came from; 0 before the first update.
        public internal(set) var gradientNorm = 0.0
        public internal(set) var loss = 0.0
        /// How the last gradient that was looked at was spread over the layers.
        public internal(set) var health: GradientHealth
    }

    public let network: Network<Scalar>
    public let training: TrainingSettings
    private let contents: Mutex<Contents>
    /// Changes of the weights, so that whoever has the newest sees it without the lock.
    private let changes = Atomic<Int>(1)
    private let hasBegun = Atomic<Bool>(false)

    /// - Precondition: as for `OnlineLearner`.
    public init(_ network: Network<Scalar>, training: TrainingSettings, parameters: [Scalar]) {
        network.require(parameters, for: training)
        self.network = network
        self.training = training
        contents = Mutex(
            Contents(
                parameters: parameters, optimiser: Optimiser(training.optimiser, parameters: parameters.count),
                figures: Figures(health: GradientHealth(layers: network.layers.count))))
    }

    /// Whether somebody has yet to say what weights it begins with; true once, and never for weights that were stored.
    public func begin() -> Bool { !hasBegun.exchange(true, ordering: .acquiringAndReleasing) }

    /// Grows with each change of the weights.
    public var version: Int { changes.load(ordering: .acquiring) }

    /// The flat buffer that `network.layout` describes; a copy.
    public var parameters: [Scalar] { contents.withLock { $0.parameters } }

    public var figures: Figures { contents.withLock { $0.figures } }

    /// Updates of the weights so far.
    public var updates: Int64 { contents.withLock { $0.optimiser.steps } }

    /// Copies the weights if there are newer ones than `version`.
    ///
    /// - Parameter target: room for `network.layout.count` scalars.
    /// - Returns: the version that `target` has now.
    func copy(to target: UnsafeMutablePointer<Scalar>, newerThan version: Int) -> Int {
        if self.version == version { return version }
        return contents.withLock { contents in
            contents.parameters.withUnsafeBufferPointer { target.update(from: $0.baseAddress!, count: $0.count) }
            return changes.load(ordering: .relaxed)
        }
    }

    /// Goes on with other weights; what the optimiser and the figures know belongs to the old ones and begins anew.
    ///
    /// - Precondition: `network.layout.count` parameters.
    public func replaceParameters(_ parameters: [Scalar]) {
        precondition(parameters.count == network.layout.count, "the parameters are those of another network")
        contents.withLock { contents in
            contents.parameters = parameters
            contents.optimiser = Optimiser(training.optimiser, parameters: parameters.count)
            contents.figures = Figures(health: GradientHealth(layers: network.layers.count))
            changes.add(1, ordering: .releasing)
        }
    }

    /// Takes one step of the optimiser.
    ///
    /// - Parameters:
    ///   - gradient: of a mean loss, `network.layout.count` scalars; clipped in place.
    ///   - windows: that it comes from.
    ///   - health: of this gradient; nil if it was not looked at.
    func learn(_ gradient: UnsafeMutablePointer<Scalar>, loss: Double, windows: Int, health: GradientHealth?) {
        let count = network.layout.count
        let norm = training.clipBy.apply(threshold: training.clip, count: count, gradient: gradient)
        contents.withLock { contents in
            contents.figures.gradientNorm = norm
            contents.figures.loss = loss
            if let health { contents.figures.health = health }
            guard norm.isFinite else {
                contents.figures.skippedUpdates += 1
                return
            }
            contents.figures.windows += Int64(windows)
            contents.parameters.withUnsafeMutableBufferPointer {
                contents.optimiser.step(
                    rate: training.rate, count: count, gradient: gradient, parameters: $0.baseAddress!)
            }
            changes.add(1, ordering: .releasing)
        }
    }
}

extension SharedWeights where Scalar: BitwiseCopyable {
    /// The weights, the optimiser's moments and the figures.
    public func encode(into writer: inout StateWriter) {
        let contents = contents.withLock { $0 }
        writer.write(contents.parameters)
        let optimiser = contents.optimiser
        writer.write(optimiser.steps)
        writer.write(optimiser.power1)
        writer.write(optimiser.power2)
        optimiser.encodeMoments(into: &writer)
        writer.write(contents.figures.windows)
        writer.write(contents.figures.skippedUpdates)
        writer.write(contents.figures.gradientNorm)
        writer.write(contents.figures.loss)
        contents.figures.health.encode(into: &writer)
    }

    /// Puts back what `encode` wrote for the same network and optimiser.
    ///
    /// - Throws: `StateError`; then nothing has changed.
    public func decode(from reader: inout StateReader) throws {
        let count = network.layout.count
        let parameters: [Scalar] = try reader.readArray(count: count, field: "parameters")
        var optimiser = Optimiser<Scalar>(training.optimiser, parameters: count)
        optimiser.steps = try reader.readCount("updates")
        optimiser.power1 = try reader.readDouble()
        optimiser.power2 = try reader.readDouble()
        try optimiser.decodeMoments(from: &reader)
        var figures = Figures(health: GradientHealth(layers: network.layers.count))
        figures.windows = try reader.readCount("windows")
        figures.skippedUpdates = try reader.readCount("updates left out")
        figures.gradientNorm = try reader.readDouble()
        figures.loss = try reader.readDouble()
        try figures.health.decode(from: &reader)
        guard parameters.allSatisfy(\.isFinite) else {
            throw StateError.invalid(field: "parameters", found: "one that is not finite", expected: "finite numbers")
        }
        _ = begin()
        contents.withLock { [optimiser, figures] contents in
            contents = Contents(parameters: parameters, optimiser: optimiser, figures: figures)
            changes.add(1, ordering: .releasing)
        }
    }
}
