import AnomalyDetection
import PointStore

/// What `show` and `explain` both begin with: which anomaly it is, and when it was.
package struct AnomalyHeading {
    private let details: AnomalyDetails
    private let now: Int64
    private let zone: any Zone

    /// - Parameter now: microseconds since 1970.
    package init(_ details: AnomalyDetails, now: Int64, zone: any Zone) {
        self.details = details
        self.now = now
        self.zone = zone
    }

    private var anomaly: Anomaly { details.stored.anomaly }
    package var isOpen: Bool { anomaly.isOpen }

    package var title: String { "Anomaly \(details.stored.id) of \(TextWidth.harmless(details.stream.name))" }

    package var lines: [LabelledText] {
        var lines: [LabelledText] = []
        var clock = ZoneClock(zone: zone)
        lines.add(
            "Began",
            clock.longText(anomaly.start) + (anomaly.isOpen ? ", \(RelativeSpan.text(now - anomaly.start)) ago" : ""))
        if anomaly.end > anomaly.start {
            let length = RelativeSpan.text(seconds: details.stored.seconds)
            lines.add(anomaly.isOpen ? "Latest" : "Ended", "\(clock.longText(anomaly.end)), after \(length)")
        }
        if anomaly.points > 0 {
            let first = NumberText.grouped(anomaly.startSequence)
            lines.add("Points", "\(NumberText.grouped(anomaly.points)), from the stream's point \(first) on")
        }
        if anomaly.peak != anomaly.start { lines.add("Peak", clock.longText(anomaly.peak)) }
        if details.orders?.isMuted(details.stored) == true { lines.add("Muted", "the journal does not tell of it") }
        if details.orders?.isExcluded(details.stored) == true {
            lines.add("Excluded", "it began in a range of time that is left out")
        }
        for said in details.feedback { lines.add("Feedback", said.line(&clock)) }
        return lines
    }

    /// The shares of the channels, the largest first; nil of a stream of one channel, and where none are stored.
    package var channels: String? {
        guard anomaly.attribution.count > 1 else { return nil }
        let shares = anomaly.attribution.enumerated().sorted { $0.element > $1.element }
            .filter { $0.element >= 0.005 }
        let list = shares.prefix(Self.mostChannels).map { channel, share in
            "channel \(channel) for \(Int((share * 100).rounded())) %"
        }
        let more = shares.count - list.count
        return list.joined(separator: ", ") + (more > 0 ? " and \(more) more" : "")
    }

    /// Channels that are named one by one.
    private static let mostChannels = 5
}
