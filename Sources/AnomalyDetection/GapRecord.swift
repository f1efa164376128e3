import RealModule
import RecurrentModel

/// How unusual it is that a stream has said nothing for so long.
struct GapRecord: Sendable {
    /// A gap counts from so many usual intervals on, and from so many times the longest one before.
    static let fewestIntervals: Int64 = 5
    static let timesLongest: Int64 = 2
    static let mostDecades = 6.0
    /// Intervals that must be known.
    private static let fewestKnown = 64.0

    /// Microseconds.
    private var longest: Int64 = 0
    private var count = 0.0

    /// The longest silence that is no news yet, in microseconds; nil while too little is known.
    func patience(usual: Int64) -> Int64? {
        if count < Self.fewestKnown || usual <= 0 { return nil }
        let gaps = max(Self.fewestIntervals.multipliedReportingOverflow(by: usual).partialValue, 0)
        return max(gaps, longest < .max / Self.timesLongest ? longest * Self.timesLongest : .max)
    }

    /// Decades of rarity of a silence of so many microseconds; 0 if it is no news.
    func decades(of elapsed: Int64, usual: Int64) -> Double {
        guard let patience = patience(usual: usual), elapsed >= patience else { return 0 }
        let beyond = RaritySketch.tailExponent * Double.log10(Double(elapsed) / Double(max(longest, usual)))
        return min(Self.mostDecades, Double.log10(count + 1) + beyond)
    }

    /// The silence whose rarity reaches so many decades, in microseconds; nil while too little is known, or if no silence is
    /// as rare as that.
    func silence(ofDecades decades: Double, usual: Int64) -> Int64? {
        guard let patience = patience(usual: usual), decades <= Self.mostDecades else { return nil }
        let beyond = max(0, decades - Double.log10(count + 1))
        let wanted = Double(max(longest, usual)) * Double.exp10(beyond / RaritySketch.tailExponent)
        // Rounding must not leave it a bit below.
        return wanted < Double(Int64.max / 2) ? max(patience, Int64(wanted.rounded(.up)) + 1) : nil
    }

    /// - Parameter elapsed: microseconds since the point before, above 0.
    mutating func observe(_ elapsed: Int64) {
        longest = max(longest, elapsed)
        count += 1
    }

    mutating func exchange(_ coding: inout some MemberCoding) {
        coding.exchange(&longest)
        coding.exchange(count: &count)
    }

    func encode(into writer: inout StateWriter) {
        writer.write(longest)
        writer.write(count)
    }

    mutating func decode(from reader: inout StateReader) throws {
        longest = try reader.read()
        count = try reader.readDouble()
    }
}
