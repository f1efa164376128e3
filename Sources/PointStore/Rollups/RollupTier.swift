/// How finely points are summed up: the tables of roll-ups.
public enum RollupTier: String, Sendable, CaseIterable {
    case fiveMinutes = "rollup_5m"
    case oneHour = "rollup_1h"

    /// The name under which SQL reads it: a table, or a view of two.
    public var table: String { rawValue }

    /// The table that has a row for each bucket; see ``RollupPacks`` for the other one of the fine tier.
    var rowTable: String { self == .fiveMinutes ? "rollup_5m_row" : rawValue }

    /// The same in a file that may be of an older version.
    func rowTable(_ parts: StoreSchema.Parts) -> String { parts.contains(.packedRollups) ? rowTable : rawValue }

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
