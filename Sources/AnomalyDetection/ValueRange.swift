import RealModule
import RecurrentModel

/// How far a value lies outside all that its channel had before. The range forgets very slowly, so that a stream that
/// has changed for good is not measured by its past for ever.
struct ValueRange: Sendable {
    /// Values after which the range has drawn in half of the way.
    static let memory = 50_000.0
    /// Decades of rarity that a value far outside counts for.
    static let mostDecades = 10.0
    /// Share of the range by which a value must lie outside to count for half of that.
    static let halfway = 0.1

    private static let decay = 0.693_147_180_559_945_3 / memory
    private var low = Double.nan
    private var high = Double.nan

    /// Decades of rarity, 0 for a value inside; 0 while all values were equal.
    func decades(of value: Double) -> Double {
        let width = high / 2 - low / 2
        if !(width > 0) { return 0 }
        let outside = max(0, max(value / 2 - high / 2, low / 2 - value / 2) / width)
        return outside.isFinite ? Self.mostDecades * outside / (outside + Self.halfway) : Self.mostDecades
    }

    mutating func observe(_ value: Double) {
        if low.isNaN {
            low = value
            high = value
        }
        low = min(value, low + (value - low) * Self.decay)
        high = max(value, high + (value - high) * Self.decay)
    }

    func encode(into writer: inout StateWriter) {
        writer.write(low)
        writer.write(high)
    }

    mutating func decode(from reader: inout StateReader) throws {
        low = try reader.readDouble()
        high = try reader.readDouble()
    }
}
