import RecurrentModel

/// Teaches a network to fill in masked points of a range, from the range itself.
public struct HindsightTraining {
    private let settings: HindsightSettings
    private let limits: [HindsightLimits]
    private let frame: HindsightFrame
    private let trainer: BatchTrainer<Float>
    private let rate: Double
    private let fold: HindsightFold
    private var generator: SeededGenerator
    /// How often all of the range is gone through.
    public let epochs: Int

    /// - Parameters:
    ///   - name: the stream's name, which seeds weights and masks together with `settings.seed`.
    ///   - fold: the points that are learned from; the others are seen, but never asked for.
    ///   - parallel: spreads the work; the outcome does not depend on how.
    /// - Precondition: the series has two windows of points or more.
    public init(
        _ settings: HindsightSettings, of series: HindsightSeries, name: some Sequence<UInt8>,
        fold: HindsightFold = .all, parallel: @escaping HindsightSettings.Parallel
    ) {
        precondition(series.count >= settings.fewestPoints, "too few points to learn from")
        self.settings = settings
        self.fold = fold
        limits = HindsightModel.limits(of: series)
        frame = HindsightFrame(series, limits: limits)
        let network = Network<Float>(
            HindsightModel.shape(
                cell: settings.cell, hidden: settings.hidden, layers: settings.layers, channels: series.channels))
        generator = SeededGenerator(seed: settings.seed, name: name)
        rate = settings.rate
        trainer = BatchTrainer(
            network,
            settings: BatchSettings(rate: settings.rate, loss: HindsightModel.loss, slices: HindsightSettings.batch),
            parameters: network.initialParameters(.orthogonal, using: &generator), parallel: parallel)
        let steps = max(1, series.count * 2 / settings.window / HindsightSettings.batch)
        let range = HindsightSettings.epochRange
        epochs = settings.epochs ?? min(range.upperBound, max(range.lowerBound, HindsightSettings.steps / steps))
    }

    /// Trains to the end.
    ///
    /// - Parameter progress: called after each epoch with its number, from 1, and its mean loss in scaled units; what
    ///   it throws ends the training there.
    public mutating func run(progress: (_ epoch: Int, _ loss: Double) throws -> Void) rethrows -> HindsightModel {
        for epoch in 0..<epochs {
            // Falls to nothing in a straight line, so that the last steps settle.
            trainer.rate = rate * (1 - Double(epoch) / Double(epochs))
            let source = HindsightWindows(frame, window: settings.window, fold: fold, seed: generator.next())
            var order = Array(0..<source.count)
            generator.shuffle(&order)
            var loss = LossTotal()
            for start in stride(from: 0, to: order.count, by: HindsightSettings.batch) {
                loss += trainer.step(order[start..<min(start + HindsightSettings.batch, order.count)], of: source)
            }
            try progress(epoch + 1, loss.mean)
        }
        return HindsightModel(
            cell: settings.cell, hidden: settings.hidden, layers: settings.layers, window: settings.window,
            limits: limits, parameters: trainer.parameters)
    }
}

/// The windows of one epoch: half a window apart, from a random point on, each with a random mask.
private struct HindsightWindows: WindowSource {
    private let frame: HindsightFrame
    private let window: Int
    private let fold: HindsightFold
    private let seed: UInt64
    private let starts: [Int]

    init(_ frame: HindsightFrame, window: Int, fold: HindsightFold, seed: UInt64) {
        self.frame = frame
        self.window = window
        self.fold = fold
        self.seed = seed
        let step = max(1, window / 2)
        var starts = Array(stride(from: Int(seed % UInt64(step)), through: frame.count - window, by: step))
        // The ends, too, are learned from in each epoch.
        starts.append(0)
        starts.append(frame.count - window)
        self.starts = starts
    }

    var count: Int { starts.count }

    func steps(of window: Int) -> Int { self.window }

    func fill(_ index: Int, inputs: UnsafeMutablePointer<Float>, targets: UnsafeMutablePointer<Float>) {
        let start = starts[index]
        let channels = frame.channels
        withUnsafeTemporaryAllocation(of: Bool.self, capacity: window) { isMasked in
            isMasked.initialize(repeating: false)
            var random = SeededGenerator(seed: seed &+ UInt64(index))
            let look = HindsightLook.random(isMasked, using: &random)
            // The lines go where the targets will be.
            frame.fill(
                from: start, isMasked: UnsafeBufferPointer(isMasked), knowsCalendar: look.knowsCalendar, inputs: inputs,
                stride: HindsightFrame.inputs(channels: channels), lines: targets)
            for step in 0..<window {
                let isAsked = isMasked[step] && fold.contains(start + step, of: frame.count, window: window)
                for c in 0..<channels {
                    let i = step * channels + c
                    targets[i] = isAsked ? frame.targets[start * channels + i] - targets[i] : .nan
                }
            }
        }
    }
}
