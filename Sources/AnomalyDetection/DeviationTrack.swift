import RecurrentModel

/// Sizes of one kind of deviation, each by itself and smoothed: the first finds what stands out for a point, the second
/// what is a little off for long.
struct DeviationTrack: Sendable {
    private var mean = 0.0
    private var weight = 0.0

    /// Takes the next size, 0 or more.
    ///
    /// - Parameters:
    ///   - share: what the smoothed size gives up to it.
    ///   - counts: false only remembers it.
    ///   - sketches: those that it is ranked among, and then is one of.
    /// - Returns: decades of rarity of it, and of the smoothed size, among those before; 0 if it does not count.
    mutating func observe(
        _ size: Double, share: Double, counts: Bool, among sketches: inout SizeMemory.Sketches
    ) -> (single: Double, smoothed: Double) {
        mean += (size - mean) * share
        weight += (1 - weight) * share
        // The mean of the first few, not of these and of zeros before.
        let level = mean / weight
        let rarity = counts ? (sketches.single.decades(of: size), sketches.smoothed.decades(of: level)) : (0, 0)
        sketches.single.insert(size)
        sketches.smoothed.insert(level)
        return rarity
    }

    mutating func exchange(_ coding: inout some MemberCoding) {
        coding.exchange(short: &mean)
        coding.exchange(short: &weight)
    }

    func encode(into writer: inout StateWriter) {
        writer.write(mean)
        writer.write(weight)
    }

    mutating func decode(from reader: inout StateReader) throws {
        mean = try reader.readDouble()
        weight = try reader.readDouble()
    }
}
