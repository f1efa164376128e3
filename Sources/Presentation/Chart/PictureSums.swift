import PointStore

/// Where a picture is made of roll-ups: where there are more points than are worth reading for so many columns, and where
/// points have expired. Nothing is known there of what was expected.
struct PictureSums {
    /// The roll-ups that stand for points. Points before them are read.
    let part: RollupPart
    /// Time from which on points are read again, in microseconds since 1970.
    let from: Int64

    /// The roll-ups of one tier, from the oldest one on.
    private struct Tier {
        var tier: RollupTier
        var begin: Int64

        var width: Int64 { tier.width }

        /// The begin of the bucket that a time lies in; that of the first one for what is before it.
        func floor(_ time: Int64) -> Int64 { begin + (max(time, begin) - begin) / width * width }

        func ceiling(_ time: Int64) -> Int64 {
            let floor = floor(time)
            return floor < time ? floor + width : floor
        }
    }

    /// - Parameters:
    ///   - query: the range of time.
    ///   - points: those that can be read in that range; nil if there is none.
    ///   - mostPoints: those that are read at most where roll-ups are fine enough to stand for them.
    ///   - columns: of the picture as it is drawn.
    /// - Returns: nil if points are to be read.
    /// - Throws: `StoreError`.
    init?(
        of stream: StreamRecord, in store: StoreReader, _ query: PointQuery, points: PointRange?, mostPoints: Int64,
        columns: Int
    ) throws {
        guard let rolled = try store.rolled(of: stream.id), try store.hasAllRollups(of: stream.id) else { return nil }
        let tiers = try RollupTier.allCases.compactMap { tier in
            try store.oldestRollups(tier, of: [stream])[stream.id].map { Tier(tier: tier, begin: $0) }
        }
        guard let first = tiers.map(\.begin).min() else { return nil }
        let oldest = try store.oldest(of: stream.id)
        let since = max(query.since ?? .min, first)
        let until = min(query.until ?? .max, rolled.time + 1)
        // A column has at least one roll-up, so that no more is lost than where in a column something was.
        let width = (Double(max(until, points?.last ?? .min)) - Double(since)) / Double(columns)
        let fitting = tiers.last { Double($0.width) <= width }
        if let points, points.count ?? 0 > mostPoints, let tier = fitting {
            // Whole buckets; to that of the last point that was added, others may be added still.
            let times = tier.ceiling(since)..<max(tier.ceiling(since), tier.floor(until))
            (part, from) = (RollupPart(stream: stream, tier: tier.tier, times: times), times.upperBound)
        } else {
            // Without a point before them, none has expired: the stream began in an earlier file.
            guard oldest.map({ $0.sequence > 1 && since < $0.time }) ?? true else { return nil }
            // Those that go back as far as is asked for, or begin in the same hour as the others.
            let left = tiers.filter { $0.begin < since + RollupTier.oneHour.width && $0.begin < oldest?.time ?? .max }
            guard let tier = left.last(where: { $0.tier == fitting?.tier }) ?? left.first else { return nil }
            // Of the bucket in which the oldest point lies, some may have expired, unless it came after all that were added.
            let isFresh = oldest.map { rolled.time < $0.time } ?? false
            let end = oldest.map { tier.floor($0.time) + tier.width } ?? .max
            let half = tier.width / 2
            let lower = max(tier.begin, since - half)
            let times = lower..<max(lower, min(end, until - half))
            part = RollupPart(stream: stream, tier: tier.tier, times: times)
            from = isFresh ? oldest?.time ?? .max : end
        }
        if part.times.isEmpty { return nil }
    }

    /// When a roll-up stands in the picture: in the middle of its time.
    func time(of rollup: StoredRollup) -> Int64 { min(rollup.start + part.tier.width / 2, from &- 1) }
}

/// The points that can be read in a range of time.
struct PointRange {
    /// Times of the first and the last one.
    var first, last: Int64
    /// How many there are, without those that came late; nil if that is not known.
    var count: Int64?
}
