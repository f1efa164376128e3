package import AnomalyDetection
import Glibc
package import PointStore

/// What is known of an anomaly that helps a person to understand it. All of it is stored, or follows from what is.
package struct Explanation {
    /// Anomalies of other streams that began so soon before or after it are told of, in microseconds.
    package static let vicinity: Int64 = 300_000_000
    /// Most anomalies that are named one by one, of those that are alike and of those nearby.
    private static let mostAlike = 3
    private static let mostNearby = 5
    /// Points before the peak that the usual time between two of them is taken from.
    private static let recentPoints = 33

    package let details: AnomalyDetails
    /// The point at the peak; nil for a silence.
    let peak: StoredPoint?
    /// The last point before the peak.
    let before: StoredPoint?
    /// The first point after a silence that is the peak; nil while it lasts.
    let next: StoredPoint?
    /// Usual time between two points, in microseconds; nil if there are too few.
    let interval: Int64?
    /// What the channel's values were at the same time of the days before, if that speaks for it; nil else.
    let earlier: EarlierDays?
    /// Earlier anomalies of the stream that are of the same kind; nil if its kind is not known.
    package let alike: Nearest<StoredAnomaly>?
    /// Anomalies of other streams that began within the vicinity, with the names of these.
    package let nearby: Nearest<(anomaly: StoredAnomaly, stream: String)>
    /// Whether there are other streams at all.
    let hasNeighbours: Bool
    /// What the stream's model learns from, by the configuration of now.
    let model: ModelSettings

    /// - Throws: `StoreError`.
    package init(
        _ details: AnomalyDetails, in store: StoreReader, of streams: [StreamRecord], model: ModelSettings
    ) throws {
        self.details = details
        self.model = model
        let anomaly = details.stored.anomaly
        let recent = try Self.recent(details, in: store)
        before = recent.first
        let interval = Self.interval(of: recent)
        self.interval = interval
        var query = PointQuery()
        query.streams = [details.stream.id]
        query.since = anomaly.peak
        query.limit = 1
        next = try store.points(query).next()
        peak = next?.time == anomaly.peak ? next : nil
        let isOffSeason = details.stored.kind == .offSeason || peak?.flags.contains(.offSeason) == true
        earlier = isOffSeason ? try EarlierDays(details, interval: interval ?? 0, in: store) : nil
        alike = try details.stored.kind.map { try Self.alike(details, kind: $0, interval: interval ?? 1, in: store) }
        nearby = try Self.nearby(details, in: store, of: streams)
        hasNeighbours = streams.count > 1
    }

    /// The last points before the peak that came in order, newest first.
    private static func recent(_ details: AnomalyDetails, in store: StoreReader) throws -> [StoredPoint] {
        var query = PointQuery()
        query.streams = [details.stream.id]
        query.until = details.stored.anomaly.peak
        query.order = .newestFirst
        let cursor = try store.points(query)
        var points: [StoredPoint] = []
        while points.count < recentPoints, let point = try cursor.next() {
            if !point.flags.contains(.late) { points.append(point) }
        }
        return points
    }

    /// The median of the times between the points.
    private static func interval(of points: [StoredPoint]) -> Int64? {
        let intervals = zip(points, points.dropFirst()).map { $0.time - $1.time }.sorted()
        return intervals.isEmpty ? nil : intervals[intervals.count / 2]
    }

    /// Those whose score and whose length differ least, a decade of rarity being as much as a tenfold length.
    private static func alike(
        _ details: AnomalyDetails, kind: AnomalyKind, interval: Int64, in store: StoreReader
    ) throws -> Nearest<StoredAnomaly> {
        let anomaly = details.stored.anomaly
        var query = AnomalyQuery()
        query.streams = [details.stream.id]
        query.kinds = [kind]
        query.until = anomaly.start
        var nearest = Nearest<StoredAnomaly>(mostAlike)
        let cursor = store.anomalies(query)
        func decades(_ anomaly: StoredAnomaly) -> Double { log10(anomaly.seconds + Double(interval) / 1e6) }
        while let other = try cursor.next() {
            let score = abs(other.anomaly.peakScore - anomaly.peakScore) * 10
            let length = abs(decades(other) - decades(details.stored))
            nearest.add(other, distance: score.isNaN ? .infinity : score + length)
        }
        return nearest
    }

    private static func nearby(
        _ details: AnomalyDetails, in store: StoreReader, of streams: [StreamRecord]
    ) throws -> Nearest<(anomaly: StoredAnomaly, stream: String)> {
        let start = details.stored.anomaly.start
        let names = streams.filter { $0.id != details.stream.id }.names
        var query = AnomalyQuery()
        // A damaged file may tell of any time.
        query.began = (max(start, .min + vicinity) - vicinity)...(min(start, .max - vicinity) + vicinity)
        var nearest = Nearest<(anomaly: StoredAnomaly, stream: String)>(mostNearby)
        let cursor = store.anomalies(query)
        while let other = try cursor.next() {
            guard let name = names[other.stream] else { continue }
            nearest.add((other, name), distance: abs(Double(other.anomaly.start - start)))
        }
        return nearest
    }

    // MARK: What follows from it

    /// What was expected of the channel that stood out most, and what came; nil if the peak has no value.
    var verdict: ChannelVerdict? {
        let anomaly = details.stored.anomaly
        if anomaly.peakValue.isNaN { return nil }
        if let peak, peak.channels.indices.contains(anomaly.peakChannel) { return peak.channels[anomaly.peakChannel] }
        return ChannelVerdict(
            value: anomaly.peakValue, prediction: anomaly.peakPrediction, lower: .nan, upper: .nan,
            residual: anomaly.peakValue - anomaly.peakPrediction)
    }

    /// How many half-widths of the band the value lies from what was expected; nil without a band.
    var halfWidths: Double? {
        guard let verdict else { return nil }
        let result = abs(verdict.residual) / ((verdict.upper - verdict.lower) / 2)
        return result.isFinite ? result : nil
    }

    /// Whether it was not the network that found it; false if that is not known.
    var isExpected: Bool { peak.map { $0.isAnomaly && !$0.flags.contains(.unpredicted) } ?? false }

    /// One point in so many is as strange.
    var rarity: Double? {
        let score = details.stored.anomaly.peakScore
        return score.isNaN ? nil : pow(10, 10 * score)
    }

    /// The same as a time, in seconds.
    var secondsBetween: Double? {
        guard let rarity, let interval, interval > 0 else { return nil }
        return rarity * Double(interval) / 1e6
    }

    /// What speaks for it at its peak, beyond its kind.
    var evidence: [String] { peak?.flags.evidence(beside: details.stored.kind) ?? [] }

    /// Of a peak that is a gap or a silence: the times of the points on both sides, the second nil while it lasts.
    var gap: (from: Int64, to: Int64?)? {
        guard details.stored.kind == .gap || peak == nil && details.silence != nil, let before else { return nil }
        return (before.time, next?.time)
    }
}
