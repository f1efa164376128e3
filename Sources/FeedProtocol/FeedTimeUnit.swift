/// What times are counted in, since 1970.
public enum FeedTimeUnit: String, Sendable, CaseIterable {
    case seconds = "s"
    case milliseconds = "ms"
    case microseconds = "us"
    case nanoseconds = "ns"

    /// Reads a time in this unit and leaves the cursor behind it: seconds with or without a fraction, all others as
    /// whole numbers. What follows is the caller's business.
    ///
    /// - returns: microseconds since 1970 within `FeedTime.range`; nanoseconds are rounded half up, to the later one.
    /// - throws: `FeedLineError` with the reason `timestamp`.
    @inline(__always)
    func scan(_ text: inout ByteCursor) throws(FeedLineError) -> Int64 {
        if self == .seconds { return try FeedTime.scanUnixSeconds(&text) }
        let isNegative = text.take(UInt8(ascii: "-"))
        let start = text.position
        var count: UInt64 = 0
        while let digit = text.digit {
            count = count &* 10 &+ UInt64(digit)
            text.advance()
        }
        let digits = text.position - start
        guard digits > 0 else { throw malformed }
        // 18 digits are below 2⁶³; that many nanoseconds end in 2001, so the 19th is needed, too.
        guard digits <= 19, count <= UInt64(Int64.max) else { throw outOfRange }
        let signed = isNegative ? -Int64(count) : Int64(count)
        let time: Int64
        switch self {
        case .seconds, .microseconds: time = signed
        case .milliseconds:
            let (product, overflow) = signed.multipliedReportingOverflow(by: 1000)
            if overflow { throw outOfRange }
            time = product
        case .nanoseconds:
            // Towards minus infinity, after adding a half.
            let (quotient, remainder) = signed.quotientAndRemainder(dividingBy: 1000)
            time = quotient + (remainder >= 500 ? 1 : remainder < -500 ? -1 : 0)
        }
        guard FeedTime.range.contains(time) else { throw outOfRange }
        return time
    }

    private var name: String {
        switch self {
        case .seconds: "seconds"
        case .milliseconds: "milliseconds"
        case .microseconds: "microseconds"
        case .nanoseconds: "nanoseconds"
        }
    }

    private var malformed: FeedLineError {
        FeedLineError(.timestamp, "expected a whole number of \(name) since 1970 as timestamp")
    }

    private var outOfRange: FeedLineError {
        FeedLineError(.timestamp, "expected a timestamp in \(name), of the years 1 to 9999")
    }
}
