import AnomalyDetection
import PointStore
import Presentation

extension AnomalyDetails {
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

extension AnomalyHeading {
    /// The line that `show` and `explain` both begin with.
    func write(to output: Output, terminal: Terminal) {
        output.write(Style.bold(title, on: terminal))
        if isOpen { output.write(", " + Style.alarm("still open", on: terminal)) }
        output.write("\n")
    }
}
