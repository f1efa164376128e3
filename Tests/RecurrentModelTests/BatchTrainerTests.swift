import Dispatch
import Kernels
import RecurrentModel
import Testing

/// Windows of random numbers, some of them without some of their targets.
struct RandomWindows<Scalar: KernelScalar>: WindowSource {
    let inputs: [[Scalar]]
    let targets: [[Scalar]]
    let lengths: [Int]

    init(_ lengths: [Int], width: Int, values: Int, head: HeadRows, missing: Double = 0.2, seed: UInt64) {
        var random = SeededGenerator(seed: seed)
        self.lengths = lengths
        inputs = lengths.map { n in (0..<(n * width)).map { _ in Scalar(random.normal()) } }
        targets = lengths.map { n in
            (0..<((head == .all ? n : 1) * values)).map { _ in
                random.uniform() < missing ? .nan : Scalar(random.normal())
            }
        }
    }

    var count: Int { lengths.count }
    func steps(of window: Int) -> Int { lengths[window] }
    func fill(_ window: Int, inputs x: UnsafeMutablePointer<Scalar>, targets y: UnsafeMutablePointer<Scalar>) {
        x.update(from: inputs[window], count: inputs[window].count)
        y.update(from: targets[window], count: targets[window].count)
    }
}

/// Runs the bodies on `threads` threads, the last ones first, to make the order as different as possible.
func onThreads(_ threads: Int) -> BatchTrainer<Float>.Parallel {
    { count, body in
        DispatchQueue.concurrentPerform(iterations: threads) { thread in
            for i in stride(from: thread, to: count, by: threads).reversed() { body(i) }
        }
    }
}

@Suite struct BatchTrainerTests {
    /// A case for each cell, head and loss, both with and without what can be added to a network.
    static let cases = CellKind.allCases.flatMap { cell in
        HeadRows.allCases.flatMap { head in
            LossKind.allCases.flatMap { loss in [false, true].map { (cell, head, loss, $0) } }
        }
    }

    private static func shape(_ cell: CellKind, _ loss: LossKind, isRich: Bool) -> NetworkShape {
        NetworkShape(
            cell: cell, inputs: 3, hidden: 9, layers: 2, outputs: 2 * loss.outputsPerTarget, isBidirectional: isRich,
            attention: isRich ? 4 : 0)
    }

    /// Loss and gradient of a batch of unequal windows are those of each window alone, summed up.
    @Test(arguments: cases)
    func aBatchIsTheSumOfItsWindows(_ cell: CellKind, _ head: HeadRows, _ loss: LossKind, _ isRich: Bool) {
        let network = Network<Double>(Self.shape(cell, loss, isRich: isRich))
        var random = SeededGenerator(seed: 8)
        let p = network.initialParameters(.orthogonal, using: &random)
        let source = RandomWindows<Double>(
            [4, 9, 1, 9, 2, 6, 6, 3, 1, 7, 5], width: 3, values: 2, head: head, seed: 4)
        let trainer = BatchTrainer(
            network, settings: BatchSettings(rate: 0.01, loss: loss, head: head, slices: 3), parameters: p)
        let chosen = [10, 3, 0, 8, 2, 5, 6, 1]
        let total = trainer.differentiate(chosen, of: source)

        let workspace = Workspace(for: network)
        let zeros = [Double](repeating: 0, count: network.stateWidth)
        var sum = 0.0
        var known = 0
        var gradient = [Double](repeating: 0, count: p.count)
        for window in chosen {
            let packed = PackedShape(steps: source.lengths[window])
            let rows = head == .all ? packed.rows : 1
            let targets = source.targets[window]
            let x = source.inputs[window]
            network.forward(packed, parameters: p, x: x, initial: zeros, workspace: workspace, head: head)
            let mean = loss.evaluate(
                rows: rows, channels: 2, outputs: workspace.outputs, targets: targets, gradient: workspace.dOutputs)
            let present = targets.filter { !$0.isNaN }.count
            var own = [Double](repeating: 0, count: p.count)
            network.backward(
                packed, parameters: p, x: x, initial: zeros, workspace: workspace, gradient: &own, head: head)
            sum += mean * Double(present)
            known += present
            for i in own.indices { gradient[i] += own[i] * Double(present) }
        }
        #expect(total.targets == known)
        #expect(abs(total.sum - sum) <= 1e-12 * abs(sum))
        for i in gradient.indices {
            let expected = gradient[i] / Double(known)
            #expect(abs(trainer.gradient[i] - expected) <= 1e-12 + 1e-10 * abs(expected))
        }
        #expect(trainer.parameters == p, "nothing was learned")
        let evaluated = trainer.evaluate(chosen, of: source)
        #expect(evaluated.targets == known && abs(evaluated.sum - sum) <= 1e-12 * abs(sum))
    }

