/// Points of several batches that are stepped through together, stream by stream and each stream's in the order in which
/// they came: of ten thousand models, whose memory no cache holds, each is brought in once for all of its points.
package struct PointGroup {
    /// Points after which a group is closed when many wait: some for each stream when there are many, and soon done.
    static let most = 32_768
    /// The same when so many wait in all: that their verdicts are told soon counts for more than the cache.
    private static let quick = 1024
    private static let few = 8192

    /// Points after which this one is closed.
    private let most: Int
    private var batches: [PointBatch] = []
    private(set) var count = 0
    /// Steady time at which the first of them were read; `Int64.max` if that is not known.
    private(set) var arrived = Int64.max

    /// A group of its own.
    package init(_ batches: PointBatch...) {
        most = Self.quick
        for batch in batches { add(batch) }
    }

    /// The first of the groups that are made of messages.
    init(of messages: [ShardMessage]) {
        let waiting = messages.reduce(0) { if case .points(let batch) = $1 { $0 + batch.count } else { $0 } }
        most = waiting <= Self.few ? Self.quick : Self.most
    }

    var isFull: Bool { count >= most }

    /// What follows this one.
    var next: PointGroup { PointGroup(most: most) }

    private init(most: Int) { self.most = most }

    mutating func add(_ batch: PointBatch) {
        if batch.isEmpty { return }
        batches.append(batch)
        count += batch.count
        arrived = min(arrived, batch.arrived)
    }

    /// How soon it will be a stream's turn.
    package enum Nearness {
        case coming
        case next
    }

    /// Points before its own at which a stream is said to be coming: about as long as its memory takes to come from afar.
    private static let distance = 3

    /// Calls `body` with each point and its values.
    ///
    /// - Parameters:
    ///   - inRounds: the first point of each stream, then the second one of each, and so on: those of a round can be stepped
    ///     through together where streams share a network.
    ///   - ahead: called with the first of some points of a stream, twice before its turn comes; not with those at the
    ///     beginning.
    package func forEach(
        inRounds: Bool = false, ahead: (PointBatch.Point, Nearness) -> Void = { _, _ in },
        _ body: (PointBatch.Point, UnsafeBufferPointer<Double>) -> Void
    ) {
        // The place of the stream above the number of the point, which keeps the order among equal places.
        var keys: [UInt64] = []
        keys.reserveCapacity(count)
        var values: [Double] = []
        var sources: [(point: PointBatch.Point, value: Int)] = []
        sources.reserveCapacity(count)
        for batch in batches {
            var value = values.count
            values.append(contentsOf: batch.values)
            for point in batch.points {
                keys.append(UInt64(UInt32(bitPattern: point.place)) << 32 | UInt64(sources.count))
                sources.append((point, value))
                value += Int(point.width)
            }
        }
        // A single batch has few points of a stream: nothing would be gained.
        if batches.count > 1 {
            keys.sort()
            if inRounds { arrangeInRounds(&keys) }
        }
        func point(_ index: Int) -> (point: PointBatch.Point, value: Int) { sources[Int(keys[index] & 0xffff_ffff)] }
        func announce(_ index: Int, _ nearness: Nearness) {
            if index < keys.count, keys[index] >> 32 != keys[index - 1] >> 32 { ahead(point(index).point, nearness) }
        }
        values.withUnsafeBufferPointer { values in
            for index in keys.indices {
                announce(index + Self.distance, .coming)
                announce(index + 1, .next)
                let (point, value) = point(index)
                body(point, UnsafeBufferPointer(rebasing: values[value..<(value + Int(point.width))]))
            }
        }
    }

    /// From stream after stream to round after round, by counting.
    ///
    /// - Parameter keys: sorted.
    private func arrangeInRounds(_ keys: inout [UInt64]) {
        var rounds: [Int32] = []
        rounds.reserveCapacity(keys.count)
        var sizes: [Int] = []
        var (place, round) = (UInt64.max, 0)
        for key in keys {
            round = key >> 32 == place ? round + 1 : 0
            place = key >> 32
            if round == sizes.count { sizes.append(0) }
            sizes[round] += 1
            rounds.append(Int32(round))
        }
        var next: [Int] = []
        var begin = 0
        for size in sizes {
            next.append(begin)
            begin += size
        }
        var arranged = keys
        for (key, round) in zip(keys, rounds) {
            arranged[next[Int(round)]] = key
            next[Int(round)] += 1
        }
        keys = arranged
    }
}
