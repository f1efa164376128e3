import Kernels
import RealModule
import RecurrentModel

/// How rare a size is among those that a stream had before, in decades: −log₁₀ of the probability that one is at least
/// as large. Sizes are counted in buckets whose width grows with the size (8 for each doubling), and what was counted
/// long ago counts less, so that some hundred bytes remember some thousands of sizes.
///
/// Beyond the largest size in memory the probability falls as a power law: real residuals have heavy tails, and what is
/// twice as large as anything before is not impossible. The alternative, a generalised Pareto distribution fitted to
/// the largest 2 % of a window (Siffer et al. 2017), was here before: with
/// the same rest between alarms a rank by itself did a little better on NAB, and a fit to some dozens of excesses moves
/// with each of them.
struct RaritySketch: Sendable {
    /// Exponent of the power law: ten times the largest size is 10⁻⁴ as likely as the largest.
    static let tailExponent = 4.0
    /// Most decades that are added beyond the largest size in memory.
    static let mostBeyond = 4.0
    /// Sizes before the first verdict.
    static let fewestSizes = 64

    private static let bucketsPerOctave = 8
    /// Bits of a Float above the three that divide an octave.
    private static let shift: UInt32 = 20
    private static let octaves = 64
    private static let buckets = octaves * bucketsPerOctave
    /// Weights are scaled down before they lose digits to each other.
    private static let heaviest: Float = 1e6

    /// What one new size weighs more than the one before.
    private let growth: Float
    /// What the largest size gives up at each new one; a quarter as fast as the counts.
    private let fading: Float

    /// Of the buckets from `first` on, which begins an octave, in whole octaves: those of a stream fill a few of the 64.
    private var counts: [Float] = []
    private var first = 0
    /// Of sizes that were 0.
    private var zeros: Float = 0
    private var total: Float = 0
    private var weight: Float = 1
    private var largest: Float = 0
    /// The first size that was not 0: sizes are counted in multiples of it, so that no unit matters.
    private var unit = 0.0
    private var seen: Int64 = 0

    /// - Parameter memory: sizes after which one counts half.
    init(memory: Int) {
        growth = Float(Double.exp2(1 / Double(memory)))
        fading = Float(Double.exp2(-0.25 / Double(memory)))
    }

    /// Of memory, without itself.
    var bytes: Int { ArrayBytes.of(counts) }

    /// Says where it lies.
    func locate(in map: MemoryMap) { map.add(counts) }

    /// Decades of rarity of a size, 0 or more; 0 while too few are known.
    func decades(of size: Double) -> Double {
        if seen < Int64(Self.fewestSizes) || !(size > 0) { return 0 }
        if unit == 0 { return (Double.log10(Double(total / weight) + 1)) + Self.mostBeyond }
        let x = relative(size)
        let (bucket, place) = Self.bucket(x)
        // Sizes are taken to lie evenly within a bucket: of its own, those above count.
        var i = max(0, bucket - first)
        var above = counts.indices.contains(bucket - first) ? counts[i] * -place : 0
        // An octave is eight buckets: the rest of this one, then whole ones.
        counts.withUnsafeBufferPointer { counts in
            var sum = SIMD8<Float>.zero
            while i < counts.count, i % 8 != 0 {
                above += counts[i]
                i += 1
            }
            while i < counts.count {
                sum += UnsafeRawPointer(counts.baseAddress! + i).loadUnaligned(as: SIMD8<Float>.self)
                i += 8
            }
            above += sum.sum()
        }
        let probability = Double((above / weight + 1) / (total / weight + 1))
        let decades = max(0, -Double.log10(probability))
        if x <= largest || largest == 0 { return decades }
        return decades + min(Self.mostBeyond, Self.tailExponent * Double.log10(Double(x / largest)))
    }

    mutating func insert(_ size: Double) {
        guard size >= 0 else { return }
        seen += 1
        if unit == 0 && size > 0 { unit = size }
        weight *= growth
        total += weight
        let x = size > 0 ? relative(size) : 0
        if x > 0 {
            let bucket = Self.bucket(x).bucket
            makeRoom(for: bucket)
            counts[bucket - first] += weight
        } else {
            zeros += weight
        }
        largest = max(largest * fading, x)
        if weight < Self.heaviest { return }
        total = 0
        for i in counts.indices {
            // What is left of one size after thirteen half-lives no longer counts.
            counts[i] = counts[i] / weight < 1e-4 ? 0 : counts[i] / weight
            total += counts[i]
        }
        zeros /= weight
        total += zeros
        weight = 1
        trim()
    }

