import RealModule
import RecurrentModel

/// Whether the last deviations of a channel were mostly of one sign, as after a shift of the level; not so when it only
/// scatters more.
struct Lean: Sendable {
    /// Share of the mean size that the mean itself must reach.
    private static let leastShare = 0.6

    private var size = 0.0

    /// What each deviation counts where so many are looked at, roughly.
    static func share(points: Double) -> Double { 1 - Double.exp(-1 / points) }

    var isToOneSide: Bool { abs(mean) > Self.leastShare * size }
    /// Their mean: above 0 if they lean upwards.
    private(set) var mean = 0.0

    mutating func observe(_ deviation: Double, share: Double) {
        mean += (deviation - mean) * share
        size += (abs(deviation) - size) * share
    }

    mutating func exchange(_ coding: inout some MemberCoding) {
        coding.exchange(short: &mean)
        coding.exchange(short: &size)
    }

    func encode(into writer: inout StateWriter) {
        writer.write(mean)
        writer.write(size)
    }

    mutating func decode(from reader: inout StateReader) throws {
        mean = try reader.readDouble()
        size = try reader.readDouble()
    }
}
