public import AnomalyDetection

/// A `[[mute]]` section: times that come again and again, in which nobody is told that anomalies begin.
public struct MuteWindow: Sendable, Equatable {
    /// The streams that it holds for.
    public var streams = [Glob.everything]
    /// Days on which it begins.
    public var days = Set(Weekday.allCases)
    /// Minutes of the day: the first one, and the first one behind it. One that ends no later than it begins ends on the
    /// next day.
    public var from = 0
    public var to = 1440
    public var timeZone = LocalTime.utc
    /// Where it stands.
    var origin = ConfigurationOrigin(source: "")

    public init() {}

    public enum Weekday: String, Sendable, CaseIterable {
        case monday = "Mon"
        case tuesday = "Tue"
        case wednesday = "Wed"
        case thursday = "Thu"
        case friday = "Fri"
        case saturday = "Sat"
        case sunday = "Sun"
    }

    private static let minute: Int64 = 60_000_000
    private static let day: Int64 = 1440

    /// Whether it holds at a time, in microseconds since 1970. Where clocks are set forward or back, it is what clocks show
    /// that counts.
    public func isActive(at time: Int64) -> Bool {
        let local = time + timeZone.offset(at: time)
        let minutes = Int64((Double(local) / Double(Self.minute)).rounded(.down))
        let date = Int64((Double(minutes) / Double(Self.day)).rounded(.down))
        let now = Int(minutes - date * Self.day)
        if from < to { return begins(on: date) && (from..<to).contains(now) }
        return begins(on: date) && now >= from || begins(on: date - 1) && now < to
    }

    /// - Parameter date: days since 1970, whose first day was a Thursday.
    private func begins(on date: Int64) -> Bool {
        days.contains(Weekday.allCases[Int(((date + 3) % 7 + 7) % 7)])
    }

    public func matches(_ stream: String) -> Bool { streams.contains { $0.matches(stream) } }

    /// Where something is said does not change what is in force.
    public static func == (one: Self, other: Self) -> Bool {
        one.streams == other.streams && one.days == other.days && one.from == other.from && one.to == other.to
            && one.timeZone.name == other.timeZone.name
    }
}
