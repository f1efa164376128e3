import FeedProtocol
import Presentation

extension TimeExpression {
    /// Reads a time.
    ///
    /// | form | example |
    /// |---|---|
    /// | from now | `-1h`, `+5min`, `2h 30min ago`, `1d left`, `now` |
    /// | day | `today`, `yesterday`, `tomorrow`, `2026-11-23`, `Mon 2026-11-23` |
    /// | time of day, on a day or today | `14:00`, `14:00:05`, `14:00:05.123456`, `yesterday 14:00` |
    /// | either, with a zone | `14:00 UTC`, `2026-11-23 14:00 Europe/Berlin`, `2026-11-23T14:00:05+01:00` |
    /// | Unix seconds | `@1700000000`, `@1700000000.5` |
    ///
    /// - Throws: `TimeExpressionError`, which says what was expected.
    package init(_ text: String) throws(TimeExpressionError) {
        var parser = TimeExpressionParser(text: text)
        self = try parser.parse()
    }
}

/// Reads one text. Cuts off what it has understood from both ends: the zone first, then weekday, day, time of day.
private struct TimeExpressionParser {
    let text: String
    private var words: [Substring]

    init(text: String) {
        self.text = text
        words = text.split(whereSeparator: \.isWhitespace)
    }

    mutating func parse() throws(TimeExpressionError) -> TimeExpression {
        guard let first = words.first, let last = words.last else { throw unknown }
        if words.count == 1, first.lowercased() == "now" { return .relative(0) }
        if words.count == 1, first.hasPrefix("@") { return .absolute(try unixTime(first.dropFirst())) }
        switch last.lowercased() {
        case "ago" where words.count > 1: return .relative(-(try span(words.dropLast().joined(separator: " "))))
        case "left" where words.count > 1: return .relative(try span(words.dropLast().joined(separator: " ")))
        default: break
        }
        if first.hasPrefix("-") { return .relative(-(try span(words.joined(separator: " ").dropFirst()))) }
        if first.hasPrefix("+") { return .relative(try span(words.joined(separator: " ").dropFirst())) }
        return try wallTime()
    }

    private var unknown: TimeExpressionError {
        TimeExpressionError(text, "expected something like \(TimeExpressionError.examples)")
    }

    private func unixTime(_ digits: Substring) throws(TimeExpressionError) -> Int64 {
        let isNegative = digits.hasPrefix("-")
        guard let number = Decimal(isNegative ? digits.dropFirst() : digits), let time = number.times(1_000_000) else {
            throw TimeExpressionError(text, "expected Unix seconds after the @, such as @1700000000 or @1700000000.5")
        }
        return isNegative ? -time : time
    }

    private func span(_ span: some StringProtocol) throws(TimeExpressionError) -> Int64 {
        guard let microseconds = RelativeSpan.parse(span) else {
            throw TimeExpressionError(text, "expected a length of time such as 90s, 5min, 1h 30min, 2days, 1week")
        }
        return microseconds
    }

    private mutating func wallTime() throws(TimeExpressionError) -> TimeExpression {
        var place = takeZone()
        let weekday = takeWeekday()
        separateDateFromTime()
        var day: TimeExpression.Day?
        if let first = words.first, let found = try Self.day(first, in: text) {
            day = found
            words.removeFirst()
        }
        if let weekday {
            guard case .date(let days) = day else {
                throw TimeExpressionError(text, "expected a date such as 2026-11-23 after the weekday")
            }
            let actual = CivilDate(daysSinceEpoch: days).weekday
            guard actual == weekday else { throw TimeExpressionError(text, "that day is a \(actual)") }
        }
        var microseconds: Int64 = 0
        if var clock = words.first {
            if place == nil { place = Self.takeOffset(&clock) }
            microseconds = try timeOfDay(clock)
            words.removeFirst()
        } else if day == nil {
            throw unknown
        }
        guard words.isEmpty else { throw unknown }
        return .wall(day ?? .today(plus: 0), microsecondOfDay: microseconds, place ?? .local)
    }

    /// A zone in a word of its own.
    private mutating func takeZone() -> TimeExpression.Place? {
        guard words.count > 1, let last = words.last else { return nil }
        let place: TimeExpression.Place
        if ["utc", "z", "gmt"].contains(last.lowercased()) {
            place = .fixed(secondsEast: 0)
        } else if let seconds = Self.offset(last) {
            place = .fixed(secondsEast: seconds)
        } else if NamedZone(String(last)) != nil {
            place = .named(String(last))
        } else {
            return nil
        }
        words.removeLast()
        return place
    }

