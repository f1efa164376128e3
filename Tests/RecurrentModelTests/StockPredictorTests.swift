import Foundation
import Kernels
import RecurrentModel
import Testing

/// What PyTorch's predictor did; see `fixtures/stock`.
private struct LossCurve: Decodable {
    var window, hidden, layers, batch: Int
    var rate, trainShare: Double
    var seed: UInt64
    /// Mean loss over each epoch's batches, and loss on the validation part after it.
    var training, validation: [Double]
    /// Validation loss of the forecast "as before".
    var naive: Double
}

@Suite struct StockPredictorTests {
    private static func fixture(_ name: String) throws -> Data {
        try Data(
            contentsOf: URL(filePath: #filePath).deletingLastPathComponent().appending(
                path: "../../fixtures/stock/\(name)"))
    }

    /// The same weights, data and order of batches: the same losses within 1 %.
    @Test func lossesFallAsPyTorchsDo() throws {
        let curve = try JSONDecoder().decode(LossCurve.self, from: Self.fixture("loss_curve.json"))
        let lines = String(decoding: try Self.fixture("exchange-2_cpm_results.csv"), as: UTF8.self)
            .split(whereSeparator: \.isNewline).dropFirst()
        let prices = try lines.map { try #require(Double($0.split(separator: ",")[1])) }
        let split = Int(Double(prices.count) * curve.trainShare)
        let low = try #require(prices[..<split].min())
        let high = try #require(prices[..<split].max())
        let scaled = prices.map { Float(($0 - low) / (high - low) * 2 - 1) }
        let train = split - curve.window

        let network = Network<Float>(
            NetworkShape(cell: .lstm, inputs: 1, hidden: curve.hidden, layers: curve.layers, outputs: 1))
        var random = SeededGenerator(seed: curve.seed)
        var trainer = Trainer(
            network: network, parameters: Self.weights(network, &random), window: curve.window, prices: scaled,
            rate: curve.rate)
        for (epoch, expected) in curve.training.enumerated() {
            let order = Self.shuffled(train, &random)
            var total = 0.0
            for start in stride(from: 0, to: train, by: curve.batch) {
                let chosen = Array(order[start..<min(start + curve.batch, train)])
                total += trainer.learn(chosen) * Double(chosen.count)
            }
            let loss = total / Double(train)
            #expect(abs(loss / expected - 1) <= 0.01, "epoch \(epoch): \(loss), expected \(expected)")
            let validation = trainer.loss(Array(train..<(scaled.count - curve.window)))
            let wanted = curve.validation[epoch]
            #expect(abs(validation / wanted - 1) <= 0.01, "validation \(epoch): \(validation), expected \(wanted)")
        }
        let best = try #require(curve.validation.min())
        #expect(best < curve.naive * 0.75, "it has learned something")
    }

    /// Uniform in ±1/√H, row after row of each of PyTorch's matrices.
    private static func weights(_ network: Network<Float>, _ random: inout SeededGenerator) -> [Float] {
        let bound = 1 / Double(network.shape.hidden).squareRoot()
        var parameters = [Float](repeating: 0, count: network.layout.count)
        for view in network.layout.views {
            for i in 0..<view.rows {
                for j in 0..<view.columns {
                    parameters[view.offset + i + j * view.rows] = Float((random.uniform() * 2 - 1) * bound)
                }
            }
        }
        return parameters
    }

    /// Fisher & Yates.
    private static func shuffled(_ count: Int, _ random: inout SeededGenerator) -> [Int] {
        var order = Array(0..<count)
        for i in stride(from: count - 1, to: 0, by: -1) { order.swapAt(i, Int(random.next() % UInt64(i + 1))) }
        return order
    }
}

/// Mini-batches of windows into one series: the price after each is to be predicted.
private struct Trainer {
    let network: Network<Float>
    var parameters: [Float]
    let window: Int
    let prices: [Float]
    let rate: Double
    var optimiser: Optimiser<Float>
    let workspace: Workspace<Float>

    init(network: Network<Float>, parameters: [Float], window: Int, prices: [Float], rate: Double) {
        self.network = network
        self.parameters = parameters
        self.window = window
        self.prices = prices
        self.rate = rate
        optimiser = Optimiser(.adam, parameters: parameters.count)
        workspace = Workspace(for: network)
    }

    /// Mean squared error of the windows that begin at `starts`.
    func loss(_ starts: [Int]) -> Double { run(starts) { _, _, _ in } }

    /// The same, and one step of the optimiser.
    mutating func learn(_ starts: [Int]) -> Double {
        var gradient = [Float](repeating: 0, count: parameters.count)
        let loss = run(starts) { packed, x, initial in
            network.backward(
                packed, parameters: parameters, x: x, initial: initial, workspace: workspace, gradient: &gradient,
                head: .last)
        }
        optimiser.step(rate: rate, count: gradient.count, gradient: gradient, parameters: &parameters)
        return loss
    }

    private func run(_ starts: [Int], then: (PackedShape, [Float], [Float]) -> Void) -> Double {
        let packed = PackedShape(steps: window, batch: starts.count)
        let x = (0..<window).flatMap { step in starts.map { prices[$0 + step] } }
        let targets = starts.map { prices[$0 + window] }
        let initial = [Float](repeating: 0, count: network.stateWidth * starts.count)
        network.forward(packed, parameters: parameters, x: x, initial: initial, workspace: workspace, head: .last)
        let loss = LossKind.mse.evaluate(
            count: starts.count, outputs: workspace.outputs, targets: targets, gradient: workspace.dOutputs)
        then(packed, x, initial)
        return Double(loss)
    }
}
