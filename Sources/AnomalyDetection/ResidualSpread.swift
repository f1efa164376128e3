import RealModule
import RecurrentModel

/// Residuals of a channel that have become much smaller than they were, as those of a sensor that has lost its signal.
/// (That they have become larger is found by `DeviationTrack`.)
struct ResidualSpread: Sendable {
    private static let share = 1 - Double.exp(-1 / 30.0)
    private static let fewest: Int64 = 90
    /// Residuals in a block of the record.
    private static let block: Int64 = 30

    private var count: Int64 = 0
    private var size = 0.0
    private var record = StepRecord()

    /// - Parameter size: of the next residual, 0 or more.
    /// - Returns: decades of rarity of residuals that are so small for some time.
    mutating func observe(_ next: Double) -> Double {
        count += 1
        size += (next - size) * max(Self.share, 1 / Double(count))
        // What is always predicted exactly has no spread to lose.
        guard count > Self.fewest, size > 0, (1 / size).isFinite else { return 0 }
        return record.observe(1 / size, block: Self.block, exponent: RaritySketch.tailExponent)
    }

    mutating func exchange(_ coding: inout some MemberCoding) {
        coding.exchange(count: &count)
        coding.exchange(short: &size)
        record.exchange(&coding, block: Self.block)
    }

    func encode(into writer: inout StateWriter) {
        writer.write(count)
        writer.write(size)
        record.encode(into: &writer)
    }

    mutating func decode(from reader: inout StateReader) throws {
        count = try reader.read()
        size = try reader.readDouble()
        try record.decode(from: &reader)
    }
}
