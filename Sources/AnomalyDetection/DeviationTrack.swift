import RealModule
import RecurrentModel

/// Sizes of one kind of deviation, each by itself and smoothed: the first finds what stands out for a point, the second
/// what is a little off for long.
struct DeviationTrack: Sendable {
    /// What a smoothed size gives up to each new one.
    private let share: Double
    private var single: RaritySketch
    private var smoothed: RaritySketch
    private var mean = 0.0
    private var weight = 0.0

    /// - Parameters:
    ///   - memory: of the sketches, in sizes.
    ///   - smoothing: sizes that the smoothed one is roughly the mean of.
    init(memory: Int, smoothing: Double) {
        share = 1 - Double.exp(-1 / smoothing)
        single = RaritySketch(memory: memory)
        smoothed = RaritySketch(memory: memory)
    }

    /// Takes the next size, 0 or more.
    ///
    /// - Parameter counts: false only remembers it.
    /// - Returns: decades of rarity of it, and of the smoothed size, among those before; 0 if it does not count.
    mutating func observe(_ size: Double, counts: Bool) -> (single: Double, smoothed: Double) {
        mean += (size - mean) * share
        weight += (1 - weight) * share
        // The mean of the first few, not of these and of zeros before.
        let level = mean / weight
        let rarity = counts ? (single.decades(of: size), smoothed.decades(of: level)) : (0, 0)
        single.insert(size)
        smoothed.insert(level)
        return rarity
    }

    /// Of memory, without itself.
    var bytes: Int { single.bytes + smoothed.bytes }

    /// The size that a share of those in memory exceeds; NaN while none is known.
    func size(exceededBy share: Double) -> Double { single.size(exceededBy: share) }

    func encode(into writer: inout StateWriter) {
        single.encode(into: &writer)
        smoothed.encode(into: &writer)
        writer.write(mean)
        writer.write(weight)
    }

    mutating func decode(from reader: inout StateReader) throws {
        try single.decode(from: &reader)
        try smoothed.decode(from: &reader)
        mean = try reader.readDouble()
        weight = try reader.readDouble()
    }
}
