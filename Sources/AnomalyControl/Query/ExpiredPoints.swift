import PointStore
import Presentation

/// Points that were stored once and have expired, as far as a query asks for them; their roll-ups may be there still.
struct ExpiredPoints {
    /// Of streams some of whose points have expired: the time of the oldest one that has not, or, if there is none, the
    /// time behind the last.
    private var oldest: [Int32: Int64] = [:]
    private var streams: [StreamRecord] = []
    private let store: StoreReader
    private let query: PointQuery

    /// - Parameter query: what is asked for.
    init(of streams: [StreamRecord], in store: StoreReader, asked query: PointQuery) throws {
        self.store = store
        self.query = query
        for stream in streams {
            let first: StreamPosition
            if let oldest = try store.oldest(of: stream.id) {
                first = oldest
            } else if let newest = try store.newest(of: stream.id) {
                first = StreamPosition(sequence: newest.sequence + 1, time: newest.time + 1)
            } else {
                continue
            }
            guard first.sequence > 1, query.since ?? .min < first.time, query.until ?? .max > .min else { continue }
            oldest[stream.id] = first.time
            self.streams.append(stream)
        }
    }

    /// A line for people that says so; nil if nothing has expired that is asked for.
    func note(zone: any Zone) -> String? {
        guard let latest = oldest.values.max() else { return nil }
        var clock = ZoneClock(zone: zone)
        let time = clock.text(latest)
        let of = streams.count == 1 ? "of \(TextWidth.harmless(streams[0].name))" : "of \(streams.count) streams"
        return "points \(of) before \(time) have expired (retention.raw) or are in an earlier file; "
            + "for what is left of them, try: --step 5m, or --step 1h"
    }

    /// The roll-ups that stand for them, and from which time on points count that have not expired, by stream.
    ///
    /// - Parameter step: length of the buckets that are to be printed; roll-ups fit into multiples of theirs.
    func parts(step: BucketStep) throws -> (rollups: [RollupPart], from: [Int32: Int64]) {
        // Of single points, roll-ups know nothing.
        guard query.minimumScore == nil, query.minimumHindsight == nil, !query.anomaliesOnly, query.filter == nil,
            query.after.isEmpty, let tier = RollupTier.allCases.last(where: { step.length.isMultiple(of: $0.width) })
        else { return ([], [:]) }
        var rollups: [RollupPart] = []
        var from: [Int32: Int64] = [:]
        let begins = try store.oldestRollups(tier, of: streams)
        for stream in streams {
            guard let begin = begins[stream.id], let time = oldest[stream.id], begin < time else { continue }
            // Of the bucket in which the oldest point lies, some may have expired.
            let end = begin + ((time - begin) / tier.width + 1) * tier.width
            let since = query.since ?? .min
            // Whole buckets only.
            let first = since <= begin ? begin : begin + ((since - begin - 1) / tier.width + 1) * tier.width
            // Unless all of them have, but some that are newer than what has been summed up.
            let isFresh = try store.rolled(of: stream.id).map { $0.time < time } ?? false
            from[stream.id] = isFresh ? time : end
            let last = min(end, query.until.map { $0 < .min + tier.width ? .min : $0 - tier.width + 1 } ?? .max)
            if first < last { rollups.append(RollupPart(stream: stream, tier: tier, times: first..<last)) }
        }
        return (rollups, from)
    }
}
