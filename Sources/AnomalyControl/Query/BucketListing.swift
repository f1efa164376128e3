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
        let cursor = try store.points(query)
        while let point = try cursor.next() {
            guard let count = channels[point.stream] else { continue }
            let begin = step.start(of: point.time, in: zone)
            if begin != start, try !close() { return }
            start = begin
            open[point.stream, default: Bucket(stream: point.stream, start: begin, channels: count)].add(point)
        }
        _ = try close()
    }
}