    private mutating func takeWeekday() -> String? {
        guard let first = words.first?.lowercased() else { return nil }
        let name = first.hasSuffix(",") ? String(first.dropLast()) : first
        guard
            let day = CivilDate.weekdays.first(where: { [$0.lowercased(), $0.prefix(3).lowercased()].contains(name) })
        else { return nil }
        words.removeFirst()
        return day
    }

    /// "2026-11-23T14:00" becomes two words.
    private mutating func separateDateFromTime() {
        guard let first = words.first, first.first?.isNumber == true,
            let letter = first.firstIndex(where: { $0 == "T" || $0 == "t" })
        else { return }
        words.replaceSubrange(0...0, with: [first[..<letter], first[first.index(after: letter)...]])
    }

    /// Nil if `word` is not meant as a day.
    private static func day(
        _ word: Substring, in text: String
    ) throws(TimeExpressionError) -> TimeExpression.Day? {
        switch word.lowercased() {
        case "today": return .today(plus: 0)
        case "yesterday": return .today(plus: -1)
        case "tomorrow": return .today(plus: 1)
        default: break
        }
        guard word.contains("-"), word.first?.isNumber == true else { return nil }
        let parts = word.split(separator: "-", omittingEmptySubsequences: false)
        guard parts.count == 3, parts[0].utf8.count == 4, let year = number(parts[0], atMost: 9999),
            let month = number(parts[1], atMost: 99), let day = number(parts[2], atMost: 99)
        else { throw TimeExpressionError(text, "expected a date as YYYY-MM-DD") }
        guard let date = CivilDate(year: year, month: month, day: day) else {
            throw TimeExpressionError(text, "there is no such day")
        }
        return .date(daysSinceEpoch: date.daysSinceEpoch)
    }

    /// "14:00:05Z" and "14:00:05+01:00": cuts the zone off.
    private static func takeOffset(_ clock: inout Substring) -> TimeExpression.Place? {
        if clock.hasSuffix("Z") || clock.hasSuffix("z") {
            clock.removeLast()
            return .fixed(secondsEast: 0)
        }
        guard let sign = clock.firstIndex(where: { $0 == "+" || $0 == "-" }), let seconds = offset(clock[sign...])
        else { return nil }
        clock = clock[..<sign]
        return .fixed(secondsEast: seconds)
    }

    /// "+01:00", "+0100", "+01": seconds east; nil if `word` is something else.
    private static func offset(_ word: Substring) -> Int? {
        guard let sign = word.first, sign == "+" || sign == "-" else { return nil }
        let digits = word.dropFirst().filter { $0 != ":" }
        let hasColon = digits.utf8.count != word.utf8.count - 1
        guard digits.utf8.count == 4 || digits.utf8.count == 2 && !hasColon,
            let hours = number(digits.prefix(2), atMost: 23), let minutes = number(digits.dropFirst(2), atMost: 59)
        else { return nil }
        let seconds = hours * 3600 + minutes * 60
        return sign == "-" ? -seconds : seconds
    }

    private func timeOfDay(_ clock: Substring) throws(TimeExpressionError) -> Int64 {
        let expected = TimeExpressionError(
            text, clock.contains(":") ? "expected a time of day as HH:MM[:SS[.fraction]]" : unknownReason)
        let parts = clock.split(separator: ":", omittingEmptySubsequences: false)
        guard parts.count == 2 || parts.count == 3, (1...2).contains(parts[0].utf8.count), parts[1].utf8.count == 2,
            let hour = Self.number(parts[0], atMost: 23), let minute = Self.number(parts[1], atMost: 59)
        else { throw expected }
        var microseconds = Int64(hour * 3600 + minute * 60) * 1_000_000
        if parts.count == 3 {
            guard parts[2].prefix(while: { $0 != "." }).utf8.count == 2,
                let seconds = Decimal(parts[2])?.times(1_000_000), seconds < 60_000_000
            else { throw expected }
            microseconds += seconds
        }
        return microseconds
    }

    private var unknownReason: String { "expected something like \(TimeExpressionError.examples)" }

    /// A number of ASCII digits only; an empty text is 0.
    private static func number(_ digits: some StringProtocol, atMost limit: Int) -> Int? {
        guard digits.utf8.allSatisfy({ (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) }) else { return nil }
        guard !digits.isEmpty else { return 0 }
        return Int(digits).flatMap { $0 <= limit ? $0 : nil }
    }
}
