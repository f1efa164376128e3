/// What was flagged online beside what was flagged in hindsight. Flagged points of one kind belong together unless
/// `quietPoints` others in a row lie between them, as online.
public struct HindsightComparison: Sendable, Equatable {
    /// Flagged points that belong together, by their places in the range, and the one with the highest score.
    public struct Group: Sendable, Equatable {
        public var first: Int
        public var last: Int
        public var peak: Int
    }

    /// In the order of time. An online group and one in hindsight agree if less than `quietPoints` lie between them.
    public private(set) var online: [Group]
    public private(set) var hindsight: [Group]
    /// Groups of `hindsight` that no group of `online` agrees with, and the other way round.
    public private(set) var onlyHindsight: [Group] = []
    public private(set) var onlyOnline: [Group] = []

    /// - Parameters: one score and flag for each point.
    public init(
        onlineScores: [Double], online onlineFlags: [Bool], hindsightScores: [Double], hindsight hindsightFlags: [Bool],
        quietPoints: Int
    ) {
        online = Self.groups(onlineFlags, onlineScores, quietPoints)
        hindsight = Self.groups(hindsightFlags, hindsightScores, quietPoints)
        onlyHindsight = Self.without(online, in: hindsight, quietPoints)
        onlyOnline = Self.without(hindsight, in: online, quietPoints)
    }

    /// Groups of `hindsight` that agree with one of `online`.
    public var agreeing: Int { hindsight.count - onlyHindsight.count }

    private static func groups(_ flags: [Bool], _ scores: [Double], _ quietPoints: Int) -> [Group] {
        var groups: [Group] = []
        for (point, isFlagged) in flags.enumerated() where isFlagged {
            if var group = groups.last, point - group.last <= quietPoints {
                group.last = point
                if scores[point] > scores[group.peak] { group.peak = point }
                groups[groups.count - 1] = group
            } else {
                groups.append(Group(first: point, last: point, peak: point))
            }
        }
        return groups
    }

    private static func without(_ others: [Group], in groups: [Group], _ quietPoints: Int) -> [Group] {
        groups.filter { group in
            !others.contains { $0.first - group.last <= quietPoints && group.first - $0.last <= quietPoints }
        }
    }
}
