import AnomalyDetection
import PointStore
import RecurrentModel

/// What is known of a stream beyond its newest point, and takes longer to find out: how fast it sends, what it costs,
/// and how its model learns.
struct StreamVitals {
    /// Points that the rate is taken from.
    private static let recentPoints = 33

    /// How the training goes, the worst last.
    enum Training: String {
        case unknown, healthy, frozen, vanishing, exploding

        var severity: Int {
            switch self {
            case .unknown: 0
            case .healthy: 1
            case .frozen: 2
            case .vanishing: 3
            case .exploding: 4
            }
        }
    }

    /// Points a second, by their own times; NaN for a stream of fewer than two points.
    var rate: Double
    /// Bytes while it is awake, as of the newest checkpoint; nil if that is not there or can't be read.
    var memory: Int?
    var training: Training?

    /// - Parameter groups: the stored networks that streams share.
    /// - Throws: `StoreError`.
    init(_ summary: StreamSummary, in store: StoreReader, groups: NetworkGroups) throws {
        var query = PointQuery()
        query.streams = [summary.stream.id]
        query.order = .newestFirst
        query.limit = Self.recentPoints
        let cursor = try store.points(query)
        var (count, newest, oldest) = (0.0, Int64(0), Int64(0))
        while let point = try cursor.next() {
            if count == 0 { newest = point.time }
            oldest = point.time
            count += 1
        }
        rate = newest > oldest ? (count - 1) / (Double(newest - oldest) / 1e6) : .nan
        let health = try ModelHealth(summary, silent: nil, in: store, groups: groups)
        memory = health.training?.memory
        training = health.training.map { training in
            health.isFrozen ? .frozen : Training(rawValue: training.gradients) ?? .unknown
        }
    }

    static let columns = [
        Column("rate", "RATE", .number, rank: 3),
        Column("memory", "MEMORY", .integer, textWidth: 9, rank: 4),
        Column("training", "TRAINING", .text, textWidth: 9),
    ]

    /// One for each of the columns.
    var fields: [Field] {
        [
            .number(rate), memory.map { .integer(Int64($0)) } ?? .none, training.map { .text($0.rawValue) } ?? .none,
        ]
    }
}
