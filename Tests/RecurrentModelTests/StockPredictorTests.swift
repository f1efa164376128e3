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
        let trainer = BatchTrainer(
            network, settings: BatchSettings(rate: curve.rate, clip: 0, head: .last),
            parameters: Self.weights(network, &random), parallel: onThreads(2))
        let source = Prices(window: curve.window, prices: scaled)
        for (epoch, expected) in curve.training.enumerated() {
            var order = Array(0..<train)
            random.shuffle(&order)
            var total = LossTotal()
            for start in stride(from: 0, to: train, by: curve.batch) {
                total += trainer.step(order[start..<min(start + curve.batch, train)], of: source)
            }
            #expect(abs(total.mean / expected - 1) <= 0.01, "epoch \(epoch): \(total.mean), expected \(expected)")
            let validation = trainer.evaluate(train..<source.count, of: source).mean
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
}

/// Windows into one series: the price after each is to be predicted.
private struct Prices: WindowSource {
    let window: Int
    let prices: [Float]

    var count: Int { prices.count - window }
    func steps(of _: Int) -> Int { window }
    func fill(_ start: Int, inputs: UnsafeMutablePointer<Float>, targets: UnsafeMutablePointer<Float>) {
        for i in 0..<window { inputs[i] = prices[start + i] }
        targets[0] = prices[start + window]
    }
}
