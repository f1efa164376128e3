import AnomalyDetection
import Foundation
import PointStore

extension FeedbackRecord.Action {
    /// What it says of an anomaly, in a word or two.
    var text: String {
        switch self {
        case .falsePositive: "false positive"
        case .truePositive: "true"
        case .acknowledged: "acknowledged"
        case .freeze: "frozen"
        case .thaw: "thawed"
        }
    }
}

extension [FeedbackRecord] {
    /// What holds of an anomaly: its last label, else that it is acknowledged; nil if nothing was said.
    var verdict: FeedbackRecord.Action? {
        last { $0.action == .falsePositive || $0.action == .truePositive }?.action ?? last?.action
    }
}

extension FeedbackRecord {
    /// Such as "false positive, said 2026-11-25 20:00:00 by ada: the nightly backup".
    func line(_ clock: inout ZoneClock) -> String {
        var text = "\(action.text), said \(clock.longText(time))"
        if let user { text += " by \(Self.name(of: user))" }
        return message.isEmpty ? text : text + ": " + TextWidth.harmless(message)
    }

    private static func name(of user: UInt32) -> String {
        guard let entry = getpwuid(user), let name = entry.pointee.pw_name else { return "uid \(user)" }
        return String(cString: name)
    }
}
