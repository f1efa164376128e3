import RecurrentModel

/// The mean size of one channel's deviations, which one outlier hardly moves: the unit in which those of several channels
/// are compared.
struct TypicalSize: Sendable {
    /// Sizes that it is the mean of, roughly.
    private static let memory = 500.0
    /// Sizes before it can be a unit.
    private static let fewest = 16.0
    /// Most times the mean that one size can count for: in the mean, and when measured in it.
    private static let mostInMean = 20.0
    private static let most = 50.0

    private(set) var mean = 0.0
    private var count = 0.0

    /// A size in this unit, up to a bound; nil while there is no unit.
    func relative(_ size: Double) -> Double? {
        count >= Self.fewest && mean > 0 ? min(size / mean, Self.most) : nil
    }

    mutating func observe(_ size: Double) {
        count += 1
        let bounded = min(size, mean > 0 ? Self.mostInMean * mean : size)
        mean += (bounded - mean) * max(1 / Self.memory, 1 / count)
    }

    mutating func exchange(_ coding: inout some MemberCoding) {
        coding.exchange(short: &mean)
        coding.exchange(count: &count)
    }

    func encode(into writer: inout StateWriter) {
        writer.write(mean)
        writer.write(count)
    }

    mutating func decode(from reader: inout StateReader) throws {
        mean = try reader.readDouble()
        count = try reader.readDouble()
    }
}
