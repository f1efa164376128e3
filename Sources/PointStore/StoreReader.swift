public import AnomalyDetection
import GRDB

/// Reads a database that a daemon may be writing to, or that lies there without one.
///
/// It never writes and never makes the writer wait. The user needs the right to read the file and no more.
///
/// ```swift
/// let reader = try StoreReader(path: "/var/lib/anomalyd/anomaly.db")
/// var query = PointQuery()
/// query.order = .newestFirst
/// query.limit = 10
/// let points = try reader.points(query)
/// while let point = try points.next() { print(point.time, point.channels[0].value) }
/// ```
///
/// To follow, remember ``PointCursor/positions``, wait until ``dataVersion()`` differs, and ask again with
/// ``PointQuery/after``. Everything throws ``StoreError``.
public final class StoreReader: Sendable {
    /// The file, absolute and without symbolic links.
    public var path: String { connection.path }

    let connection: ReadConnection

    /// - Parameter cache: pages of the file that are kept in memory at most, in KiB.
    /// - throws: A ``StoreError`` with the cause `missing`, `notPermitted`, `foreign`, `newer`, `outdated`, `damaged` or
    ///   the like.
    public init(path: String, cache: Int = 2000) throws {
        connection = try ReadConnection(path: path, cache: cache)
    }

    /// All streams, by id.
    public func streams() throws -> [StreamRecord] {
        try connection.read("read the streams of") { try StreamQueries.streams($0) }
    }

    /// How many streams there are.
    public func streamCount() throws -> Int {
        try connection.read("read the streams of") { try Int.fetchOne($0, sql: "SELECT count(*) FROM stream") ?? 0 }
    }

    /// Those in `ids` that there are, by id.
    public func streams(_ ids: Set<Int32>) throws -> [StreamRecord] {
        try connection.read("read the streams of") { try StreamQueries.streams($0, ids: ids) }
    }

    /// The stream of that name, compared byte by byte; nil if there is none.
    public func stream(named name: String) throws -> StreamRecord? {
        try connection.read("read the streams of") { try StreamQueries.stream($0, named: name) }
    }

    /// Times of a stream's first and newest stored point, in microseconds since 1970; nil if it has none.
    public func bounds(of stream: Int32) throws -> (first: Int64, newest: Int64)? {
        try connection.read("read the streams of") {
            try StreamQueries.bounds($0, ids: [stream], parts: connection.parts).first.map {
                ($0.first.time, $0.newest.time)
            }
        }
    }

    /// Calls `body` with the names that are not before `name`, in the order of their bytes, until it returns false.
    public func forEachStreamName(from name: String, _ body: (String) throws -> Bool) throws {
        try connection.read("read the streams of") { try StreamQueries.forEachName($0, from: name, body) }
    }

    /// One summary for each stream, in the order of the bytes of their names; only of the streams in `ids` if that is
    /// not nil.
    public func streamSummaries(_ ids: Set<Int32>? = nil) throws -> [StreamSummary] {
        var summaries: [StreamSummary] = []
        try forEachStreamSummary(ids) { summaries.append($0) }
        return summaries.sorted { $0.stream.name.utf8.lexicographicallyPrecedes($1.stream.name.utf8) }
    }

    /// Calls `body` with one summary for each stream, by id, of which none is kept: for many streams. It must not use this
    /// reader.
    public func forEachStreamSummary(
        _ ids: Set<Int32>? = nil, _ body: (StreamSummary) throws -> Void
    ) throws {
        try connection.read("read the streams of") {
            try StreamQueries.forEachSummary($0, ids: ids, parts: connection.parts, body)
        }
    }

    /// How far each stream has come; streams without points are absent.
    public func newest() throws -> [Int32: StreamPosition] {
        try connection.read("read the newest points of") {
            try StreamQueries.newest($0, parts: connection.parts)
        }
    }

    /// The points that match, in the order of time.
    public func points(_ query: PointQuery = PointQuery()) throws -> PointCursor {
        try PointCursor(connection: connection, query: query)
    }

    /// The anomalies that match, the one that began last first unless the query says otherwise.
    public func anomalies(_ query: AnomalyQuery = AnomalyQuery()) -> AnomalyCursor {
        AnomalyCursor(connection: connection, query: query)
    }

    /// The anomaly with this number; nil if there is none.
    public func anomaly(_ id: Int64) throws -> StoredAnomaly? {
        try connection.read("read the anomalies of") {
            try AnomalyQueries.anomaly($0, id, parts: connection.parts)
        }
    }

    /// The largest number of an anomaly; 0 if there is none.
    public func largestAnomalyID() throws -> Int64 {
        try connection.read("read the anomalies of") { try AnomalyQueries.largestID($0) }
    }

    /// How far the stream has come, also if its points have expired; nil if it has had none.
    public func newest(of stream: Int32) throws -> StreamPosition? { try connection.position(of: stream) }

    /// The oldest point of the stream that has not expired and was not late; nil if there is none.
    public func oldest(of stream: Int32) throws -> StreamPosition? { try connection.oldestPosition(of: stream) }

    /// The begin of the oldest roll-up of each stream, in microseconds since 1970; streams without any are absent, as are
    /// all in a file of a version that knew of none.
    public func oldestRollups(_ tier: RollupTier, of streams: [StreamRecord]) throws -> [Int32: Int64] {
        guard connection.parts.contains(.rollups) else { return [:] }
        return try connection.read("read the roll-ups of") {
            try RollupQueries.oldest($0, tier, of: streams, parts: connection.parts)
        }
    }

