import AnomalyConfiguration
import AnomalyControl
import FeedProtocol
import Presentation

extension FuzzTarget {
    /// Times and lengths of time as people write them.
    static let times = FuzzTarget(name: "times", longest: 128) { bytes in
        let text = String(decoding: bytes, as: UTF8.self)
        _ = RelativeSpan.parse(text).map(RelativeSpan.text)
        if let span = TimeSpan.parse(text) {
            let written = TimeSpan.format(span)
            try expect(TimeSpan.parse(written) == span, "\(written) is \(span) µs, read from \(text)")
        }
        guard let expression = try? TimeExpression(text) else { return }
        let now: Int64 = 1_700_000_000_000_000
        for zone in [FixedZone.utc, FixedZone(seconds: -34_200, name: "")] {
            let time = expression.resolve(now: now, zone: zone)
            // ISO 8601 ends there, and so does what the table writes.
            guard FeedTime.range.contains(time) else { continue }
            var clock = ZoneClock(zone: FixedZone.utc)
            let written = clock.text(time) + " UTC"
            let again = try TimeExpression(written).resolve(now: now, zone: zone)
            let wanted = time - (time % 1000 + 1000) % 1000
            try expect(again == wanted, "\(written) is \(wanted), read from \(text); read as \(again)")
        }
    }
}
