import AnomalyConfiguration
import PointStore

/// What a sink needs to be told of an anomaly: the table at ``AlertMachine``.
struct AlertRules {
    enum Need: Equatable {
        case nothing
        case tell(AlertEvent)
        /// It will never be told, or not any more.
        case settle
    }

    var scale: AlertScale
    /// The windows that hold now.
    var active: [MuteWindow] = []

    init(scale: AlertScale) { self.scale = scale }

    func isInWindow(_ alert: Alert) -> Bool { active.contains { $0.matches(alert.stream) } }

    private func isQuiet(_ alert: Alert) -> Bool { alert.subject.isMuted || isInWindow(alert) }

    /// - Parameter standing: the sink's to this alert.
    func need(_ alert: Alert, _ standing: AlertStanding?, _ policy: AlertPolicy) -> Need {
        let isWanted = policy.concerns(alert.stream) && scale.severity(of: alert) >= policy.minSeverity
        switch standing {
        case .told(let told) where told.state == .firing:
            if alert.isOver {
                let isMuted = alert.subject.isMuted && !alert.subject.isToldAgain
                let isTold = policy.tellsResolved && (policy.tellsMutedEnds || !isMuted)
                return isTold ? .tell(.resolved) : .settle
            }
            if isQuiet(alert) { return .nothing }
            if scale.isWorse(alert, thanScore: told.score, deviation: told.deviation) { return .tell(.worsened) }
            let isNewlySeen = alert.subject.acknowledgement != nil && !told.isAcknowledged
            return isNewlySeen ? .tell(.acknowledged) : .nothing
        case .told(let told) where told.state == .sending:
            let isHeldBack = isQuiet(alert) || !isWanted
            if !alert.isOver { return isHeldBack ? .nothing : .tell(.opened) }
            if !policy.tellsResolved { return isHeldBack || alert.end != .over ? .settle : .tell(.opened) }
            return .tell(policy.opensFirst && !isHeldBack && alert.end == .over ? .opened : .resolved)
        case .told, .done: return alert.isOver || isQuiet(alert) || !isWanted ? .nothing : .tell(.opened)
        case nil:
            if !alert.isOver { return isQuiet(alert) || !isWanted ? .nothing : .tell(.opened) }
            if alert.end != .over || isQuiet(alert) || !isWanted { return .settle }
            return .tell(policy.opensFirst || !policy.tellsResolved ? .opened : .resolved)
        }
    }

    /// Whether it is told again after a while though nothing is new.
    func isRepeatable(_ alert: Alert, _ standing: AlertStanding?) -> Bool {
        standing?.isFiring == true && !alert.isOver && alert.subject.acknowledgement == nil && !isQuiet(alert)
    }
}
