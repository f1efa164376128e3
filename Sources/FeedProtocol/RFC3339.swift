/// Writes times as `2023-11-14T22:13:20.000000Z`: UTC, always six decimals, so that they sort as text.
public enum RFC3339 {
    /// - parameter time: microseconds since 1970. Outside `FeedTime.range` the year is written with a sign and as many
    ///   digits as it takes, which is no RFC 3339 any more.
    public static func string(_ time: Int64) -> String {
        var bytes: [UInt8] = []
        append(time, to: &bytes)
        return String(decoding: bytes, as: UTF8.self)
    }

    /// The same as ASCII bytes, without allocating where `bytes` has room.
    public static func append(_ time: Int64, to bytes: inout [UInt8]) {
        let microsecondsPerDay: Int64 = 86_400_000_000
        var (days, rest) = time.quotientAndRemainder(dividingBy: microsecondsPerDay)
        if rest < 0 {
            days -= 1
            rest += microsecondsPerDay
        }
        let date = CivilDate(daysSinceEpoch: Int(days))
        let (second, microsecond) = Int(rest).quotientAndRemainder(dividingBy: 1_000_000)

        if 0...9999 ~= date.year {
            append(date.year, digits: 4, to: &bytes)
        } else {
            bytes.append(UInt8(ascii: date.year < 0 ? "-" : "+"))
            append(abs(date.year), digits: 6, to: &bytes)
        }
        bytes.append(UInt8(ascii: "-"))
        append(date.month, digits: 2, to: &bytes)
        bytes.append(UInt8(ascii: "-"))
        append(date.day, digits: 2, to: &bytes)
        bytes.append(UInt8(ascii: "T"))
        append(second / 3600, digits: 2, to: &bytes)
        bytes.append(UInt8(ascii: ":"))
        append(second / 60 % 60, digits: 2, to: &bytes)
        bytes.append(UInt8(ascii: ":"))
        append(second % 60, digits: 2, to: &bytes)
        bytes.append(UInt8(ascii: "."))
        append(microsecond, digits: 6, to: &bytes)
        bytes.append(UInt8(ascii: "Z"))
    }

    /// The last `digits` decimal digits of `number`, with leading zeros.
    private static func append(_ number: Int, digits: Int, to bytes: inout [UInt8]) {
        var unit = 1
        for _ in 1..<digits { unit *= 10 }
        while unit > 0 {
            bytes.append(UInt8(ascii: "0") + UInt8(number / unit % 10))
            unit /= 10
        }
    }
}
