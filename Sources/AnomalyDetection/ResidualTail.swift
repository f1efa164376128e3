import RealModule
import RecurrentModel

/// How rare a residual is among the recent ones of its stream: a tail probability, which means the same for every
/// stream whatever its units and its noise.
///
/// Peaks over threshold after Siffer et al., "Anomaly Detection in Streams with Extreme Value Theory" (KDD 2017): the
/// largest residuals of a window are fitted with a generalised Pareto distribution, the only limit that such excesses
/// can have (Pickands 1975), so that probabilities far below 1 / window can be told. Chosen over the rolling
/// likelihood of Lavin & Ahmad 2015 because that supposes a normal distribution, which residuals of real streams are
/// not: their tails are heavy, and a normal fit turns each of them into an alarm.
///
/// Differences from the paper, and why:
/// - a sliding window, not all history: noise changes over the day and the years;
/// - another way to fit, see ``ParetoTail``;
/// - a residual far beyond the alarm threshold is entered at a bounded size, not left out: so an outlier hardly
///   moves the fit, yet noise that has really grown becomes normal after some dozens of points.
struct ResidualTail: Sendable {
    /// Points between two fits.
    static let fitInterval = 32

    private let capacity: Int
    private let share: Double
    private let bandShare: Double
    private let alarmProbability: Double

    /// Recent residuals in multiples of `1 / toUnit`, as the upper halves of Floats: 0.4 % precise, in order of size,
    /// two bytes each.
    private var codes: [UInt16] = []
    private var next = 0
    private var insertsSinceFit = 0
    /// A power of two that brings the first residual near 1, so that scaling a stream by 2ⁿ changes no bit here.
    private var toUnit = 0.0

    // The fit, in units of `toUnit`.
    private var threshold = 0.0
    private var thresholdShare = 1.0
    private var tail = ParetoTail()
    private var limit = Double.infinity
    /// Half-width of the band, in the residual's own units.
    private(set) var band = Double.nan

    init(_ settings: ScoreSettings) {
        capacity = settings.window
        share = settings.tail
        bandShare = settings.band
        alarmProbability = settings.falseAlarmProbability
    }

    /// Probability that an ordinary residual is at least this large, in (0, 1].
    func probability(of size: Double) -> Double {
        if codes.isEmpty || size == 0 { return 1 }
        let x = min(size * (toUnit > 0 ? toUnit : 1), Double(Float.greatestFiniteMagnitude))
        if x <= threshold || thresholdShare >= 1 {
            return Double(count(atLeast: Self.code(x)) + 1) / Double(codes.count + 1)
        }
        // Nothing exceeds the threshold: what is larger has never been seen in the window.
        if tail.sigma <= 0 { return 1e-10 }
        // P(X > x) = P(X > u) · P(X > x | X > u).
        return max(thresholdShare * tail.probability(of: x - threshold), Double.leastNormalMagnitude)
    }

    /// Enters a residual's size; `isWarm` bounds its influence by the fit so far.
    mutating func insert(_ size: Double, isWarm: Bool) {
        if toUnit == 0 && size > 0 {
            toUnit = Double(sign: .plus, exponent: max(-1000, min(1000, -size.exponent)), significand: 1)
        }
        var x = size * (toUnit > 0 ? toUnit : 1)
        if isWarm { x = min(x, limit) }
        let code = Self.code(min(x, Double(Float.greatestFiniteMagnitude)))
        if codes.count < capacity {
            codes.append(code)
        } else {
            codes[next] = code
            next = next + 1 == capacity ? 0 : next + 1
        }
        insertsSinceFit += 1
        if insertsSinceFit >= min(Self.fitInterval, max(1, codes.count / 16)) { fit() }
    }

    // MARK: Fit

    private mutating func fit() {
        insertsSinceFit = 0
        let n = codes.count
        band = Double(Self.value(quantile(Int(Double(n) * (1 - bandShare))))) / (toUnit > 0 ? toUnit : 1)
        let wanted = min(max(Int(Double(n) * share), ParetoTail.fewestExcesses), n / 4)
        let code = quantile(wanted)
        threshold = Double(Self.value(code))
        var excesses: [Double] = []
        excesses.reserveCapacity(wanted)
        for c in codes where c > code { excesses.append(Double(Self.value(c)) - threshold) }
        excesses.sort()
        thresholdShare = wanted == 0 ? 1 : Double(max(excesses.count, 1)) / Double(n)
        tail = ParetoTail(ascending: excesses)
        // The size whose probability is the alarm's; twice as far beyond the threshold is as much as one may enter.
        let ratio = alarmProbability / thresholdShare
        if tail.sigma > 0 && ratio < 1 {
            limit = threshold + 2 * tail.excess(ofProbability: ratio)
        } else {
            limit = .infinity
        }
    }

    // MARK: Codes

    /// Rounded to the nearest number whose lower 16 bits are 0. Positive floats are in the order of their bits.
    private static func code(_ x: Double) -> UInt16 {
        UInt16(truncatingIfNeeded: (min(Float(x).bitPattern, 0x7f7f_0000) + 0x7fff) >> 16)
    }

    private static func value(_ code: UInt16) -> Float { Float(bitPattern: UInt32(code) << 16) }

    /// How many of the window's codes are at least this large.
    private func count(atLeast code: UInt16) -> Int {
        codes.withUnsafeBytes { bytes in
            // Codes are below 2¹⁵, so signed comparison will do, which the oldest SIMD units have. A true lane is −1;
            // the counters are emptied before one of them can reach 2¹⁵.
            let limit = SIMD16<Int16>(repeating: Int16(bitPattern: code) &- 1)
            let lanes = codes.count / 16
            var total = 0
            var i = 0
            while i < lanes {
                var counters = SIMD16<Int16>.zero
                let end = min(lanes, i + 32_767)
                while i < end {
                    let v = bytes.loadUnaligned(fromByteOffset: i * 32, as: SIMD16<Int16>.self)
                    counters &-= unsafeBitCast(v .> limit, to: SIMD16<Int16>.self)
                    i += 1
                }
                for k in 0..<16 { total += Int(counters[k]) }
            }
            for k in (lanes * 16)..<codes.count where codes[k] >= code { total += 1 }
            return total
        }
    }

    /// The smallest code that at most `above` codes exceed, found by bisection over the 15 bits of a code.
    private func quantile(_ above: Int) -> UInt16 {
        var low = -1
        var high = 0x7fff
        while high - low > 1 {
            let middle = (low + high) / 2
            if count(atLeast: UInt16(middle + 1)) <= above { high = middle } else { low = middle }
        }
        return UInt16(high)
    }

    // MARK: State

    func encode(into writer: inout StateWriter) {
        writer.write(codes)
        writer.write(Int64(next))
        writer.write(Int64(insertsSinceFit))
        for number in [toUnit, threshold, thresholdShare, tail.sigma, tail.shape, limit, band] { writer.write(number) }
    }

    mutating func decode(from reader: inout StateReader) throws {
        codes = try reader.readArray(atMost: capacity, field: "residuals")
        let position = try reader.read(Int64.self)
        guard position >= 0, position < Int64(capacity), position == 0 || codes.count == capacity else {
            throw StateError.invalid(field: "position", found: "\(position)", expected: "below \(capacity)")
        }
        next = Int(position)
        insertsSinceFit = Int(try reader.read(Int64.self))
        toUnit = try reader.readDouble()
        threshold = try reader.readDouble()
        thresholdShare = try reader.readDouble()
        tail.sigma = try reader.readDouble()
        tail.shape = try reader.readDouble()
        limit = try reader.readDouble()
        band = try reader.readDouble()
    }
}
