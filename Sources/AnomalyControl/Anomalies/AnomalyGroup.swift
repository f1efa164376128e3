import AnomalyDetection
import PointStore

/// Anomalies that began soon after one another, in whatever streams: what may be one event.
struct AnomalyGroup: Equatable {
    /// Their numbers, in the order in which they were added.
    private(set) var ids: [Int64]
    private(set) var streams: Set<Int32>
    /// When the first one began, and the last one ended or had its newest point, in microseconds since 1970.
    private(set) var start: Int64
    private(set) var end: Int64
    /// How many are not over.
    private(set) var open: Int
    /// The one with the highest score; the earlier one of equals.
    private(set) var worst: StoredAnomaly

    init(_ first: StoredAnomaly) {
        ids = [first.id]
        streams = [first.stream]
        (start, end) = (first.anomaly.start, first.anomaly.end)
        open = first.anomaly.isOpen ? 1 : 0
        worst = first
    }

    fileprivate mutating func add(_ other: StoredAnomaly) {
        ids.append(other.id)
        streams.insert(other.stream)
        start = min(start, other.anomaly.start)
        end = max(end, other.anomaly.end)
        open += other.anomaly.isOpen ? 1 : 0
        if Self.isWorse(other, than: worst) { worst = other }
    }

    /// NaN, from a damaged file, is less than all others.
    private static func isWorse(_ left: StoredAnomaly, than right: StoredAnomaly) -> Bool {
        let scores = [left, right].map { $0.anomaly.peakScore.isNaN ? -1 : $0.anomaly.peakScore }
        return scores[0] > scores[1] || scores[0] == scores[1] && left.anomaly.start < right.anomaly.start
    }
}

/// Makes groups of anomalies that come in the order of their starts, from either end.
///
/// An anomaly belongs to a group if no more than `within` lies between its start and the nearest one of the group. How
/// long they last does not count: one that goes on for days would draw all into its group that begins meanwhile.
struct AnomalyGrouping {
    /// Microseconds.
    let within: Int64
    private var group: AnomalyGroup?
    private var last: Int64 = 0

    init(within: Int64) { self.within = within }

    /// - Returns: the group before, if this one does not belong to it.
    mutating func add(_ anomaly: StoredAnomaly) -> AnomalyGroup? {
        let start = anomaly.anomaly.start
        defer { last = start }
        if let distance = group.map({ _ in start.subtractingReportingOverflow(last) }), !distance.overflow,
            distance.partialValue.magnitude <= within.magnitude
        {
            group?.add(anomaly)
            return nil
        }
        defer { group = AnomalyGroup(anomaly) }
        return group
    }

    /// The last group; nil if nothing was added.
    mutating func finish() -> AnomalyGroup? {
        defer { group = nil }
        return group
    }
}
