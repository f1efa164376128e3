/// Decimal text to the nearest `Double`, ties to even, without allocation for all numbers of up to 19 digits and of an
/// ordinary size. `Double(_: String)` does the rest.
enum DecimalNumber {
    enum Failure: Error {
        case malformed
        /// Rounds to infinity.
        case overflow
    }

    /// Reads `[+|-] DIGITS [. DIGITS] [e [+|-] DIGITS]` at the cursor, with at least one digit before or after the
    /// point, and leaves the cursor behind it. What follows is the caller's business. Never returns −0.0.
    @inline(__always)
    static func scan(_ text: inout ByteCursor) throws(Failure) -> Double {
        let start = text.position
        let isNegative = text.byteOrNUL == UInt8(ascii: "-")
        if isNegative || text.byteOrNUL == UInt8(ascii: "+") { text.advance() }

        let firstDigit = text.position
        var significand: UInt64 = 0
        while let digit = text.digit {
            significand = significand &* 10 &+ UInt64(digit)
            text.advance()
        }
        var digits = text.position - firstDigit
        var exponent = 0
        if text.take(UInt8(ascii: ".")) {
            let fraction = text.position
            while let digit = text.digit {
                significand = significand &* 10 &+ UInt64(digit)
                text.advance()
            }
            exponent = fraction - text.position
            digits &-= exponent
        }
        guard digits > 0 else { throw .malformed }
        if text.byteOrNUL | 0x20 == UInt8(ascii: "e") { exponent += try scanExponent(&text) }

        // Clinger's fast path: both the significand and the power of ten are exact, so one operation rounds once.
        if digits <= 19, significand <= 1 << 53, -22...22 ~= exponent {
            let exact = Double(Int64(bitPattern: significand))
            let value = exponent < 0 ? exact / powersOfTen[-exponent] : exact * powersOfTen[exponent]
            // Adding 0.0 turns −0.0 into 0.0 and changes nothing else.
            return (isNegative ? -value : value) + 0.0
        }
        let scanned = Scanned(
            text: UnsafeRawBufferPointer(start: start, count: text.position - start), digits: digits,
            significand: significand, exponent: exponent)
        let value = try scanned.magnitude()
        return (isNegative ? -value : value) + 0.0
    }

    private static func scanExponent(_ text: inout ByteCursor) throws(Failure) -> Int {
        text.advance()
        let isNegative = text.byteOrNUL == UInt8(ascii: "-")
        if isNegative || text.byteOrNUL == UInt8(ascii: "+") { text.advance() }
        guard text.digit != nil else { throw .malformed }
        var exponent = 0
        while let digit = text.digit {
            // Beyond any line's length it makes no difference any more: no run of zeros can make up for it.
            if exponent < 1_000_000_000_000 { exponent = exponent * 10 + Int(digit) }
            text.advance()
        }
        return isNegative ? -exponent : exponent
    }

    /// 10ⁿ for n in 0…22: all powers of ten that a `Double` holds exactly.
    private static let powersOfTen: InlineArray<23, Double> = [
        1e0, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15, 1e16, 1e17, 1e18, 1e19,
        1e20, 1e21, 1e22,
    ]
}

/// A number as read: `significand` × 10^`exponent`, where the significand is right if it has at most 19 digits.
private struct Scanned {
    var text: UnsafeRawBufferPointer
    /// Digits before the exponent, leading zeros included.
    var digits: Int
    var significand: UInt64
    var exponent: Int

    /// 5²⁷ is the largest power of five below 2⁶⁴.
    static let largestPower = 27

    @inline(never)
    func magnitude() throws(DecimalNumber.Failure) -> Double {
        let digits = significantDigits
        if digits == 0 { return 0 }
        if digits <= 19 {
            if 0...Self.largestPower ~= exponent { return product() }
            if -Self.largestPower..<0 ~= exponent { return quotient() }
        }
        // Far outside the range the size alone decides; the library need not see such exponents.
        if digits + exponent > 310 { throw .overflow }
        if digits + exponent < -330 { return 0 }
        guard let value = Double(String(decoding: text, as: UTF8.self)) else { throw .malformed }
        guard value.isFinite else { throw .overflow }
        return value.magnitude
    }

    /// Digits from the first one that is not zero.
    private var significantDigits: Int {
        var digits = digits
        for byte in text {
            switch byte {
            case UInt8(ascii: "0"): digits -= 1
            case UInt8(ascii: "1")...UInt8(ascii: "9"), UInt8(ascii: "e"), UInt8(ascii: "E"): return digits
            default: break
            }
        }
        return digits
    }

    /// significand × 5ⁿ, exact in 128 bits, times 2ⁿ.
    private func product() -> Double {
        let (high, low) = significand.multipliedFullWidth(by: powerOfFive(exponent))
        if high == 0 { return rounded(low, isExact: true, exponent: exponent) }
        let shift = high.leadingZeroBitCount
        // The masked shift by 64 − 0 would be one by 0, hence the smart shift.
        let top = high << shift | low >> (64 - shift)
        return rounded(top, isExact: low << shift == 0, exponent: exponent + 64 - shift)
    }

    /// significand ÷ 5ⁿ as a quotient of at least 63 bits and a remainder, times 2⁻ⁿ.
    private func quotient() -> Double {
        let divisor = powerOfFive(-exponent)
        let significandShift = significand.leadingZeroBitCount
        let divisorShift = divisor.leadingZeroBitCount
        // Halved, the dividend's upper half is below the divisor, whose top bit is set: the quotient fits 64 bits.
        // The bit that falls out at the bottom is the top bit of the lower half.
        let normalised = significand << significandShift
        let (quotient, remainder) = (divisor << divisorShift)
            .dividingFullWidth((normalised >> 1, normalised << 63))
        return rounded(
            quotient, isExact: remainder == 0, exponent: exponent - 63 - significandShift + divisorShift)
    }

    private func powerOfFive(_ exponent: Int) -> UInt64 {
        (0..<exponent).reduce(1) { power, _ in power &* 5 }
    }

    /// `bits` × 2^`exponent`, a little more if not exact, rounded to 53 bits. The result is a normal number.
    private func rounded(_ bits: UInt64, isExact: Bool, exponent: Int) -> Double {
        let shift = bits.leadingZeroBitCount
        let normalised = bits << shift
        var kept = normalised >> 11
        let dropped = normalised & 0x7FF
        let half: UInt64 = 0x400
        if dropped > half || dropped == half && (!isExact || kept & 1 == 1) { kept += 1 }
        // The significand's top bit adds the last 1 to the exponent field, and so does a carry out of the rounding.
        let biasedExponent = UInt64(exponent - shift + 11 + 52 + 1023 - 1)
        return Double(bitPattern: biasedExponent << 52 + kept)
    }
}
