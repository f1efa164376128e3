import RealModule
import RecurrentModel

/// How much of the change that the network announces is believed: the factor with which its last predictions would
/// have come nearest to what came, by least squares, from 0 ("as before") to 1. A network that has not learned yet, or
/// that meets what nothing announces, then costs little.
struct PredictionTrust: Sendable {
    /// Points after which one counts half.
    private static let memory = 500.0
    private static let decay = 1 - Double.exp2(-1 / memory)
    /// Changes count up to the largest target of the network, so that no outlier decides.
    private static let largest = InputEncoder.largestTarget

    /// Means of announced × actual change, and of announced².
    private var product = 0.0
    private var square = 0.0
    /// Change that the network has announced for the point at hand, in scaled units.
    var announced = 0.0

    /// In [0, 1].
    var factor: Double { square > 0 ? max(0, min(1, product / square)) : 0 }

    /// - Parameter actual: change from the last value to the one that has come, in scaled units.
    mutating func observe(actual: Double) {
        let (announced, actual) = (Self.bounded(announced), Self.bounded(actual))
        product += (announced * actual - product) * Self.decay
        square += (announced * announced - square) * Self.decay
    }

    private static func bounded(_ change: Double) -> Double { max(-largest, min(largest, change)) }

    /// What was announced is of no use behind its point.
    mutating func exchange(_ coding: inout some MemberCoding) {
        coding.exchange(short: &product)
        coding.exchange(short: &square)
    }

    func encode(into writer: inout StateWriter) {
        writer.write(product)
        writer.write(square)
    }

    mutating func decode(from reader: inout StateReader) throws {
        product = try reader.readDouble()
        square = try reader.readDouble()
        guard product.isFinite, square >= 0, square.isFinite else {
            throw StateError.invalid(
                field: "trust in predictions", found: "\(product), \(square)", expected: "finite numbers")
        }
    }
}
