package import AnomalyConfiguration

/// What befell an anomaly, for whoever is told of it.
package enum AlertEvent: String, Sendable {
    case opened
    /// It is much further from what was expected than told before, or of a higher severity.
    case worsened
    /// Somebody has seen it.
    case acknowledged
    case resolved
    /// Nothing new: it is told again, or beside news of others.
    case ongoing
    /// A trial, of no anomaly.
    case test
}

/// What a sink is told at once: news of the anomalies of a group.
package struct AlertNotification: Sendable, Equatable {
    package struct Entry: Sendable, Equatable {
        package var alert: Alert
        package var event: AlertEvent
        package var severity: AlertSeverity
        /// Whether it is told as one that is open. One that is over already may be, if the next notification says so.
        package var isFiring: Bool
    }

    /// Counts the notifications of a run.
    package var number: Int64
    package var sink: String
    package var groupBy: AlertGrouping
    /// Empty where all are one group.
    package var group: String
    /// When it was made, in microseconds since 1970.
    package var time: Int64
    /// Whether it has no news, but says again what nobody has acknowledged.
    package var isRepetition = false
    /// Those that it names: news and the worst first.
    package var entries: [Entry] = []
    /// All of the group that are open, and all that are told to be over, named or not.
    package var firing = 0
    package var resolved = 0

    package var isFiring: Bool { firing > 0 }
    /// Those that it does not name.
    package var unnamed: Int { firing + resolved - entries.count }
    package var isTest: Bool { entries.first?.event == .test }

    package init(number: Int64, sink: String, groupBy: AlertGrouping, group: String, time: Int64) {
        (self.number, self.sink, self.groupBy, self.group, self.time) = (number, sink, groupBy, group, time)
    }
}

/// How telling a sink went.
package enum AlertOutcome: Sendable, Equatable {
    case told
    /// It is to be tried again.
    ///
    /// - Parameters:
    ///   - pause: time that the sink wants to be left alone, in microseconds.
    ///   - isRefused: the sink would say the same again soon, as to a wrong password.
    case failed(cause: String, pause: Int64 = 0, isRefused: Bool = false)
}
