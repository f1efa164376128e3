/// Which roll-ups are read of one stream.
public struct RollupPart: Sendable {
    public var stream: StreamRecord
    public var tier: RollupTier
    /// Begins of the buckets, in microseconds since 1970.
    public var times: Range<Int64>

    public init(stream: StreamRecord, tier: RollupTier, times: Range<Int64>) {
        (self.stream, self.tier, self.times) = (stream, tier, times)
    }
}

/// Hands out roll-ups one by one, in the order of time over all streams, as ``PointCursor`` does points. No transaction is
/// open between two pages.
public final class RollupCursor {
    /// Buckets in a page of one part, and in those of all parts together.
    private static let pageBuckets = 500
    private static let totalBuckets = 100_000

    private struct Source {
        var part: RollupPart
        var page: [StoredRollup] = []
        var place = 0
    }

    private let connection: ReadConnection
    private let order: TimeOrder
    private let buckets: Int
    private var sources: [Source]
    private var heap = MergeHeap()

    init(connection: ReadConnection, parts: [RollupPart], order: TimeOrder) {
        self.connection = connection
        self.order = order
        sources = parts.filter { !$0.times.isEmpty }.map { Source(part: $0) }
        buckets = max(16, min(Self.pageBuckets, Self.totalBuckets / max(1, sources.count)))
        for (index, source) in sources.enumerated() {
            let times = source.part.times
            insert(index, at: order == .oldestFirst ? times.lowerBound : times.upperBound - 1)
        }
    }

    /// The next one, or nil after the last.
    public func next() throws -> StoredRollup? {
        while let top = heap.first {
            let index = top.source
            if sources[index].place < sources[index].page.count {
                let rollup = sources[index].page[sources[index].place]
                // It was not after this one when it came on top; a page is read only then.
                if time(rollup.start) == top.time {
                    sources[index].place += 1
                    try advance(index)
                    return rollup
                }
            }
            try advance(index)
        }
        return nil
    }

    /// Puts the part on top where its next bucket belongs; reads that if need be.
    private func advance(_ index: Int) throws {
        if sources[index].place >= sources[index].page.count {
            if let last = sources[index].page.last {
                let times = sources[index].part.times
                sources[index].part.times =
                    order == .oldestFirst
                    ? min(last.start + 1, times.upperBound)..<times.upperBound
                    : times.lowerBound..<max(last.start, times.lowerBound)
            }
            let part = sources[index].part
            sources[index].page =
                part.times.isEmpty
                ? []
                : try connection.read("read the roll-ups of") {
                    try RollupQueries.page(
                        $0, part, order: order, most: buckets, parts: connection.parts)
                }
            sources[index].place = 0
        }
        guard sources[index].place < sources[index].page.count else { return heap.removeFirst() }
        heap.replaceFirst(with: entry(index, at: sources[index].page[sources[index].place].start))
    }

    private func insert(_ index: Int, at start: Int64) { heap.insert(entry(index, at: start)) }

    private func entry(_ index: Int, at start: Int64) -> MergeHeap.Entry {
        let stream = sources[index].part.stream.id
        return MergeHeap.Entry(
            time: time(start), stream: order == .oldestFirst ? stream : -stream, source: index)
    }

    /// The heap has the smallest on top.
    private func time(_ start: Int64) -> Int64 { order == .oldestFirst ? start : -start }
}
