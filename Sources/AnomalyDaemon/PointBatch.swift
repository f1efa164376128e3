import PointStore

/// Points on their way from one feed to one shard, in the order in which they came.
package struct PointBatch: Sendable {
    package struct Point: Sendable {
        package var stream: Int32
        /// How many of the `values` are this point's.
        var width: Int32
        /// Microseconds since 1970.
        package var time: Int64
        /// True if the client gave no time and `time` is that of arrival, which may be moved to keep the order.
        var isArrival: Bool
        /// The stream's in its shard.
        var place: Int32

        package init(stream: Int32, width: Int32, time: Int64, isArrival: Bool, place: Int32) {
            (self.stream, self.width, self.time, self.isArrival, self.place) = (stream, width, time, isArrival, place)
        }
    }

    private(set) var points: [Point] = []
    private(set) var values: [Double] = []
    /// Steady time at which they were read; `Int64.max` if that is not known.
    var arrived = Int64.max

    package init() {}

    var isEmpty: Bool { points.isEmpty }
    var count: Int { points.count }

    package mutating func append(_ point: Point, values: UnsafeBufferPointer<Double>) {
        points.append(point)
        self.values.append(contentsOf: values)
    }
}

/// What feeds tell shards.
enum ShardMessage: Sendable {
    case points(PointBatch)
    case barrier(SyncBarrier)
    case replaceModel(ModelReplacement)
    case feedback(FeedbackOrder)
    /// There is a new database without any state: checkpoint every stream.
    case checkpointAll
    /// Checkpoint everything, pass all on, and end.
    case stop
}

/// What shards tell the writer, and the control socket.
enum WriterMessage: Sendable {
    case verdicts(VerdictBatch)
    case barrier(SyncBarrier)
    case hindsight(HindsightOrder)
    case vacuum(VacuumOrder)
    /// Memory is short: give back what is only kept to be quick.
    case shrink
    /// What sinks have been told of anomalies.
    case alerts(Commit)
    case shardStopped
}

/// A `!sync` on its way. It follows the points through each shard to the writer; when it has come from all of them,
/// everything before it has arrived.
final class SyncBarrier: @unchecked Sendable {
    // @unchecked: `arrivals` belongs to the writer's thread.
    var arrivals = 0
    /// What it weighs in the queues, in points: without any, a client that only syncs would fill them while the writer
    /// is stuck.
    let weight: Int
    /// Whether it says of the points before it that they are committed.
    let confirmsPoints: Bool
    /// Steady time at which somebody asked.
    let asked = SteadyClock.now
    /// Called on the writer's thread after the commit.
    let whenCommitted: @Sendable () -> Void

    init(weight: Int, confirmsPoints: Bool, whenCommitted: @escaping @Sendable () -> Void) {
        self.weight = weight
        self.confirmsPoints = confirmsPoints
        self.whenCommitted = whenCommitted
    }
}
