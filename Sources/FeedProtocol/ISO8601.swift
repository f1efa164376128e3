/// Times such as `2014-04-10 00:04:00`, `2014-04-10T00:04:00.5Z` or `2014-04-10T02:04+02:00`.
enum ISO8601 {
    /// Whether bytes begin as a date does and no Unix time can: four digits and a hyphen.
    static func looksAlike(_ field: UnsafeRawBufferPointer) -> Bool {
        field.count > 4 && field[4] == UInt8(ascii: "-") && field[..<4].allSatisfy { $0 &- UInt8(ascii: "0") < 10 }
    }

    /// Reads `YYYY-MM-DD`, then nothing or `T` or one space and `hh:mm[:ss[.fraction]]`, then nothing, `Z`, `±hh`,
    /// `±hhmm` or `±hh:mm`. Without a zone it is UTC; without a time of day it is midnight.
    ///
    /// - returns: microseconds since 1970, within `FeedTime.range`.
    /// - throws: `FeedLineError` with the reason `timestamp`.
    static func parse(_ field: UnsafeRawBufferPointer) throws(FeedLineError) -> Int64 {
        guard var text = ByteCursor(field) else { throw .malformedISO8601 }
        let year = try number(of: 4, from: &text)
        try expect("-", in: &text)
        let month = try number(of: 2, from: &text)
        try expect("-", in: &text)
        let day = try number(of: 2, from: &text)
        guard year >= 1, let date = CivilDate(year: year, month: month, day: day) else { throw .noSuchTime }

        var time = Int64(date.daysSinceEpoch) * 86_400_000_000
        if !text.isAtEnd {
            guard text.take(UInt8(ascii: " ")) || text.take(UInt8(ascii: "T")) || text.take(UInt8(ascii: "t")) else {
                throw .malformedISO8601
            }
            time += try timeOfDay(&text)
            time -= try offset(&text)
        }
        guard text.isAtEnd else { throw .malformedISO8601 }
        guard FeedTime.range.contains(time) else { throw .timeOutOfRange }
        return time
    }

    private static func timeOfDay(_ text: inout ByteCursor) throws(FeedLineError) -> Int64 {
        let hour = try number(of: 2, from: &text)
        try expect(":", in: &text)
        let minute = try number(of: 2, from: &text)
        var second = 0
        var fraction: Int64 = 0
        if text.take(UInt8(ascii: ":")) {
            second = try number(of: 2, from: &text)
            if text.byteOrNUL == UInt8(ascii: ".") {
                fraction = try FeedTime.scanFraction(&text, isNegative: false, isAlone: true)
            }
        }
        guard hour < 24, minute < 60, second < 60 else { throw .noSuchTime }
        return Int64(hour * 3600 + minute * 60 + second) * 1_000_000 + fraction
    }

    private static func offset(_ text: inout ByteCursor) throws(FeedLineError) -> Int64 {
        if text.isAtEnd || text.take(UInt8(ascii: "Z")) || text.take(UInt8(ascii: "z")) { return 0 }
        let isWest = text.take(UInt8(ascii: "-"))
        guard isWest || text.take(UInt8(ascii: "+")) else { throw .malformedISO8601 }
        let hours = try number(of: 2, from: &text)
        var minutes = 0
        if text.take(UInt8(ascii: ":")) || !text.isAtEnd { minutes = try number(of: 2, from: &text) }
        guard hours < 24, minutes < 60 else { throw .noSuchTime }
        let east = Int64(hours * 3600 + minutes * 60) * 1_000_000
        return isWest ? -east : east
    }

    private static func number(of digits: Int, from text: inout ByteCursor) throws(FeedLineError) -> Int {
        var number = 0
        for _ in 0..<digits {
            guard let digit = text.digit else { throw .malformedISO8601 }
            number = number * 10 + Int(digit)
            text.advance()
        }
        return number
    }

    private static func expect(_ byte: Unicode.Scalar, in text: inout ByteCursor) throws(FeedLineError) {
        guard text.take(UInt8(ascii: byte)) else { throw .malformedISO8601 }
    }
}

extension FeedLineError {
    fileprivate static var malformedISO8601: FeedLineError {
        FeedLineError(.timestamp, "expected an ISO 8601 time such as 2014-04-10 00:04:00 or 2014-04-10T02:04:00+02:00")
    }

    fileprivate static var noSuchTime: FeedLineError {
        FeedLineError(.timestamp, "expected a day and a time of day that exist")
    }
}
