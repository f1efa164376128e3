package import AnomalyDetection

/// How the anomalies that a detector opened in a file agree with the file's labels, event by event.
///
/// An event is a run of labelled rows, or one of NAB's windows. It is found if a flagged row lies in it. An anomaly,
/// from the row that opened it to the one that closed it, is right if one of its flagged rows lies in an event. So
/// many alarms in one event are one find, and none of them is false.
package struct EventTally: Sendable, Equatable {
    /// The event that each row lies in, numbered from 0; −1 for none.
    private let eventOfRow: [Int32]
    /// Events of the file.
    package let events: Int
    private var isFound: [Bool]
    /// Anomalies so far.
    package private(set) var alarms = 0
    private var isLastAlarmRight = false
    /// Anomalies that touch an event.
    package private(set) var rightAlarms = 0

    package var found: Int { isFound.count { $0 } }

    /// Events are the runs of labelled rows.
    package init(labels: [Bool]) {
        var events: Int32 = 0
        var eventOfRow: [Int32] = []
        eventOfRow.reserveCapacity(labels.count)
        for (row, label) in labels.enumerated() {
            if label, row == 0 || !labels[row - 1] { events += 1 }
            eventOfRow.append(label ? events - 1 : -1)
        }
        self.init(eventOfRow: eventOfRow, events: Int(events))
    }

    /// Events are the rows of each window, which holds its first and its last time.
    ///
    /// - Parameters:
    ///   - windows: microseconds since 1970.
    ///   - times: of all rows of the file.
    package init(windows: [ClosedRange<Int64>], times: [Int64]) {
        self.init(
            eventOfRow: times.map { time in Int32(windows.firstIndex { $0.contains(time) } ?? -1) },
            events: windows.count)
    }

    private init(eventOfRow: [Int32], events: Int) {
        self.eventOfRow = eventOfRow
        self.events = events
        isFound = Array(repeating: false, count: events)
    }

    /// Takes what was said of a row; rows come in the order of the file.
    package mutating func add(_ verdict: PointVerdict, row: Int) {
        if verdict.change == .opened {
            alarms += 1
            isLastAlarmRight = false
        }
        guard verdict.flags.contains(.anomaly), eventOfRow[row] >= 0 else { return }
        isFound[Int(eventOfRow[row])] = true
        if !isLastAlarmRight { rightAlarms += 1 }
        isLastAlarmRight = true
    }
}

/// Events and anomalies of one or more files that have labels, counted.
package struct EventCounts: Sendable, Equatable {
    package var events: Int
    package var found: Int
    package var alarms: Int
    package var rightAlarms: Int

    package init(events: Int = 0, found: Int = 0, alarms: Int = 0, rightAlarms: Int = 0) {
        self.events = events
        self.found = found
        self.alarms = alarms
        self.rightAlarms = rightAlarms
    }

    package init(_ tally: EventTally) {
        self.init(
            events: tally.events, found: tally.found, alarms: tally.alarms, rightAlarms: tally.rightAlarms)
    }

    package static func + (left: EventCounts, right: EventCounts) -> EventCounts {
        EventCounts(
            events: left.events + right.events, found: left.found + right.found, alarms: left.alarms + right.alarms,
            rightAlarms: left.rightAlarms + right.rightAlarms)
    }

    /// Right anomalies among all; nil if there was none.
    package var precision: Double? { alarms > 0 ? Double(rightAlarms) / Double(alarms) : nil }
    /// Events that were found among all; nil if there was none to find.
    package var recall: Double? { events > 0 ? Double(found) / Double(events) : nil }
    /// Harmonic mean of the two, 0 if nothing was found; nil if there was nothing to find.
    package var f1: Double? {
        guard let recall else { return nil }
        guard let precision, precision + recall > 0 else { return 0 }
        return 2 * precision * recall / (precision + recall)
    }
}