    /// The whole way of a training is the same, bit for bit, for any number of threads.
    @Test(arguments: CellKind.allCases)
    func threadsChangeNothing(_ cell: CellKind) {
        let network = Network<Float>(Self.shape(cell, .huber, isRich: false))
        var random = SeededGenerator(seed: 3)
        let p = network.initialParameters(.xavier, using: &random)
        let lengths = (0..<150).map { _ in Int.random(in: 1...24, using: &random) }
        let source = RandomWindows<Float>(lengths, width: 3, values: 2, head: .all, seed: 5)
        let outcomes = [1, 2, 3, 7].map { threads in
            var random = SeededGenerator(seed: 9)
            let trainer = BatchTrainer(
                network, settings: BatchSettings(rate: 0.01, loss: .huber), parameters: p,
                parallel: onThreads(threads))
            var windows = Array(0..<source.count)
            var losses: [UInt64] = []
            for _ in 0..<3 {
                random.shuffle(&windows)
                for start in stride(from: 0, to: windows.count, by: 20) {
                    let batch = windows[start..<min(start + 20, windows.count)]
                    losses.append(trainer.step(batch, of: source).sum.bitPattern)
                }
                losses.append(trainer.evaluate(windows, of: source).sum.bitPattern)
            }
            return (losses, trainer.parameters.map(\.bitPattern))
        }
        for outcome in outcomes.dropFirst() {
            #expect(outcome.0 == outcomes[0].0)
            #expect(outcome.1 == outcomes[0].1)
        }
        #expect(outcomes[0].1 != p.map(\.bitPattern))
    }

    @Test func whatTeachesNothingChangesNothing() {
        let network = Network<Float>(Self.shape(.gru, .mse, isRich: false))
        var random = SeededGenerator(seed: 3)
        let p = network.initialParameters(.xavier, using: &random)
        let trainer = BatchTrainer(network, settings: BatchSettings(rate: 0.1), parameters: p)
        let unknown = RandomWindows<Float>([3, 4], width: 3, values: 2, head: .all, missing: 2, seed: 1)
        let nothing = trainer.step([0, 1], of: unknown)
        #expect(nothing.targets == 0 && nothing.mean.isNaN)
        #expect(trainer.step([], of: unknown) == LossTotal())
        #expect(trainer.evaluate([], of: unknown) == LossTotal())
        #expect(trainer.parameters == p && trainer.skippedSteps == 0)

        var broken = [Float](repeating: 0, count: p.count)
        broken[0] = .nan
        let sick = BatchTrainer(network, settings: BatchSettings(rate: 0.1), parameters: broken)
        let known = RandomWindows<Float>([3, 4], width: 3, values: 2, head: .all, missing: 0, seed: 1)
        sick.step([0, 1], of: known)
        #expect(sick.skippedSteps == 1 && sick.parameters.dropFirst().allSatisfy { $0 == 0 })
    }

    /// Clipping holds the gradient to its threshold, which can be changed on the way.
    @Test func theThresholdOfClippingCanBeRaised() {
        let network = Network<Double>(Self.shape(.lstm, .mse, isRich: false))
        var random = SeededGenerator(seed: 3)
        let p = network.initialParameters(.orthogonal, using: &random)
        let source = RandomWindows<Double>([5, 5, 8], width: 3, values: 2, head: .all, seed: 2)
        let trainer = BatchTrainer(
            network, settings: BatchSettings(rate: 0, optimiser: .sgd, clip: 0.01), parameters: p)
        func norm() -> Double { trainer.gradient.reduce(0) { $0 + $1 * $1 }.squareRoot() }
        trainer.step(0..<3, of: source)
        #expect(abs(norm() - 0.01) < 1e-5 && trainer.gradientNorm > 0.02)
        trainer.clip = 0.02
        trainer.step(0..<3, of: source)
        #expect(abs(norm() - 0.02) < 1e-5)
        #expect(trainer.parameters == p)
    }
}
