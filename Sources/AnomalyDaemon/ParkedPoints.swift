/// Points of a shard whose streams can't be restored yet, and the barriers that came behind them. They are only in
/// memory, so what is behind them must not be confirmed. Belongs to the shard's thread.
struct ParkedPoints {
    private(set) var count = 0
    private var batches: [Int32: PointBatch] = [:]
    private var barriers: [SyncBarrier] = []

    var isEmpty: Bool { count == 0 }
    /// The ids of those that wait.
    var streams: [Int32] { batches.keys.sorted() }

    mutating func append(_ point: PointBatch.Point, values: UnsafeBufferPointer<Double>) {
        batches[point.stream, default: PointBatch()].append(point, values: values)
        count += 1
    }

    /// Takes a stream's points, in the order in which they came; nil if it has none here.
    mutating func take(_ stream: Int32) -> PointBatch? {
        guard let batch = batches.removeValue(forKey: stream) else { return nil }
        count -= batch.count
        return batch
    }

    mutating func hold(_ barrier: SyncBarrier) { barriers.append(barrier) }

    /// Takes the barriers that may go on, which is all once no point is left.
    mutating func takeBarriers() -> [SyncBarrier] {
        if !isEmpty { return [] }
        defer { barriers = [] }
        return barriers
    }
}
