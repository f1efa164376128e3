import AnomalyDetection
import PointStore

/// An anomaly with its stream and what else is stored of it.
struct AnomalyDetails {
    let stored: StoredAnomaly
    let stream: StreamRecord
    /// From when on the stream had been silent for so long that this is an anomaly by itself, or part of this one.
    let silence: Int64?
    /// What was said of it, in the order of time.
    let feedback: [FeedbackRecord]
    /// What was ordered for its stream; nil if nothing ever was.
    let orders: StreamOrders?

    /// - Throws: `Failure` if there is no such anomaly, `StoreError`.
    init(id: Int64, in store: StoreReader, of streams: [StreamRecord]) throws {
        guard let stored = try store.anomaly(id) else {
            throw Failure(
                .unknownStream, "there is no anomaly \(id)", hint: "to see the numbers, try: anomalyctl anomalies")
        }
        try self.init(stored, in: store, of: streams)
    }

    /// - Parameter name: an anomaly's number; or a stream, for its newest anomaly.
    /// - Throws: `Failure` if there is no such anomaly, `StoreError`.
    init(named name: String, in store: StoreReader, of streams: [StreamRecord]) throws {
        let stream = streams.first { $0.name.utf8.elementsEqual(name.utf8) }
        // A stream may be called 17. Then the anomaly of that number comes first.
        if let id = Int64(name), try stream == nil || store.anomaly(id) != nil {
            try self.init(id: id, in: store, of: streams)
            return
        }
        guard let stream else {
            throw streams.unknown(name, "to see the numbers of anomalies, and their streams, try: anomalyctl anomalies")
        }
        var query = AnomalyQuery()
        query.streams = [stream.id]
        query.limit = 1
        guard let newest = try store.anomalies(query).next() else {
            throw Failure(
                .unknownStream, "the stream \"\(name)\" has no anomaly",
                hint: "to see those of others, try: anomalyctl anomalies")
        }
        try self.init(newest, in: store, of: streams)
    }

    private init(_ stored: StoredAnomaly, in store: StoreReader, of streams: [StreamRecord]) throws {
        guard let stream = try (streams + store.streams()).first(where: { $0.id == stored.stream }) else {
            throw Failure(
                .damagedDatabase, "the stream of anomaly \(stored.id) is not stored",
                hint: "to see what else is wrong, try: anomalyctl db verify")
        }
        self.stored = stored
        self.stream = stream
        let anomaly = stored.anomaly
        // Events stand behind the point before them.
        silence = try store.events(of: stream.id, from: anomaly.startSequence &- 1)
            .first { $0.kind == .silence && anomaly.start <= $0.time && $0.time <= anomaly.end }?.time
        orders = try store.orders()[stream.id]
        feedback = try store.feedback(of: stream.id, from: anomaly.startSequence).filter { $0.anomaly == stored.id }
    }

    /// All points from its start to its end, and so many before and after.
    func points(context: Int, in store: StoreReader) throws -> PointListing {
        var before = PointQuery()
        before.streams = [stream.id]
        before.limit = context
        var after = before
        before.order = .newestFirst
        before.until = stored.anomaly.start
        after.since = stored.anomaly.end &+ 1

        var query = PointQuery()
        query.streams = [stream.id]
        query.since = try Self.times(store.points(before)).last ?? stored.anomaly.start
        query.until = (try Self.times(store.points(after)).last ?? stored.anomaly.end) &+ 1
        return PointListing(query: query)
    }

    private static func times(_ cursor: PointCursor) throws -> [Int64] {
        var times: [Int64] = []
        while let point = try cursor.next() { times.append(point.time) }
        return times
    }
}
