import Kernels
import RecurrentModel
import Testing

/// Adam with moments in 16 bits.
@Suite struct ShortMomentsTests {
    /// As `MomentDither` says, number by number.
    private struct Reference {
        var first: [UInt16]
        var second: [UInt16]
        var power1 = 1.0
        var power2 = 1.0

        init(_ count: Int) { (first, second) = (Array(repeating: 0, count: count), Array(repeating: 0, count: count)) }

        mutating func step(_ number: Int64, rate: Double, gradient: [Float], parameters: inout [Float]) {
            power1 *= 0.9
            power2 *= 0.999
            let (size, correction) = (Float(rate / (1 - power1)), Float(1 / (1 - power2).squareRoot()))
            let dither = MomentDither(step: number)
            for (i, g) in gradient.enumerated() {
                let place = UInt32(i) &* dither.stride
                let mean = Float(bitPattern: UInt32(first[i]) << 16) * 0.9 + g * Float(1 - 0.9)
                let square = Float(bitPattern: UInt32(second[i]) << 15) * 0.999 + g * g * Float(1 - 0.999)
                first[i] = UInt16((mean.bitPattern + (dither.first &+ place) >> 16) >> 16)
                second[i] = UInt16((square.bitPattern + (dither.second &+ place) >> 17) >> 15)
                parameters[i] = parameters[i] * 1 - size * mean / (square.squareRoot() * correction + 1e-8)
            }
        }
    }

    /// The same bits in every form of the loop, at the ends of registers too.
    @Test(arguments: [1, 7, 8, 9, 15, 16, 17, 33, 977]) func everyBit(count: Int) {
        var reference = Reference(count)
        var optimiser = Optimiser<Float>(.adam, parameters: count, width: .short)
        var random = SeededGenerator(seed: UInt64(count))
        var ours = [Float](repeating: 0.5, count: count)
        var theirs = ours
        for step in 1...200 as ClosedRange<Int64> {
            let gradient = (0..<count).map { Float(random.normal()) * ($0 % 3 == 0 ? 1e-4 : 0.3) }
            optimiser.step(rate: 0.006, count: count, gradient: gradient, parameters: &ours)
            reference.step(step, rate: 0.006, gradient: gradient, parameters: &theirs)
        }
        #expect(ours == theirs)
        #expect(optimiser.steps == 200)
    }

    /// A thousandth a step is less than the second moment's last bit. Rounded to the nearest, it would stay at the size of
    /// large gradients when these are over, and steps would be a hundredth of what they should.
    @Test(arguments: [OptimiserKind.adam, .adamw, .rmsprop]) func momentsFollow(kind: OptimiserKind) {
        let count = 50
        var optimisers = [MomentWidth.full, .short].map { Optimiser<Float>(kind, parameters: count, width: $0) }
        var parameters = [[Float]](repeating: Array(repeating: 0, count: count), count: 2)
        var last = parameters
        for step in 0..<9000 {
            let gradient = [Float](repeating: step < 100 ? 1 : 0.01, count: count)
            if step == 8900 { last = parameters }
            for i in 0..<2 {
                optimisers[i].step(rate: 0.001, count: count, gradient: gradient, parameters: &parameters[i])
            }
        }
        let way = (0..<2).map { i in zip(parameters[i], last[i]).map { $0 - $1 } }
        for (full, short) in zip(way[0], way[1]) { #expect(abs(short - full) < 0.03 * abs(full)) }
        #expect(abs(way[0][0]) > 0.05)
    }

    /// Of noisy gradients, too, all weights come to where they come with moments in full, but for a small share of their
    /// way.
    @Test func theWayIsTheSame() {
        let count = 64
        var optimisers = [MomentWidth.full, .short].map { Optimiser<Float>(.adam, parameters: count, width: $0) }
        var parameters = [[Float]](repeating: Array(repeating: 0, count: count), count: 2)
        var random = SeededGenerator(seed: 3)
        for _ in 0..<3000 {
            let gradient = (0..<count).map { Float(random.normal() + ($0 % 2 == 0 ? 0.1 : -0.3)) }
            for i in 0..<2 {
                optimisers[i].step(rate: 0.001, count: count, gradient: gradient, parameters: &parameters[i])
            }
        }
        for (full, short) in zip(parameters[0], parameters[1]) {
            #expect(abs(short - full) < 0.02 * abs(full) + 0.002, "\(short), in full \(full)")
        }
    }

    /// Run, save, load and run is run.
    @Test(arguments: [OptimiserKind.adam, .rmsprop, .sgd], [0, 1, 3]) func savedAndLoaded(
        kind: OptimiserKind, replay: Int
    ) throws {
        let network = Network<Float>(NetworkShape(cell: .lstm, inputs: 2, hidden: 5, layers: 1, outputs: 1))
        var seed = SeededGenerator(seed: 1)
        let training = TrainingSettings(
            k1: 3, k2: 8, rate: 0.01, optimiser: kind, replay: replay, moments: .short)
        let parameters = network.initialParameters(.xavier, forgetBias: 1, using: &seed)
        var whole = OnlineLearner(network, training: training, parameters: parameters)
        let workspace = Workspace(for: network)
        func take(_ t: Int, _ learner: inout OnlineLearner<Float>) {
            let x = Float(t % 13) / 13
            _ = learner.step([x, 1 - x], workspace: workspace)
            learner.observe([t % 5 == 0 ? .nan : x * x], workspace: workspace)
        }
        for t in 0..<101 { take(t, &whole) }
        var writer = StateWriter()
        whole.encode(into: &writer)
        var half = OnlineLearner(network, training: training, parameters: parameters)
        var reader = StateReader(writer.bytes)
        try half.decode(from: &reader)
        #expect(reader.isAtEnd)
        for t in 101..<200 {
            take(t, &whole)
            take(t, &half)
        }
        #expect(half.parameters == whole.parameters && half.state == whole.state)
        #expect(half.footprint == whole.footprint)
    }
}
