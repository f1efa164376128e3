import RealModule
import RecurrentModel

/// How unusual it is for a channel to have had the very same value for so long: the sign of a sensor that is stuck. What
/// repeats itself often has had long runs before, and is measured by these.
struct FlatRun: Sendable {
    /// A run counts from so many repetitions on, and from so many times the longest one before.
    static let fewestRepetitions = 8.0
    static let timesLongest = 2.0
    static let mostDecades = 6.0

    private var last = Double.nan
    /// Repetitions in the run at hand, and in the longest one before it.
    private var repetitions = 0.0
    private var longest = 0.0
    /// Runs so far; a value that is not repeated is one, too.
    private var runs = 0.0
    /// What the run at hand counts: it is said once, and fades as the run becomes normal.
    private var decades = FadingDecades()

    /// Takes the next value.
    ///
    /// - Returns: decades of rarity. One run in so many was as long as the longest; beyond that, the probability falls as
    ///   a power law, as in `RaritySketch`.
    mutating func observe(_ value: Double) -> Double {
        guard value == last else {
            if !last.isNaN { runs += 1 }
            longest = max(longest, repetitions)
            repetitions = 0
            decades.clear()
            last = value
            return 0
        }
        repetitions += 1
        if !decades.isSaid, repetitions >= Self.fewestRepetitions, repetitions >= Self.timesLongest * longest {
            let beyond = RaritySketch.tailExponent * Double.log10(repetitions / max(longest, 1))
            decades.say(min(Self.mostDecades, Double.log10(runs + 1) + beyond))
        }
        return decades.next()
    }

    mutating func exchange(_ coding: inout some MemberCoding) {
        coding.exchange(&last)
        coding.exchange(count: &repetitions)
        coding.exchange(count: &longest)
        coding.exchange(count: &runs)
        decades.exchange(&coding)
    }

    func encode(into writer: inout StateWriter) {
        for number in [last, repetitions, longest, runs] { writer.write(number) }
        decades.encode(into: &writer)
    }

    mutating func decode(from reader: inout StateReader) throws {
        last = try reader.readDouble()
        repetitions = try reader.readDouble()
        longest = try reader.readDouble()
        runs = try reader.readDouble()
        try decades.decode(from: &reader)
    }
}
