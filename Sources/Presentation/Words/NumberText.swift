import Glibc

/// Numbers as text.
package enum NumberText {
    /// The fewest digits that read back as the same double: `1`, `0.1`, `1e-05`, `1e+22`. Valid in JSON and CSV.
    ///
    /// - Parameter number: finite.
    package static func shortest(_ number: Double) -> Substring {
        let text = number.description
        return text.hasSuffix(".0") ? text.dropLast(2) : text[...]
    }

    /// Columns that `compact` never exceeds.
    package static let compactWidth = 10

    /// At most `compactWidth` columns for people: about six significant digits; empty for NaN.
    package static func compact(_ number: Double) -> String {
        guard !number.isNaN else { return "" }
        guard number.isFinite else { return number < 0 ? "-inf" : "inf" }
        let magnitude = abs(number)
        if magnitude < 1e9, number == number.rounded() { return String(Int64(number)) }
        if magnitude >= 1e99 || magnitude < 1e-99 { return exponential("%.2e", number) }
        if magnitude >= 999_999_999.5 || magnitude < 1e-4 { return exponential("%.3e", number) }
        // Six digits after the point below 10, one fewer for each further digit before it.
        var decimals = 6
        var bound = 10.0
        while magnitude >= bound, decimals > 0 {
            decimals -= 1
            bound *= 10
        }
        return fixed(number, decimals: decimals, keepsZeros: false)
    }

    /// `1e-07` rather than `1.000e-07`.
    private static func exponential(_ format: String, _ number: Double) -> String {
        let text = formatted(format, number)
        guard let mark = text.firstIndex(of: "e") else { return text }
        var mantissa = text[..<mark]
        while mantissa.last == "0" { mantissa.removeLast() }
        if mantissa.last == "." { mantissa.removeLast() }
        return String(mantissa + text[mark...])
    }

    /// Three decimals, `0.412`; empty for NaN.
    package static func score(_ score: Double) -> String {
        score.isNaN || abs(score) > 1e6 ? "" : fixed(score, decimals: 3, keepsZeros: true)
    }

    /// `number` with a fixed count of decimals, in integers: printf(3) took most of the time of a table, to pass
    /// its arguments.
    ///
    /// - Parameters:
    ///   - number: below 10¹⁰ in magnitude.
    ///   - decimals: at most 6.
    ///   - keepsZeros: whether zeros at the end of the fraction stay.
    private static func fixed(_ number: Double, decimals: Int, keepsZeros: Bool) -> String {
        var unit: Int64 = 1
        for _ in 0..<decimals { unit *= 10 }
        let (integer, fraction) = Int64((abs(number) * Double(unit)).rounded()).quotientAndRemainder(dividingBy: unit)
        let sign = number < 0 && (integer, fraction) != (0, 0) ? "-" : ""
        guard fraction > 0 || keepsZeros && decimals > 0 else { return sign + String(integer) }
        var digits = String(unit + fraction).utf8.dropFirst()
        if !keepsZeros {
            while digits.last == UInt8(ascii: "0") { digits.removeLast() }
        }
        return sign + String(integer) + "." + String(Substring(digits))
    }

    /// Digits in groups of three: `1,234,567`.
    package static func grouped(_ number: Int64) -> String {
        var text = ""
        for (place, digit) in String(number.magnitude).reversed().enumerated() {
            if place > 0, place.isMultiple(of: 3) { text.append(",") }
            text.append(digit)
        }
        return (number < 0 ? "-" : "") + String(text.reversed())
    }

    /// `12.3M`, in powers of 1024 as systemctl counts.
    package static func bytes(_ count: Int64) -> String {
        guard count >= 1024 else { return "\(count)B" }
        var size = Double(count)
        var unit = ""
        for next in ["K", "M", "G", "T", "P", "E"] where size >= 1024 {
            size /= 1024
            unit = next
        }
        return formatted("%.1f", size) + unit
    }

    /// `number` by a format of printf(3) that takes one double.
    package static func formatted(_ format: String, _ number: Double) -> String {
        withUnsafeTemporaryAllocation(of: CChar.self, capacity: 64) { buffer in
            let count = withVaList([number]) { vsnprintf(buffer.baseAddress, buffer.count, format, $0) }
            return String(decoding: buffer.prefix(Int(count)).map(UInt8.init(bitPattern:)), as: UTF8.self)
        }
    }
}
