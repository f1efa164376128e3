/// Sizes as people write them: "512M", "20GiB", "4096". As in systemd's files, K, M, G and T are powers of 1024.
public enum ByteSize {
    private static let units: [(name: String, bytes: Int64)] = [
        ("T", 1 << 40), ("G", 1 << 30), ("M", 1 << 20), ("K", 1 << 10),
    ]

    /// Bytes, or nil if the text is no size: a whole number, and one of the units `K`, `M`, `G` and `T`, with `B` or `iB`
    /// behind it if you like, or none.
    public static func parse(_ text: String) -> Int64? {
        let digits = text.prefix { $0.isASCII && $0.isNumber }
        guard let number = Int64(digits) else { return nil }
        var unit = text.dropFirst(digits.count).drop { $0 == " " }
        if unit == "B" || unit.isEmpty { return number }
        for end in ["iB", "B"] where unit.hasSuffix(end) {
            unit = unit.dropLast(end.count)
            break
        }
        guard let factor = units.first(where: { $0.name == unit })?.bytes else { return nil }
        let (bytes, isTooLarge) = number.multipliedReportingOverflow(by: factor)
        return isTooLarge ? nil : bytes
    }

    /// The shortest text that `parse` reads back as these bytes: "20G".
    public static func format(_ bytes: Int64) -> String {
        let unit = units.first { bytes != 0 && bytes.isMultiple(of: $0.bytes) }
        return unit.map { "\(bytes / $0.bytes)\($0.name)" } ?? "\(bytes)"
    }
}
