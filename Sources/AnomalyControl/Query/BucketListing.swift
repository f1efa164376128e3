package import PointStore
package import Presentation

/// The buckets of a query, in the order of their begins and then of the streams' numbers. It keeps one open bucket for
/// each stream.
package struct BucketListing {
    /// Which points go into them; its order is that of the buckets.
    package var query: PointQuery
    package var step: BucketStep
    package var zone: any Zone
    /// Only so many of the newest buckets; nil for all.
    package var newest: Int?

    package init(query: PointQuery, step: BucketStep, zone: any Zone, newest: Int? = nil) {
        self.query = query
        self.step = step
        self.zone = zone
        self.newest = newest
    }

    /// Hands the buckets to `body`; a limit takes the newest ones in either order, and keeps them in memory.
    package func forEach(
        of streams: [StreamRecord], in store: StoreReader, _ body: (Bucket) throws -> Void
    ) throws {
        guard let newest else {
            return try run(query, streams, store) {
                try body($0); return true
            }
        }
        var left = newest
        var kept: [Bucket] = []
        var backwards = query
        backwards.order = .newestFirst
        if left > 0 {
            try run(backwards, streams, store) { bucket in
                kept.append(bucket)
                left -= 1
                return left > 0
            }
        }
        if query.order == .oldestFirst { kept.reverse() }
        for bucket in kept { try body(bucket) }
    }

    /// - Parameter body: returns false to end.
    private func run(
        _ query: PointQuery, _ streams: [StreamRecord], _ store: StoreReader, _ body: (Bucket) throws -> Bool
    ) throws {
        let channels = Dictionary(uniqueKeysWithValues: streams.map { ($0.id, max(1, $0.channels)) })
        let (parts, from) = try ExpiredPoints(of: streams, in: store, asked: query).parts(step: step)
        let rollups = store.rollups(parts, order: query.order)
        var open: [Int32: Bucket] = [:]
        var start: Int64?
        func close() throws -> Bool {
            let isForwards = query.order == .oldestFirst
            for bucket in open.values.sorted(by: { isForwards == ($0.stream < $1.stream) }) {
                if try !body(bucket) { return false }
            }
            open.removeAll(keepingCapacity: true)
            return true
        }
        /// - Returns: false to end.
        func add(_ time: Int64, _ stream: Int32, _ change: (inout Bucket) -> Void) throws -> Bool {
            guard let count = channels[stream] else { return true }
            let begin = step.start(of: time, in: zone)
            if begin != start, try !close() { return false }
            start = begin
            change(&open[stream, default: Bucket(stream: stream, start: begin, channels: count)])
            return true
        }
        let cursor = try store.points(query)
        var (rollup, point) = (try rollups.next(), try cursor.next())
        while rollup != nil || point != nil {
            if let summed = rollup, point.map({ isFirst(summed.start, before: $0.time, query.order) }) ?? true {
                if try !add(summed.start, summed.stream, { $0.add(summed) }) { return }
                rollup = try rollups.next()
            } else if let single = point {
                // Those which are in a roll-up already are not counted twice.
                if single.time >= from[single.stream] ?? .min {
                    if try !add(single.time, single.stream, { $0.add(single) }) { return }
                }
                point = try cursor.next()
            }
        }
        _ = try close()
    }

    private func isFirst(_ start: Int64, before time: Int64, _ order: TimeOrder) -> Bool {
        order == .oldestFirst ? start <= time : start > time
    }
}
