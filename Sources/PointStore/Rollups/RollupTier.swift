/// How finely points are summed up: the tables of roll-ups.
public enum RollupTier: String, Sendable, CaseIterable {
    case fiveMinutes = "rollup_5m"
    case oneHour = "rollup_1h"

    /// The name of its table.
    public var table: String { rawValue }

    /// Length of a bucket in microseconds.
    public var width: Int64 { self == .fiveMinutes ? 300_000_000 : 3_600_000_000 }

    /// The begin of the bucket that a time lies in: multiples of the length, counted from 1970-01-01 UTC.
    func start(of time: Int64) -> Int64 {
        let rest = time % width
        let start = time &- (rest < 0 ? rest + width : rest)
        // At the very begin of time there is no room before.
        return start > time ? time : start
    }
}
