import AnomalyDetection
import PointStore

/// What a sink was told last of an anomaly.
struct AlertTold: Equatable {
    var state: AlertRecord.State
    var since: Int64
    var last: Int64
    var score: Double
    var deviation: Double
    var isAcknowledged: Bool
    var isNamed: Bool
}

extension AlertTold {
    /// It is told for the first time, as it is now.
    init(_ alert: Alert, _ now: Int64) {
        self.init(
            state: .firing, since: now, last: now, score: alert.anomaly.peakScore, deviation: alert.deviation,
            isAcknowledged: false, isNamed: false)
    }
}

/// How a sink stands to an anomaly; nothing was told if there is none.
enum AlertStanding: Equatable {
    case told(AlertTold)
    /// It is over, and need not be told.
    case done

    var isFiring: Bool { state == .firing }
    /// Whether the sink may believe that it is open.
    var isOwed: Bool { state?.isOwed ?? false }
    private var state: AlertRecord.State? { if case .told(let told) = self { told.state } else { nil } }
}

/// What a sink has been told, and what waits for it.
struct AlertSinkState {
    /// Anomalies that it is told of at once.
    struct Group {
        /// Those that were told as firing, and those with news.
        var members: Set<AlertKey> = []
        var pending: Set<AlertKey> = []
        /// When the oldest news came.
        var since: Int64?
        var lastTold: Int64?
        var isUnderWay = false
    }

    var policy: AlertPolicy
    var standings: [AlertKey: AlertStanding] = [:]
    var groups: [String: Group] = [:]
    /// Of anomalies up to this number, all that are over are settled.
    var through: Int64 = 0
    /// The same as stored; nil if it is not.
    var keptThrough: Int64?
    var underWay = 0
    var failures = 0
    var retry: Int64?
    /// Those that are over and untold, in the order of their ends, and some that were; the same as a set.
    var late: [AlertKey] = []
    var isLate: Set<AlertKey> = []
    var dropped: Int64 = 0

    init(policy: AlertPolicy) { self.policy = policy }
}
