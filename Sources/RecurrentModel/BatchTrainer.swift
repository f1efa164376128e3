public import Kernels

/// How a network learns from windows that are all there beforehand.
public struct BatchSettings: Sendable, Equatable {
    public var rate: Double
    public var optimiser: OptimiserKind
    public var loss: LossKind
    public var clip: Double
    public var clipBy: ClipKind
    /// For which rows of a window there are targets.
    public var head: HeadRows
    /// Parts that a mini-batch is cut into, as long as each has two windows: as many threads can share the work. It
    /// decides the order in which gradients are summed, so another number gives (slightly) other weights; another
    /// number of threads does not.
    public var slices: Int

    public init(
        rate: Double, optimiser: OptimiserKind = .adam, loss: LossKind = .mse, clip: Double = 1,
        clipBy: ClipKind = .norm, head: HeadRows = .all, slices: Int = 8
    ) {
        precondition(slices > 0, "a batch is cut into 1 part or more")
        self.rate = rate
        self.optimiser = optimiser
        self.loss = loss
        self.clip = clip
        self.clipBy = clipBy
        self.head = head
        self.slices = slices
    }
}

/// Trains a network of any shape on windows of any lengths, a mini-batch at a time, on any number of threads.
///
///     let trainer = BatchTrainer(network, settings: BatchSettings(rate: 0.001), parameters: p, parallel: onBothCores)
///     for epoch in 0..<epochs {
///         generator.shuffle(&windows)
///         for batch in windows.chunks(ofCount: 32) { loss += trainer.step(batch, of: source) }
///         let validation = trainer.evaluate(others, of: source).mean
///     }
///
/// Every window starts from the state of all zeros. The windows of a mini-batch are dealt out to a fixed number of
/// slices, the longest first; each slice runs its windows packed, without padding, in a workspace of its own; and the
/// slices' gradients are summed in their order. So the outcome is the same, bit for bit, however many threads there
/// are.
public final class BatchTrainer<Scalar: KernelScalar> {
    /// Calls `body` once with each of 0 ..< count, in any order and on any threads, and returns when all have returned.
    public typealias Parallel = (_ count: Int, _ body: @escaping @Sendable (Int) -> Void) -> Void

    public let network: Network<Scalar>
    public let settings: BatchSettings
    /// Threshold of clipping from the next step on; begins as `settings.clip`.
    public var clip: Double
    /// Learning rate from the next step on; begins as `settings.rate`.
    public var rate: Double
    /// The flat buffer that `network.layout` describes.
    public private(set) var parameters: [Scalar]
    /// ∂(mean loss)/∂parameters of the last batch; clipped, once `step` has returned.
    public private(set) var gradient: [Scalar]
    /// Norm of the last gradient before clipping; 0 before the first step.
    public private(set) var gradientNorm = 0.0
    /// Steps that were left out because the gradient was not finite.
    public private(set) var skippedSteps = 0
    private var optimiser: Optimiser<Scalar>
    private let slices: [BatchSlice<Scalar>]
    private let parallel: Parallel

    /// Windows that a slice runs at once when nothing is learned: enough to share out, few enough for the caches.
    private static var evaluated: Int { 32 }

    /// - Parameter parallel: runs the slices; the default does so one after the other.
    /// - Precondition: `parameters` are those of the network, which has `settings.loss.outputsPerTarget` outputs for
    ///   each value.
    public init(
        _ network: Network<Scalar>, settings: BatchSettings, parameters: [Scalar],
        parallel: @escaping Parallel = { count, body in for i in 0..<count { body(i) } }
    ) {
        precondition(parameters.count == network.layout.count, "the parameters are those of another network")
        precondition(
            network.shape.outputs % settings.loss.outputsPerTarget == 0, "the gaussian loss takes two outputs a value")
        self.network = network
        self.settings = settings
        self.parameters = parameters
        self.parallel = parallel
        clip = settings.clip
        rate = settings.rate
        gradient = Array(repeating: 0, count: parameters.count)
        optimiser = Optimiser(settings.optimiser, parameters: parameters.count)
        slices = (0..<settings.slices).map { _ in BatchSlice(network, settings.loss, settings.head) }
    }