    /// The last point of the stream that is in the roll-ups, but for late ones; nil if there is none.
    public func rolled(of stream: Int32) throws -> StreamPosition? {
        try connection.read("read the roll-ups of") {
            try RollupQueries.newest($0, of: stream, parts: connection.parts)
        }
    }

    /// Whether the roll-ups of the stream lack no older points, as they do for a while in a file of an older version.
    public func hasAllRollups(of stream: Int32) throws -> Bool {
        guard connection.parts.contains(.rollups) else { return false }
        return try connection.read("read the roll-ups of") {
            try Bool.fetchOne($0, sql: "SELECT NOT behind FROM rolled WHERE stream_id = ?", arguments: [stream])
                ?? false
        }
    }

    /// Roll-ups of several streams in the order of time.
    public func rollups(_ parts: [RollupPart], order: TimeOrder = .oldestFirst) -> RollupCursor {
        RollupCursor(connection: connection, parts: parts, order: order)
    }

    /// The newest good checkpoint of a stream; nil if it has none. As ``PointStore/checkpoint(of:before:onDamage:)``.
    public func checkpoint(
        of stream: Int32, before sequence: Int64 = .max, onDamage: (StoreError) -> Void = { _ in }
    ) throws -> CheckpointRecord? {
        try connection.goodCheckpoint(of: stream, before: sequence, onDamage: onDamage)
    }

    /// Calls `body` with each stored point of a stream whose sequence number is above `sequence`, in order. As
    /// ``PointStore/replay(of:after:_:)``.
    public func replay(
        of stream: Int32, after sequence: Int64,
        _ body: (_ sequence: Int64, _ time: Int64, _ values: [Double], _ flags: PointFlags) throws -> Void
    ) throws {
        try connection.eachPoint(of: stream, after: sequence, body)
    }

    /// The points of a stream that wait, in the order of time; none in a file of a version that knew of no waiting.
    public func pending(of stream: Int32) throws -> [PendingPoint] {
        guard connection.parts.contains(.late) else { return [] }
        return try connection.read("read the waiting points of") { try PendingQueries.points($0, of: stream) }
    }

    /// What befell a stream behind its point `sequence` or a later one, in the order of time; nothing in a file of a version
    /// that knew of no events.
    public func events(of stream: Int32, from sequence: Int64 = 0) throws -> [EventRecord] {
        guard connection.parts.contains(.events) else { return [] }
        return try connection.read("read the events of") {
            try EventQueries.events($0, of: stream, from: sequence)
        }
    }

    /// What was said of a stream behind its point `sequence` or a later one, in that order; none of a database of a
    /// version that knew of no feedback.
    public func feedback(of stream: Int32, from sequence: Int64 = 0) throws -> [FeedbackRecord] {
        guard connection.parts.contains(.feedback) else { return [] }
        return try connection.read("read the feedback of") {
            try FeedbackQueries.feedback($0, of: stream, from: sequence, parts: connection.parts)
        }
    }

    /// What was said of anomalies, in the order of time, by the anomaly's number.
    public func feedbackOfAnomalies() throws -> [Int64: [FeedbackRecord]] {
        guard connection.parts.contains(.feedback) else { return [:] }
        let records = try connection.read("read the feedback of") {
            try FeedbackQueries.feedbackOfAnomalies($0, parts: connection.parts)
        }
        return Dictionary(grouping: records) { $0.anomaly ?? 0 }
    }

    /// The snapshots of some streams, or of all, in the order in which they were taken; none of a database of a version that
    /// knew of none.
    public func snapshots(of streams: Set<Int32>? = nil) throws -> [StoredSnapshot] {
        guard connection.parts.contains(.steering) else { return [] }
        return try connection.read("read the snapshots of") { try SnapshotQueries.snapshots($0, of: streams) }
    }

    /// The state in a snapshot of a stream; nil if the stream has no such snapshot.
    ///
    /// - Throws: `StoreError` with the cause `damaged` if its checksum is wrong.
    public func snapshot(_ id: Int64, of stream: Int32) throws -> CheckpointRecord? {
        guard connection.parts.contains(.steering) else { return nil }
        switch try connection.read("read a snapshot of", { try SnapshotQueries.state($0, of: stream, in: id) }) {
        case .found(let record): return record
        case .absent: return nil
        case .damaged:
            throw StoreError(
                operation: "use snapshot \(id) of", path: path, cause: .damaged, detail: "its checksum is wrong")
        }
    }

    /// What people have ordered, by stream; streams for which nothing ever was are absent.
    public func orders() throws -> [Int32: StreamOrders] {
        guard connection.parts.contains(.steering) else { return [:] }
        let said = try connection.read("read the orders in") { try FeedbackQueries.orders($0) }
        return Dictionary(grouping: said, by: \.record.stream).mapValues { StreamOrders($0) }
    }

    /// A number that differs from the one of the last call if another connection has committed in between.
    public func dataVersion() throws -> Int64 {
        try connection.read("look for news in") { try Int64.fetchOne($0, sql: "PRAGMA data_version") ?? 0 }
    }

    /// Whether the database is not the one at its path any more, as when the daemon has set a damaged one aside. Then it
    /// will not change any more, and a new reader sees what came after it.
    public var isReplaced: Bool { connection.isReplaced }

    public func close() throws { try connection.close() }
}
