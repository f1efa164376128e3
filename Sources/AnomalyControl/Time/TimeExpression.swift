import FeedProtocol
package import Presentation

/// A time as systemd.time(7) and journalctl take it. Reading one needs neither clock nor zone; `resolve` does.
package enum TimeExpression: Sendable, Equatable {
    /// Microseconds from now, negative in the past.
    case relative(Int64)
    /// Microseconds since 1970.
    case absolute(Int64)
    /// A wall clock's time.
    case wall(Day, microsecondOfDay: Int64, Place)

    package enum Day: Sendable, Equatable {
        /// So many days after today, in the zone of the expression.
        case today(plus: Int)
        /// Days since 1970-01-01.
        case date(daysSinceEpoch: Int)
    }

    /// Whose wall clock.
    package enum Place: Sendable, Equatable {
        case local
        case fixed(secondsEast: Int)
        /// A zone of the tz database that exists.
        case named(String)
    }

    /// Microseconds since 1970.
    ///
    /// - Parameters:
    ///   - now: the same, of this moment.
    ///   - zone: of expressions that do not name one.
    package func resolve(now: Int64, zone: any Zone) -> Int64 {
        switch self {
        case .relative(let span):
            let (time, overflow) = now.addingReportingOverflow(span)
            return overflow ? (span < 0 ? .min : .max) : time
        case .absolute(let time):
            return time
        case .wall(let day, let microsecondOfDay, let place):
            let placeZone: any Zone =
                switch place {
                case .local: zone
                case .fixed(let seconds): FixedZone(seconds: seconds, name: "")
                case .named(let name): NamedZone(name) ?? zone
                }
            let days: Int
            switch day {
            case .date(let daysSinceEpoch): days = daysSinceEpoch
            case .today(let plus):
                var clock = ZoneClock(zone: placeZone)
                days = clock.wall(Int((now / 1_000_000))).0.daysSinceEpoch + plus
            }
            let (seconds, fraction) = microsecondOfDay.quotientAndRemainder(dividingBy: 1_000_000)
            return Int64(placeZone.moment(ofWall: days * 86_400 + Int(seconds))) * 1_000_000 + fraction
        }
    }
}

/// Why a text is no time.
package struct TimeExpressionError: Error, Sendable, Equatable, CustomStringConvertible {
    package var description: String

    package static let examples = """
        -1h, "2 days ago", now, today, yesterday, 14:00, 2026-11-23, "2026-11-23 14:00:05 UTC", \
        2026-11-23T14:00:05+01:00 or @1700000000
        """

    /// The same for a help text, on lines that fit into 80 columns.
    package static let exampleLines = """
        -1h, "2 days ago", now, today, yesterday, "yesterday 14:00", 14:00:05,
          2026-11-23, "2026-11-23 14:00", "2026-11-23 14:00 UTC",
          2026-11-23T14:00:05+01:00, @1700000000; without a zone, in that of $TZ
        """

    init(_ text: String, _ reason: String) {
        description = "\"\(text)\" is not a time: \(reason)"
    }
}
