package import FeedProtocol

/// Writes times as a wall clock shows them, for tables and reports.
package struct ZoneClock {
    /// Columns of `text(_:)` for the years 1000 to 9999.
    package static let width = 23

    private let zone: any Zone
    /// The offset of the zone, and the quarter of an hour that it was asked for. Offsets change at quarters only, and
    /// neighbouring points ask for the same one.
    private var quarter = Int.min
    private var offset = 0

    package init(zone: any Zone) {
        self.zone = zone
    }

    /// `2026-11-23 14:00:05.123`; what is below a millisecond is cut off.
    ///
    /// - Parameter time: microseconds since 1970.
    package mutating func text(_ time: Int64) -> String {
        let (seconds, microseconds) = Self.split(time)
        let (date, secondOfDay) = wall(seconds)
        return "\(Self.text(date)) \(Self.text(secondOfDay: secondOfDay)).\(Self.digits(microseconds / 1000, 3))"
    }

    /// `Mon 2026-11-23 14:00:05 CET`, as systemd writes times.
    package mutating func longText(_ time: Int64) -> String {
        let (seconds, _) = Self.split(time)
        let (date, secondOfDay) = wall(seconds)
        let zoneName = zone.abbreviation(at: seconds)
        return "\(date.weekday.prefix(3)) \(Self.text(date)) \(Self.text(secondOfDay: secondOfDay)) \(zoneName)"
    }

    /// The date that the wall clock shows at `seconds` since 1970, and the second of that day.
    package mutating func wall(_ seconds: Int) -> (CivilDate, secondOfDay: Int) {
        let current = Self.floorDivide(seconds, 900).quotient
        if current != quarter {
            offset = zone.offset(at: seconds)
            quarter = current
        }
        let (days, rest) = Self.floorDivide(seconds + offset, 86_400)
        return (CivilDate(daysSinceEpoch: days), rest)
    }

    private static func split(_ time: Int64) -> (seconds: Int, microseconds: Int) {
        let (seconds, microseconds) = floorDivide(Int(time), 1_000_000)
        return (seconds, microseconds)
    }

    private static func floorDivide(_ number: Int, _ divisor: Int) -> (quotient: Int, remainder: Int) {
        let (quotient, remainder) = number.quotientAndRemainder(dividingBy: divisor)
        return remainder < 0 ? (quotient - 1, remainder + divisor) : (quotient, remainder)
    }

    private static func text(_ date: CivilDate) -> String {
        "\(digits(date.year, 4))-\(digits(date.month, 2))-\(digits(date.day, 2))"
    }

    private static func text(secondOfDay: Int) -> String {
        "\(digits(secondOfDay / 3600, 2)):\(digits(secondOfDay / 60 % 60, 2)):\(digits(secondOfDay % 60, 2))"
    }

    private static func digits(_ number: Int, _ count: Int) -> String {
        let text = String(number)
        return String(repeating: "0", count: max(0, count - text.utf8.count)) + text
    }
}

extension CivilDate {
    /// English names of the days, Sunday first.
    package static let weekdays = ["Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday"]

    /// The English name of this day of the week.
    package var weekday: String {
        // 1970-01-01 was a Thursday.
        let index = (daysSinceEpoch + 4) % 7
        return Self.weekdays[index < 0 ? index + 7 : index]
    }
}
