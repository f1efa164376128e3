import BenchmarkSupport
import CPeak
import Kernels
import RecurrentModel

/// How fast networks predict and learn on one core, apart from all else that the daemon does: each point is predicted
/// by one step of a GRU (2 inputs, 1 output), and every k1 points the network learns from the last k2.
@main
enum ModelSpeed {
    static let usage = """
        usage: model-speed [--cell rnn|lstm|gru] [--hidden N] [--k1 N] [--k2 N] [--streams N] [--seconds N]
        Prints lines of "name value": points/s and GFLOP/s of streams with separate weights (stepped one by one, all in
        turn) and of 1,000 streams with shared weights (stepped together), and the core's peak.
        """

    static func main() {
        let arguments = Arguments(
            known: ["cell", "hidden", "k1", "k2", "streams", "seconds"], usage: usage)
        guard let cell = CellKind(rawValue: arguments.string("cell", default: "gru")) else {
            Failure.end("--cell expects rnn, lstm or gru")
        }
        let k1 = arguments.integer("k1", default: 32)
        let task = Task(
            shape: NetworkShape(cell: cell, inputs: 2, hidden: arguments.integer("hidden", default: 32), outputs: 1),
            training: TrainingSettings(k1: k1, k2: max(k1, arguments.integer("k2", default: 32)), rate: 0.003),
            seconds: Double(arguments.integer("seconds", default: 2)))
        let peak = peak_flops(0.5) / 1e9
        var report = Report()
        report.add("peak_gflops", peak)
        report.add("peak_bits", Int(peak_width()))
        for (name, rate) in [
            ("separate", task.separate(streams: arguments.integer("streams", default: 100))),
            ("shared", task.shared(streams: 1000)),
        ] {
            report.add("\(name)_points_per_second", rate)
            report.add("\(name)_gflops", rate * task.flopsPerPoint / 1e9)
            report.add("\(name)_percent_of_peak", peak > 0 ? 100 * rate * task.flopsPerPoint / 1e9 / peak : 0)
        }
        report.write()
        print("kernels \(KernelVariant.current)")
    }
}

/// The work, and how it is timed: the best of the rounds that fit into the time, as other programs only take away.
struct Task {
    let shape: NetworkShape
    let training: TrainingSettings
    let seconds: Double

    /// Multiplications and additions in the products of one point: one step forward for the prediction, and for the
    /// share of an update that falls to a point one forward and twice as much backward, for each of k2 / k1 steps.
    var flopsPerPoint: Double {
        let gates =
            switch shape.cell {
            case .rnn: 1;
            case .lstm: 4;
            case .gru: 3
            }
        let forward = gates * shape.hidden * (shape.inputs + shape.hidden) + shape.outputs * shape.hidden
        return 2 * Double(forward) * (1 + 3 * Double(training.k2) / Double(training.k1))
    }

    /// A network for each stream: points/s.
    func separate(streams: Int) -> Double {
        let network = Network<Float>(shape)
        let workspace = Workspace(for: network)
        var generator = RecurrentModel.SeededGenerator(seed: 1)
        var learners = (0..<streams).map { _ in
            OnlineLearner(
                network, training: training, parameters: network.initialParameters(.xavier, using: &generator))
        }
        var load = Load(streams: streams)
        let points = max(training.k1, 2_000 / training.k1 * training.k1)
        return best {
            for _ in 0..<points {
                load.advance()
                for stream in 0..<streams {
                    _ = learners[stream].step(load.inputs + 2 * stream, workspace: workspace)
                    learners[stream].observe(load.targets + stream, workspace: workspace)
                }
            }
            return points * streams
        }
    }

    /// One network for all streams, whose steps and updates are batches: points/s.
    func shared(streams: Int) -> Double {
        let network = Network<Float>(shape)
        let workspace = Workspace(for: network)
        let step = Workspace(for: network)
        var generator = RecurrentModel.SeededGenerator(seed: 1)
        var parameters = network.initialParameters(.xavier, using: &generator)
        var optimiser = Optimiser<Float>(training.optimiser, parameters: parameters.count)
        var state = [Float](repeating: 0, count: network.stateWidth * streams)
        let k1 = training.k1
        precondition(training.k2 == k1, "shared weights are measured with k1 = k2")
        var start = state
        var inputs = [Float](repeating: 0, count: 2 * streams * k1)
        var targets = [Float](repeating: 0, count: streams * k1)
        var load = Load(streams: streams)
        let one = PackedShape(steps: 1, batch: streams)
        let window = PackedShape(steps: k1, batch: streams)
        let rounds = max(1, 256 / k1)
        return best {
            for _ in 0..<rounds {
                start = state
                for point in 0..<k1 {
                    load.advance()
                    network.forward(
                        one, parameters: parameters, x: load.inputs, initial: state, workspace: step)
                    network.copyFinalStates(one, workspace: step, to: &state)
                    for i in 0..<(2 * streams) { inputs[2 * streams * point + i] = load.inputs[i] }
                    for i in 0..<streams { targets[streams * point + i] = load.targets[i] }
                }
                network.forward(window, parameters: parameters, x: inputs, initial: start, workspace: workspace)
                _ = training.loss.evaluate(
                    count: window.rows, outputs: workspace.outputs, targets: targets, gradient: workspace.dOutputs)
                workspace.gradient.update(repeating: 0, count: parameters.count)
                network.backward(
                    window, parameters: parameters, x: inputs, initial: start, workspace: workspace,
                    gradient: workspace.gradient)
                _ = training.clipBy.apply(
                    threshold: training.clip, count: parameters.count, gradient: workspace.gradient)
                optimiser.step(
                    rate: training.rate, count: parameters.count, gradient: workspace.gradient,
                    parameters: &parameters)
            }
            return rounds * k1 * streams
        }
    }

    /// Points/s of the fastest round.
    private func best(_ round: () -> Int) -> Double {
        _ = round()
        var best = 0.0
        let end = Clocks.steady + seconds
        repeat {
            let start = Clocks.steady
            let points = round()
            best = max(best, Double(points) / (Clocks.steady - start))
        } while Clocks.steady < end
        return best
    }
}

/// Values and last changes of some streams, and the changes to predict.
struct Load {
    let streams: Int
    let inputs: UnsafeMutablePointer<Float>
    let targets: UnsafeMutablePointer<Float>
    private var generator = BenchmarkSupport.SeededGenerator(seed: 2)

    init(streams: Int) {
        self.streams = streams
        inputs = .allocate(capacity: 2 * streams)
        targets = .allocate(capacity: streams)
        inputs.initialize(repeating: 0, count: 2 * streams)
        targets.initialize(repeating: 0, count: streams)
    }

    /// The next point of each stream: a walk that is drawn back to 0.
    mutating func advance() {
        var bits = generator.next()
        for stream in 0..<streams {
            let value = inputs[2 * stream] + targets[stream]
            inputs[2 * stream + 1] = targets[stream]
            inputs[2 * stream] = value
            if stream % 8 == 7 { bits = generator.next() }
            targets[stream] = Float(Int8(truncatingIfNeeded: bits)) * 0.002 - 0.1 * value
            bits >>= 8
        }
    }
}
