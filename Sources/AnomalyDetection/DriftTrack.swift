import RealModule
import RecurrentModel

/// A channel that creeps away from where it was: its mean over some hundred values against that over four times as many.
/// No single value of a slow drift is a surprise, and the network follows it.
struct DriftTrack: Sendable {
    private static let fast = 1 - Double.exp(-1 / 100.0)
    private static let slow = 1 - Double.exp(-1 / 400.0)
    /// Values that the means need first.
    private static let fewest: Int64 = 400
    /// Values in a block of the record.
    private static let block: Int64 = 200
    /// Chosen so that four times the usual difference, after some thousand points, is rare enough to be told.
    private static let exponent = 5.0

    private var count: Int64 = 0
    private var near = 0.0
    private var far = 0.0
    private var record = StepRecord()

    /// How far the channel has come, in its units.
    var distance: Double { abs(change) }
    /// The same, below 0 if it has come down.
    var change: Double { near - far }

    /// - Returns: decades of rarity.
    mutating func observe(_ value: Double) -> Double {
        // Means of all values so far, until there are enough of them.
        count += 1
        near += (value - near) * max(Self.fast, 1 / Double(count))
        far += (value - far) * max(Self.slow, 1 / Double(count))
        guard count > Self.fewest, distance.isFinite else { return 0 }
        return record.observe(distance, block: Self.block, exponent: Self.exponent)
    }

    mutating func exchange(_ coding: inout some MemberCoding) {
        coding.exchange(count: &count)
        coding.exchange(&near)
        coding.exchange(&far)
        record.exchange(&coding, block: Self.block)
    }

    func encode(into writer: inout StateWriter) {
        writer.write(count)
        writer.write(near)
        writer.write(far)
        record.encode(into: &writer)
    }

    mutating func decode(from reader: inout StateReader) throws {
        count = try reader.read()
        near = try reader.readDouble()
        far = try reader.readDouble()
        try record.decode(from: &reader)
    }
}
