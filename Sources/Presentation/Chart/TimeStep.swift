import FeedProtocol

/// How far two ticks of a time axis are apart, and what is written at them.
enum TimeStep: Sendable, Equatable {
    /// Microseconds below a day, of the wall clock.
    case clock(Int64)
    case days(Int)
    case months(Int)

    private static let second: Int64 = 1_000_000
    private static let day: Int64 = 86_400_000_000

    /// The finest first. Each can be counted to the next larger unit without a rest, but for weeks and odd days.
    static let all: [TimeStep] = {
        let fractions: [Int64] = [1, 10, 100, 1000, 10_000, 100_000].flatMap { [$0, 2 * $0, 5 * $0] }
        let seconds: [Int64] = [1, 2, 5, 10, 15, 30]
        let hours: [Int64] = [1, 2, 3, 6, 12]
        let clock =
            fractions + seconds.map { $0 * second } + seconds.map { $0 * 60 * second }
            + hours.map { $0 * 3600 * second }
        let years = [1, 10, 100, 1000, 10_000, 100_000].flatMap { [$0, 2 * $0, 5 * $0] }
        return clock.map { .clock($0) } + [1, 2, 7, 14].map { .days($0) } + [1, 2, 3, 6].map { .months($0) }
            + years.map { .months(12 * $0) }
    }()

    /// Microseconds, about.
    var length: Double {
        switch self {
        case .clock(let length): Double(length)
        case .days(let days): Double(days) * Double(Self.day)
        case .months(let months): Double(months) * 30.44 * Double(Self.day)
        }
    }

    /// The round times in a range, in their order, in microseconds since 1970.
    func times(from start: Int64, to end: Int64, in zone: any Zone) -> [Int64] {
        let (first, last) = (Int(start / Self.second) - 1, Int(end / Self.second) + 1)
        var times: [Int64]
        switch self {
        case .clock(let length) where length < Self.second:
            // No zone has an offset of less than a second.
            var time = Self.floor(start, length)
            times = []
            while time <= end {
                times.append(time)
                time += length
            }
        case .clock(let length):
            let step = Int(length / Self.second)
            let from = Self.floor(first + zone.offset(at: first), step)
            times = Self.moments(stride(from: from, through: last + zone.offset(at: last), by: step), zone)
        case .days(let days):
            // Weeks begin on Mondays; 1970-01-01 was a Thursday.
            let shift = days.isMultiple(of: 7) ? 3 : 0
            let from = Self.floor(Self.floor(first + zone.offset(at: first), 86_400) / 86_400 + shift, days) - shift
            let to = (last + zone.offset(at: last)) / 86_400 + 1
            times = Self.moments(stride(from: from, through: to, by: days).lazy.map { $0 * 86_400 }, zone)
        case .months(let months):
            func month(_ seconds: Int) -> Int {
                let date = CivilDate(daysSinceEpoch: Self.floor(seconds + zone.offset(at: seconds), 86_400) / 86_400)
                return date.year * 12 + date.month - 1
            }
            let walls = stride(from: Self.floor(month(first), months), through: month(last) + 1, by: months)
                .lazy.compactMap { count in
                    let year = Self.floor(count, 12) / 12
                    return CivilDate(year: year, month: count - year * 12 + 1, day: 1)
                }
            times = Self.moments(walls.map { $0.daysSinceEpoch * 86_400 }, zone)
        }
        var newest = Int64.min
        // Where a clock is turned, two of its times may be one moment.
        return times.filter { time in
            guard start <= time, time <= end, time > newest else { return false }
            newest = time
            return true
        }
    }

    private static func moments(_ walls: some Sequence<Int>, _ zone: any Zone) -> [Int64] {
        walls.map { Int64(zone.moment(ofWall: $0)) * second }
    }

    private static func floor<Number: BinaryInteger>(_ number: Number, _ step: Number) -> Number {
        let rest = number % step
        return number - (rest < 0 ? rest + step : rest)
    }

    /// What stands at a tick, and the larger unit that it is a part of.
    func label(_ time: Int64, _ clock: inout ZoneClock) -> (label: String, context: String) {
        let (date, _) = clock.wall(Int(Self.floor(time, Self.second) / Self.second))
        let text = clock.text(time)
        let timeOfDay = text.drop { $0 != " " }.dropFirst()
        let year = String(date.year)
        let month = Self.months[date.month - 1]
        let day = "\(date.weekday.prefix(3)) \(month) \(date.day)"
        switch self {
        case .clock(let length) where length < 1000:
            let rest = String(time - Self.floor(time, 1000))
            return (timeOfDay + String(repeating: "0", count: 3 - rest.utf8.count) + rest, day)
        case .clock(let length) where length < Self.second: return (String(timeOfDay), day)
        case .clock(let length) where length < 60 * Self.second: return (String(timeOfDay.prefix(8)), day)
        case .clock: return (String(timeOfDay.prefix(5)), day)
        case .days: return ("\(month) \(date.day)", year)
        case .months(let months) where months < 12: return (month, year)
        case .months: return (year, "")
        }
    }

    private static let months = [
        "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec",
    ]
}
