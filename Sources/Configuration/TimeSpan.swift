/// Lengths of time as people write them: "500ms", "1h 30min", "1d", "90" (seconds).
public enum TimeSpan {
    /// Units with their length in microseconds, longest first. A month or a year has no fixed length, and "m" could
    /// be either a minute or a month, so none of them is accepted.
    private static let units: [(name: String, microseconds: Int64)] = [
        ("w", 604_800_000_000), ("d", 86_400_000_000), ("h", 3_600_000_000), ("min", 60_000_000), ("s", 1_000_000),
        ("ms", 1000), ("us", 1),
    ]

    /// Longer than this, a length is refused: above 2⁵³ microseconds (285 years) a double is not exact any more.
    private static let longest = 9_007_199_254_740_992.0

    /// Microseconds, or nil if the text is no length of time.
    ///
    /// One or more numbers with units (`w`, `d`, `h`, `min`, `s`, `ms`, `us`), with or without white space, are added
    /// up. A single number without unit is seconds. Decimals such as "1.5h" are rounded to microseconds.
    public static func parse(_ text: some StringProtocol) -> Int64? {
        var rest = Substring(text)
        var total = 0.0
        var parts = 0
        while true {
            rest = rest.drop { $0 == " " || $0 == "\t" }
            if rest.isEmpty { break }
            let digits = rest.prefix { $0.isASCII && $0.isNumber || $0 == "." }
            // Double would read ".5" and "5." as well; a typing error is more likely.
            guard digits.first != ".", digits.last != ".", let number = Double(String(digits)) else { return nil }
            rest = rest.dropFirst(digits.count).drop { $0 == " " || $0 == "\t" }
            let name = rest.prefix { $0.isLetter }
            rest = rest.dropFirst(name.count)
            if name.isEmpty {
                guard parts == 0, rest.isEmpty else { return nil }
                total += number * 1_000_000
            } else {
                guard let unit = units.first(where: { $0.name == name }) else { return nil }
                total += number * Double(unit.microseconds)
            }
            parts += 1
        }
        return parts == 0 ? nil : microseconds(total)
    }

    /// Microseconds for a number of seconds, or nil if it is negative, not finite or above 285 years.
    static func seconds(_ seconds: Double) -> Int64? {
        microseconds(seconds * 1_000_000)
    }

    private static func microseconds(_ count: Double) -> Int64? {
        count >= 0 && count <= longest ? Int64(count.rounded()) : nil
    }

    /// The shortest text that `parse` reads back as these microseconds: "1h 30min".
    /// - Precondition: `microseconds` is not negative.
    public static func format(_ microseconds: Int64) -> String {
        precondition(microseconds >= 0, "a length of time is not negative")
        var rest = microseconds
        var parts: [String] = []
        for unit in units where rest >= unit.microseconds {
            parts.append("\(rest / unit.microseconds)\(unit.name)")
            rest %= unit.microseconds
        }
        return parts.isEmpty ? "0s" : parts.joined(separator: " ")
    }
}
