import AnomalyDetection
import PointStore

/// What a channel was at the same time of the days before: what a value is compared with that is out of its season.
package struct EarlierDays {
    /// Days that are looked at, as many as a detector remembers.
    static let most = 7
    private static let day: Int64 = 86_400_000_000

    /// Of these, how many had a value.
    package private(set) var days = 0
    package private(set) var lowest = Double.infinity
    package private(set) var highest = -Double.infinity

    /// The values of the channel that stood out most, at the time of the peak; nil without any.
    ///
    /// - Parameter interval: usual time between two points, in microseconds.
    /// - Throws: `StoreError`.
    init?(_ details: AnomalyDetails, interval: Int64, in store: StoreReader) throws {
        let anomaly = details.stored.anomaly
        for number in 1...Int64(Self.most) {
            let time = anomaly.peak &- number * Self.day
            var query = PointQuery()
            query.streams = [details.stream.id]
            query.since = time &- interval / 2
            query.until = time &+ interval / 2 &+ 1
            query.limit = 1
            guard let point = try store.points(query).next(), point.channels.indices.contains(anomaly.peakChannel)
            else { continue }
            let value = point.channels[anomaly.peakChannel].value
            if value.isNaN { continue }
            days += 1
            lowest = min(lowest, value)
            highest = max(highest, value)
        }
        if days == 0 { return nil }
    }
}
