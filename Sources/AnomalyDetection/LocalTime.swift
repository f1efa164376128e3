/// A time zone as what its clocks are ahead of UTC, and since when: days are days of people, and begin an hour earlier
/// in summer. Whoever knows the zones fills it in; the detector looks nothing up.
public struct LocalTime: Sendable, Equatable {
    /// Such as "Europe/Berlin".
    public var name: String
    /// From each of these times on (microseconds since 1970, rising), clocks are ahead by the offset at the same place,
    /// in microseconds. Before the first one, by the first offset.
    public var starts: [Int64]
    public var offsets: [Int64]

    static let day: Int64 = 86_400_000_000
    static let week = 7 * day
    public static let utc = LocalTime(name: "UTC", starts: [], offsets: [])

    public init(name: String, starts: [Int64], offsets: [Int64]) {
        precondition(starts.count == offsets.count, "an offset for each start")
        self.name = name
        self.starts = starts
        self.offsets = offsets
    }

    /// What local clocks show at a time, as microseconds since their 1970 began.
    func local(_ time: Int64) -> Int64 { time &+ offset(at: time) }

    /// What local clocks are ahead of UTC at a time, in microseconds.
    public func offset(at time: Int64) -> Int64 {
        if offsets.isEmpty { return 0 }
        var (low, high) = (0, starts.count)
        while low < high {
            let middle = (low + high) / 2
            if starts[middle] <= time { low = middle + 1 } else { high = middle }
        }
        return offsets[max(0, low - 1)]
    }
}