    private mutating func makeRoom(for bucket: Int) {
        let octave = bucket - bucket % Self.bucketsPerOctave
        let range = counts.isEmpty ? octave..<octave : first..<first + counts.count
        if range.contains(bucket) { return }
        take(min(range.lowerBound, octave)..<max(range.upperBound, octave + Self.bucketsPerOctave))
    }

    /// Gives up the octaves at both ends in which nothing is counted any more.
    private mutating func trim() {
        let width = Self.bucketsPerOctave
        guard let low = counts.firstIndex(where: { $0 > 0 }), let high = counts.lastIndex(where: { $0 > 0 }) else {
            return counts = []
        }
        take(first + low / width * width..<first + (high / width + 1) * width)
    }

    /// Keeps the buckets of a range, and no more memory than they need.
    private mutating func take(_ range: Range<Int>) {
        if range == first..<first + counts.count { return }
        counts = [Float](unsafeUninitializedCapacity: range.count) { buffer, count in
            for bucket in range {
                let place = bucket - first
                buffer[bucket - range.lowerBound] = counts.indices.contains(place) ? counts[place] : 0
            }
            count = range.count
        }
        first = range.lowerBound
    }

    /// The size that a share of those in memory exceeds, evenly between the ends of its bucket; NaN while none is known.
    func size(exceededBy share: Double) -> Double {
        if total == 0 { return .nan }
        var above: Float = 0
        let wanted = Float(share) * total
        for (place, count) in counts.enumerated().reversed() where count > 0 {
            if above + count >= wanted {
                let (lower, upper) = (Self.start(of: first + place), Self.start(of: first + place + 1))
                return (upper - (upper - lower) * Double((wanted - above) / count)) * unit
            }
            above += count
        }
        return 0
    }

    // MARK: Buckets

    private func relative(_ size: Double) -> Float {
        Float(min(max(size / unit, 1e-9), 1e9))
    }

    /// Octaves from 2⁻³² to 2³², each cut into eight of equal width, by the bits of the number.
    ///
    /// - Returns: the bucket, and where in it the number lies, from 0 to 1.
    private static func bucket(_ x: Float) -> (bucket: Int, place: Float) {
        let first = (UInt32(127 - octaves / 2) << 23) >> shift
        let bucket = Int(x.bitPattern >> shift) - Int(first)
        if bucket < 0 { return (0, 0) }
        if bucket >= buckets { return (buckets - 1, 1) }
        return (bucket, Float(x.bitPattern & (1 << shift - 1)) / Float(1 << shift as UInt32))
    }

    private static func start(of bucket: Int) -> Double {
        let first = (UInt32(127 - octaves / 2) << 23) >> shift
        return Double(Float(bitPattern: (first + UInt32(bucket)) << shift))
    }

    // MARK: State

    func encode(into writer: inout StateWriter) {
        writer.write(counts)
        writer.write(Int32(first))
        for number in [zeros, total, weight, largest] { writer.write(number.bitPattern) }
        writer.write(unit)
        writer.write(seen)
    }

    mutating func decode(from reader: inout StateReader) throws {
        if reader.format < StateHead.compact {
            counts = try reader.readArray(count: Self.buckets, field: "counts of sizes")
            first = 0
        } else {
            counts = try reader.readArray(atMost: Self.buckets, field: "counts of sizes")
            first = Int(try reader.read(Int32.self))
        }
        zeros = Float(bitPattern: try reader.read())
        total = Float(bitPattern: try reader.read())
        weight = Float(bitPattern: try reader.read())
        largest = Float(bitPattern: try reader.read())
        unit = try reader.readDouble()
        seen = try reader.readCount("sizes seen")
        guard counts.allSatisfy({ $0.isFinite && $0 >= 0 }), [zeros, total, weight, largest].allSatisfy(\.isFinite)
        else {
            throw StateError.invalid(field: "counts of sizes", found: "negative or infinite", expected: "0 or more")
        }
        let width = Self.bucketsPerOctave
        guard counts.count.isMultiple(of: width), (0...Self.buckets - counts.count).contains(first),
            first.isMultiple(of: width)
        else {
            throw StateError.invalid(
                field: "counts of sizes", found: "\(counts.count) from \(first) on", expected: "whole octaves")
        }
        trim()
    }
}
