import AnomalyDetection
package import PointStore

extension FeedbackRecord.Action {
    /// What it says of an anomaly, in a word or two.
    package var text: String {
        switch self {
        case .falsePositive: "false positive"
        case .truePositive: "true"
        case .acknowledged: "acknowledged"
        case .freeze: "frozen"
        case .thaw: "thawed"
        case .reset: "model begun anew"
        case .snapshot: "model kept"
        case .rollback: "model rolled back"
        case .exclude: "left out"
        case .include: "no longer left out"
        case .mute: "muted"
        case .unmute: "no longer muted"
        case .rule: "rule changed"
        }
    }
}

extension [FeedbackRecord] {
    /// What holds of an anomaly: its last label, else that it is acknowledged; nil if nothing was said.
    package var verdict: FeedbackRecord.Action? {
        last { $0.action == .falsePositive || $0.action == .truePositive }?.action
            ?? last { $0.action == .acknowledged }?.action
    }
}

extension FeedbackRecord {
    /// Who said it; empty if nobody knows.
    package var by: String { user.map { UserName.of($0) } ?? "" }

    /// Such as "false positive, said 2026-11-25 20:00:00 by ada: the nightly backup".
    package func line(_ clock: inout ZoneClock) -> String {
        var text = "\(action.text), said \(clock.longText(time))"
        if let user { text += " by \(UserName.of(user))" }
        return message.isEmpty ? text : text + ": " + TextWidth.harmless(message)
    }
}