    /// One step of the optimiser on a mini-batch. Returns its loss, from before the step. Nothing changes if no target
    /// is known or the gradient is not finite.
    @discardableResult
    public func step(_ windows: some Collection<Int>, of source: some WindowSource<Scalar>) -> LossTotal {
        let total = differentiate(windows, of: source)
        if total.targets == 0 { return total }
        let count = gradient.count
        gradientNorm = gradient.withUnsafeMutableBufferPointer {
            settings.clipBy.apply(threshold: clip, count: count, gradient: $0.baseAddress!)
        }
        guard gradientNorm.isFinite else {
            skippedSteps += 1
            return total
        }
        gradient.withUnsafeBufferPointer { g in
            parameters.withUnsafeMutableBufferPointer { p in
                optimiser.step(
                    rate: rate, count: count, gradient: g.baseAddress!, parameters: p.baseAddress!)
            }
        }
        return total
    }

    /// The loss of a mini-batch; leaves ∂(mean loss)/∂parameters in `gradient`.
    @discardableResult
    public func differentiate(_ windows: some Collection<Int>, of source: some WindowSource<Scalar>) -> LossTotal {
        let order = windows.map { (steps: source.steps(of: $0), window: $0) }
        let sorted = order.indices.sorted { (order[$1].steps, $0) < (order[$0].steps, $1) }.map { order[$0].window }
        // Each slice costs a sum over all parameters, and one with a single window multiplies slowest.
        let count = min(slices.count, (sorted.count + 1) / 2)
        for i in 0..<count {
            slices[i].windows.removeAll(keepingCapacity: true)
            slices[i].windows.append(contentsOf: stride(from: i, to: sorted.count, by: count).lazy.map { sorted[$0] })
        }
        run(count, of: source, learning: true)
        var total = LossTotal()
        for slice in slices.prefix(count) { total += slice.total }
        gradient.withUnsafeMutableBufferPointer { sum(count, of: total.targets, to: $0.baseAddress!) }
        return total
    }

    /// The slices' gradients, each of which is that of its own mean, as the one of all `targets` together.
    @specialized(where Scalar == Float)
    private func sum(_ count: Int, of targets: Int, to sum: UnsafeMutablePointer<Scalar>) {
        let n = parameters.count
        sum.update(repeating: 0, count: n)
        for slice in slices.prefix(count) where slice.total.targets > 0 {
            let share = SIMD8(repeating: Scalar(Double(slice.total.targets) / Double(targets)))
            let part = slice.workspace.gradient
            for i in stride(from: 0, to: n, by: 8) {
                setLanes(sum, i, of: n, lanes(sum, i, of: n) + share * lanes(part, i, of: n))
            }
        }
    }

    /// The loss of any number of windows; learns nothing.
    public func evaluate(_ windows: some Collection<Int>, of source: some WindowSource<Scalar>) -> LossTotal {
        let windows = Array(windows)
        var total = LossTotal()
        var start = 0
        while start < windows.count {
            var used = 0
            while used < slices.count, start < windows.count {
                let end = min(start + Self.evaluated, windows.count)
                slices[used].windows.removeAll(keepingCapacity: true)
                slices[used].windows.append(contentsOf: windows[start..<end])
                used += 1
                start = end
            }
            run(used, of: source, learning: false)
            for slice in slices.prefix(used) { total += slice.total }
        }
        return total
    }

    private func run(_ count: Int, of source: some WindowSource<Scalar>, learning: Bool) {
        if count == 0 { return }
        let slices = slices
        parameters.withUnsafeBufferPointer { buffer in
            // Nobody writes parameters before the last slice has returned.
            nonisolated(unsafe) let p = buffer.baseAddress!
            parallel(count) { slices[$0].run(source, parameters: p, learning: learning) }
        }
    }
}

extension SeededGenerator {
    /// Brings `items` into random order (Fisher & Yates; Durstenfeld 1964). Written out, because the standard
    /// library's order may differ from version to version.
    public mutating func shuffle<Item>(_ items: inout [Item]) {
        for i in stride(from: items.count - 1, to: 0, by: -1) { items.swapAt(i, Int(next() % UInt64(i + 1))) }
    }
}
