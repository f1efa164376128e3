import RealModule
import RecurrentModel

/// How far a slowly moving figure has come above all that it was some time ago. It is said once, fades, and
/// can be said again when the figure has come back in between.
struct StepRecord: Sendable {
    /// A figure counts from so many times the largest one of the past on.
    static let timesLargest = 3.0
    static let mostDecades = 6.0
    /// Blocks that must be known.
    private static let fewestBlocks: Int64 = 4

    /// Of the past, of the block before and of the one at hand. Only the first is compared with.
    private var largest = 0.0
    private var ofBlockBefore = 0.0
    private var ofBlock = 0.0
    private var count: Int64 = 0
    private var decades = FadingDecades()

    /// - Parameters:
    ///   - figure: 0 or more.
    ///   - block: observations in a block, always as many: figures so far apart have little to do with each other.
    ///   - exponent: decades for each tenfold of the largest.
    /// - Returns: decades of rarity.
    mutating func observe(_ figure: Double, block: Int64, exponent: Double) -> Double {
        let blocks = count / block
        if decades.isSaid {
            if figure <= largest { decades.clear() }
        } else if blocks >= Self.fewestBlocks, largest > 0, figure >= Self.timesLargest * largest {
            let beyond = exponent * Double.log10(figure / largest)
            decades.say(min(Self.mostDecades, Double.log10(Double(blocks) + 1) + beyond))
        }
        ofBlock = max(ofBlock, figure)
        count += 1
        if count % block == 0 {
            largest = max(largest, ofBlockBefore)
            ofBlockBefore = ofBlock
            ofBlock = 0
        }
        return decades.next()
    }

    mutating func exchange(_ coding: inout some MemberCoding, block: Int64) {
        coding.exchange(short: &largest)
        coding.exchange(short: &ofBlockBefore)
        coding.exchange(short: &ofBlock)
        coding.exchange(count: &count, period: block)
        decades.exchange(&coding)
    }

    func encode(into writer: inout StateWriter) {
        for number in [largest, ofBlockBefore, ofBlock] { writer.write(number) }
        writer.write(count)
        decades.encode(into: &writer)
    }

    mutating func decode(from reader: inout StateReader) throws {
        largest = try reader.readDouble()
        ofBlockBefore = try reader.readDouble()
        ofBlock = try reader.readDouble()
        count = try reader.read()
        try decades.decode(from: &reader)
    }
}
