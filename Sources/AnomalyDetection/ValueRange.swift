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
    /// After few values the next extreme is no news, however the range looks: the n-th value is the largest or smallest
    /// with the probability 2 / n. Twice as far from the middle is then 2⁻⁴ as likely, as in `RaritySketch`.
    private static let tailExponent = RaritySketch.tailExponent

    private static let decay = 0.693_147_180_559_945_3 / memory
    private var low = Double.nan
    private var high = Double.nan
    private var count: Int64 = 0

    /// How far a value lies outside, in its units; 0 for one inside.
    func distance(of value: Double) -> Double {
        low.isNaN ? 0 : max(0, min(.greatestFiniteMagnitude, max(value - high, low - value)))
    }

    /// Above 0 if a value lies above the middle of it, else not; NaN while nothing is known.
    func side(of value: Double) -> Double { value / 2 - (low / 4 + high / 4) }

    /// Decades of rarity, 0 for a value inside; 0 while all values were equal.
    func decades(of value: Double) -> Double {
        let width = high / 2 - low / 2
        if !(width > 0) { return 0 }
        let outside = max(0, max(value / 2 - high / 2, low / 2 - value / 2) / width)
        if outside == 0 { return 0 }
        let most = max(0, Double.log10(Double(count + 1) / 2)) + Self.tailExponent * Double.log10(1 + 2 * outside)
        return min(most, outside.isFinite ? Self.mostDecades * outside / (outside + Self.halfway) : Self.mostDecades)
    }

    mutating func observe(_ value: Double) {
        count += 1
        if low.isNaN {
            low = value
            high = value
        }
        low = min(value, low + (value - low) * Self.decay)
        high = max(value, high + (value - high) * Self.decay)
    }

    mutating func exchange(_ coding: inout some MemberCoding) {
        coding.exchange(&low)
        coding.exchange(&high)
        coding.exchange(count: &count)
    }

    func encode(into writer: inout StateWriter) {
        writer.write(low)
        writer.write(high)
        writer.write(count)
    }

    mutating func decode(from reader: inout StateReader) throws {
        low = try reader.readDouble()
        high = try reader.readDouble()
        count = try reader.readCount("values seen")
    }
}
