import RealModule
import RecurrentModel

/// Rarity of something that began at one point and goes on: it counts in full at first and halves every fifty points,
/// because what goes on for long is normal. Its state remains, so that it is not said again and again.
struct FadingDecades: Sendable {
    private static let fading = Double.exp2(-1 / 50.0)

    private var decades = 0.0
    private(set) var isSaid = false

    mutating func say(_ decades: Double) {
        self.decades = decades
        isSaid = true
    }

    mutating func clear() { self = FadingDecades() }

    /// What it counts at this point.
    mutating func next() -> Double {
        let now = decades
        decades *= Self.fading
        return now
    }

    /// That it is said is the sign, as there are no decades below 0.
    mutating func exchange(_ coding: inout some MemberCoding) {
        var signed = isSaid ? -decades : decades
        coding.exchange(short: &signed)
        (decades, isSaid) = (abs(signed), signed.sign == .minus)
    }

    func encode(into writer: inout StateWriter) {
        writer.write(decades)
        writer.write(isSaid)
    }

    mutating func decode(from reader: inout StateReader) throws {
        decades = try reader.readDouble()
        isSaid = try reader.readBool()
    }
}
