/// The rules for TIMESTAMP. All times are microseconds since 1970 in UTC, leap seconds not counted.
///
/// Digits beyond the sixth are rounded half up, to the later microsecond, by the digits themselves: through a `Double`
/// a time of today would be off by up to 0.1 µs before it is rounded.
public enum FeedTime {
    /// 0001-01-01T00:00:00 up to the last microsecond of 9999, which is what ISO 8601 can write in four digits.
    public static let range: ClosedRange<Int64> = -62_135_596_800_000_000...253_402_300_799_999_999

    /// Reads a field that holds one time and nothing else: Unix seconds (`1700000000.25`), ISO 8601
    /// (`2014-04-10 00:04:00`), or `-1` or `N` for the time of arrival.
    ///
    /// - returns: nil for the time of arrival.
    /// - throws: `FeedLineError` with the reason `timestamp`.
    public static func parse(_ field: UnsafeRawBufferPointer) throws(FeedLineError) -> Int64? {
        guard var text = ByteCursor(field) else { throw .malformedTimeField }
        if takeArrival(&text), text.isAtEnd { return nil }
        if ISO8601.looksAlike(field) { return try ISO8601.parse(field) }
        do throws(FeedLineError) {
            let time = try scanUnixSeconds(&text)
            if text.isAtEnd { return time }
        } catch {
            if error == .timeOutOfRange { throw error }
        }
        throw .malformedTimeField
    }

    /// Steps over `-1` or `N`, the time of arrival, if that is the whole field.
    @inline(__always)
    static func takeArrival(_ text: inout ByteCursor) -> Bool {
        var rest = text
        guard rest.take(UInt8(ascii: "N")) || rest.take(UInt8(ascii: "-")) && rest.take(UInt8(ascii: "1")) else {
            return false
        }
        guard rest.isAtEnd || ByteCursor.isBlank(rest.byte) else { return false }
        text = rest
        return true
    }

    /// Reads `[+|-] DIGITS [. DIGITS]`, with at least one digit before or after the point, and leaves the cursor
    /// behind it.
    @inline(__always)
    static func scanUnixSeconds(_ text: inout ByteCursor) throws(FeedLineError) -> Int64 {
        let isNegative = text.byteOrNUL == UInt8(ascii: "-")
        if isNegative || text.byteOrNUL == UInt8(ascii: "+") { text.advance() }
        let start = text.position
        var seconds: UInt64 = 0
        while let digit = text.digit {
            seconds = seconds &* 10 &+ UInt64(digit)
            text.advance()
        }
        let digits = text.position - start
        // 12 digits reach the year 9999; 19 cannot have wrapped.
        guard digits <= 19, seconds <= 253_402_300_799 else { throw .timeOutOfRange }
        var time = Int64(bitPattern: seconds) &* 1_000_000
        if text.byteOrNUL == UInt8(ascii: ".") {
            time += try scanFraction(&text, isNegative: isNegative, isAlone: digits == 0)
        } else if digits == 0 {
            throw .malformedTime
        }
        if isNegative { time = -time }
        guard range.contains(time) else { throw .timeOutOfRange }
        return time
    }

    /// Reads a point and the digits behind it as microseconds, 0…1,000,000, of a time whose sign is known.
    static func scanFraction(
        _ text: inout ByteCursor, isNegative: Bool, isAlone: Bool
    ) throws(FeedLineError) -> Int64 {
        text.advance()
        if isAlone && text.digit == nil { throw .malformedTime }
        var microseconds: Int64 = 0
        var unit: Int64 = 100_000
        while unit > 0, let digit = text.digit {
            microseconds += Int64(digit) * unit
            unit /= 10
            text.advance()
        }
        guard let first = text.digit else { return microseconds }
        var isMoreThanHalf = first > 5
        text.advance()
        while let digit = text.digit {
            if first == 5 && digit > 0 { isMoreThanHalf = true }
            text.advance()
        }
        // Half goes to the later time, which is nearer to zero for a negative one.
        let roundsUp = isMoreThanHalf || first == 5 && !isNegative
        return roundsUp ? microseconds + 1 : microseconds
    }
}

extension FeedLineError {
    static var malformedTime: FeedLineError {
        FeedLineError(.timestamp, "expected Unix seconds (1700000000 or 1700000000.25), -1 or N as TIMESTAMP")
    }

    /// Where ISO 8601 would have been taken too.
    fileprivate static var malformedTimeField: FeedLineError {
        FeedLineError(
            .timestamp, "expected Unix seconds (1700000000.25) or ISO 8601 (2014-04-10 00:04:00), -1 or N as timestamp")
    }

    static var timeOutOfRange: FeedLineError {
        FeedLineError(.timestamp, "expected a TIMESTAMP in seconds, of the years 1 to 9999; milliseconds are too large")
    }
}
