public import AnomalyDetection

/// What people have ordered for one stream, and what of it holds.
public struct StreamOrders: Sendable {
    /// One that holds, with what was said of it.
    public struct Exclusion: Sendable, Identifiable {
        /// Number of the order; never given twice.
        public var id: Int64
        public var record: FeedbackRecord
        public var range: StandingOrders.Exclusion
    }

    /// What holds.
    public private(set) var standing = StandingOrders()
    /// Exclusions that hold, in the order of their beginnings.
    public private(set) var exclusions: [Exclusion] = []
    /// Of what was said of mutes, the sequence number behind which it was, and until when anomalies are not told of; nil
    /// where they are again.
    private var mutes: [(after: Int64, until: Int64?)] = []
    private var mutedAnomalies: Set<Int64> = []

    /// - Parameter said: orders of one stream, in the order in which they were said, with their numbers.
    init(_ said: [(id: Int64, record: FeedbackRecord)]) {
        var latest: [StandingOrders.Exclusion: (id: Int64, record: FeedbackRecord)] = [:]
        for (id, record) in said {
            record.act.map { standing.take($0, open: nil) }
            switch record.action {
            case .exclude: if let range = record.range { latest[range] = (id, record) }
            case .mute:
                if let anomaly = record.anomaly {
                    mutedAnomalies.insert(anomaly)
                } else {
                    mutes.append((record.sequence, record.until))
                }
            case .unmute:
                if let anomaly = record.anomaly {
                    mutedAnomalies.remove(anomaly)
                } else {
                    mutes.append((record.sequence, nil))
                }
            default: break
            }
        }
        exclusions = standing.exclusions.compactMap { range in
            latest[range].map { Exclusion(id: $0.id, record: $0.record, range: range) }
        }
    }

    /// Whether an anomaly of the stream was not told of.
    public func isMuted(_ stored: StoredAnomaly) -> Bool {
        if mutedAnomalies.contains(stored.id) { return true }
        guard let until = mutes.last(where: { $0.after < stored.anomaly.startSequence })?.until else { return false }
        return stored.anomaly.start < until
    }

    /// Whether an anomaly of the stream is not to be told of now. What was said since it began counts as well: a mute holds
    /// it back as long as none of its points is behind the end of the mute, and taking one back lets it be told while it
    /// is open.
    func holdsBack(_ stored: StoredAnomaly) -> Bool {
        guard !mutedAnomalies.contains(stored.id), let last = mutes.last,
            last.after >= stored.anomaly.startSequence
        else { return isMuted(stored) }
        guard let until = last.until else { return !stored.anomaly.isOpen && isMuted(stored) }
        return isMuted(stored) || stored.anomaly.end < until
    }

    /// Whether an anomaly of the stream is mute by its number, whatever becomes of its stream.
    public func isMute(anomaly id: Int64) -> Bool { mutedAnomalies.contains(id) }

    /// Whether a mute was taken back since an anomaly of the stream began: who has been told of it since then hears of its
    /// end, too.
    func isToldAgain(_ stored: StoredAnomaly) -> Bool {
        guard !mutedAnomalies.contains(stored.id), let last = mutes.last else { return false }
        return last.after >= stored.anomaly.startSequence && last.until == nil
    }

    /// Whether an anomaly of the stream began in a range of time that is left out: before that was said.
    public func isExcluded(_ stored: StoredAnomaly) -> Bool {
        standing.exclusions.contains { $0.contains(stored.anomaly.start) }
    }
}
