/// Lengths of time with the units of systemd.time(7). The configuration file knows fewer: there, `m` could be taken
/// for a month; here, fingers are used to `-5m`.
package enum RelativeSpan {
    private static let units: [String: Int64] = {
        let groups: [([String], Int64)] = [
            (["usec", "us", "µs", "μs"], 1),
            (["msec", "ms"], 1000),
            (["seconds", "second", "sec", "s"], 1_000_000),
            (["minutes", "minute", "min", "m"], 60_000_000),
            (["hours", "hour", "hr", "h"], 3_600_000_000),
            (["days", "day", "d"], 86_400_000_000),
            (["weeks", "week", "w"], 604_800_000_000),
            // 30.44 and 365.25 days, as systemd counts them.
            (["months", "month", "M"], 2_630_016_000_000),
            (["years", "year", "y"], 31_557_600_000_000),
        ]
        return Dictionary(uniqueKeysWithValues: groups.flatMap { names, length in names.map { ($0, length) } })
    }()

    /// Microseconds; nil if `text` is no length of time or is longer than 292,000 years.
    ///
    /// One or more numbers with units are added up: `1h 30min`, `1h30min`, `1.5 hours`. A number without a unit is
    /// seconds.
    package static func parse(_ text: some StringProtocol) -> Int64? {
        var rest = Substring(text).drop(while: \.isWhitespace)
        guard !rest.isEmpty else { return nil }
        var total: Int64 = 0
        while !rest.isEmpty {
            let digits = rest.prefix { $0.isASCII && $0.isNumber || $0 == "." }
            rest = rest.dropFirst(digits.count).drop(while: \.isWhitespace)
            let name = rest.prefix { $0.isLetter }
            rest = rest.dropFirst(name.count).drop(while: \.isWhitespace)
            guard let unit = name.isEmpty ? 1_000_000 : units[String(name)], let part = Decimal(digits)?.times(unit)
            else { return nil }
            let (sum, overflow) = total.addingReportingOverflow(part)
            guard !overflow else { return nil }
            total = sum
        }
        return total
    }

    /// The two largest units, as systemctl writes how long something has run: `2h 5min`, `3 days 4h`, `45s`, `1.2s`
    /// below ten seconds.
    package static func text(_ microseconds: Int64) -> String {
        let length = max(0, microseconds)
        if length < 10_000_000 { return NumberText.formatted("%.1f", Double(length) / 1e6) + "s" }
        let seconds = length / 1_000_000
        let parts: [(count: Int64, name: String)] = [
            (seconds / 86_400, seconds / 86_400 == 1 ? " day" : " days"), (seconds / 3600 % 24, "h"),
            (seconds / 60 % 60, "min"), (seconds % 60, "s"),
        ]
        let shown = parts.drop { $0.count == 0 }.prefix(2).filter { $0.count > 0 }
        return shown.map { "\($0.count)\($0.name)" }.joined(separator: " ")
    }

    /// The same of seconds, exactly none being `0s`.
    package static func text(seconds: Double) -> String {
        seconds == 0 ? "0s" : text(Int64(exactly: (seconds * 1e6).rounded()) ?? .max)
    }
}

/// A decimal number as written, so that a fraction of seconds is not rounded by a double on its way to microseconds.
package struct Decimal {
    private let integer: Int64
    /// The first digits of the fraction, in units of 10⁻⁹.
    private let billionths: Int64

    /// Nil unless `text` is digits with at most one point between them.
    package init?(_ text: some StringProtocol) {
        let parts = text.split(separator: ".", omittingEmptySubsequences: false)
        let areDigits = parts.allSatisfy { part in
            !part.isEmpty && part.utf8.allSatisfy { (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) }
        }
        guard parts.count <= 2, areDigits, let integer = Int64(parts[0]) else { return nil }
        self.integer = integer
        guard parts.count == 2 else {
            billionths = 0
            return
        }
        let digits = parts[1].prefix(9)
        billionths = Int64(digits + String(repeating: "0", count: 9 - digits.utf8.count)) ?? 0
    }

    /// This many `unit`s, rounded down; nil if that does not fit.
    package func times(_ unit: Int64) -> Int64? {
        let (whole, overflow) = integer.multipliedReportingOverflow(by: unit)
        // The fraction is below one unit, and a unit is below 2⁴⁵: the product takes 128 bits at most.
        let part = billionths.multipliedFullWidth(by: unit)
        let fraction = (1_000_000_000 as Int64).dividingFullWidth(part).quotient
        let (sum, overflow2) = whole.addingReportingOverflow(fraction)
        return overflow || overflow2 ? nil : sum
    }
}
