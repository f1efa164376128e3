import AnomalyDetection

/// What there is to be said to a sink of the anomalies of a group, in the order in which it is said.
struct AlertNews {
    /// What is named first, as not all may be.
    enum Rank: Comparable {
        /// The end of one that was named to the sink: it has to be named again.
        case owedEnd
        case news
        case unnamedEnd
        /// One that the sink knows as open.
        case known
    }

    private(set) var ranked: [(entry: AlertNotification.Entry, rank: Rank)] = []
    /// Whether there is something that the sink does not know.
    let isNews: Bool
    /// Whether there is something to be said again after a while.
    let isRepetition: Bool

    init(of alerts: [Alert], to sink: AlertSinkState, by rules: AlertRules) {
        for alert in alerts {
            let standing = sink.standings[alert.key]
            let isNamed: Bool = if case .told(let told) = standing { told.isNamed } else { false }
            let severity = rules.scale.severity(of: alert)
            switch rules.need(alert, standing, sink.policy) {
            case .tell(let event):
                let rank = event != .resolved ? Rank.news : isNamed ? .owedEnd : .unnamedEnd
                let entry = AlertNotification.Entry(
                    alert: alert, event: event, severity: severity, isFiring: event != .resolved)
                ranked.append((entry, rank))
            case .nothing where standing?.isFiring == true && !alert.isOver:
                let entry = AlertNotification.Entry(alert: alert, event: .ongoing, severity: severity, isFiring: true)
                ranked.append((entry, .known))
            case .nothing, .settle: continue
            }
        }
        ranked.sort { one, other in
            if one.rank != other.rank { return one.rank < other.rank }
            let (first, second) = (one.entry.alert, other.entry.alert)
            let (score, next) = (first.sortingScore, second.sortingScore)
            if score != next { return score > next }
            return (first.id, first.stream) < (second.id, second.stream)
        }
        isNews = ranked.contains { $0.rank != .known }
        isRepetition = alerts.contains { rules.isRepeatable($0, sink.standings[$0.key]) }
    }

    /// Names as many as the policy allows, and all ends that are owed.
    func notification(_ number: Int64, group: String, to policy: AlertPolicy, time: Int64) -> AlertNotification {
        let owed = ranked.prefix { $0.rank == .owedEnd }.count
        let named = min(ranked.count, max(owed, policy.mostNamed))
        var notification = AlertNotification(
            number: number, sink: policy.name, groupBy: policy.groupBy, group: group, time: time)
        notification.isRepetition = !isNews
        notification.entries = ranked.prefix(named).map(\.entry)
        notification.firing = ranked.count { $0.entry.isFiring }
        notification.resolved = ranked.count - notification.firing
        return notification
    }
}

extension Alert {
    /// Never unordered.
    fileprivate var sortingScore: Double { anomaly.peakScore.isNaN ? -1 : anomaly.peakScore }
}
