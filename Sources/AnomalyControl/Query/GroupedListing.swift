import PointStore

/// All points of a query for a format that wants one field of one stream after the other. The points are read once for
/// each field and channel, so that none is kept.
struct GroupedListing {
    let query: PointQuery
    let streams: [StreamRecord]

    /// - Returns: how far each stream had come when the reading began.
    func print(_ fields: [Int], in store: StoreReader, printer: inout PointPrinter) throws -> [Int32: StreamPosition] {
        let positions = try store.points(query).positions
        for field in fields {
            for stream in streams {
                guard let position = positions[stream.id] else { continue }
                var query = query
                query.order = .oldestFirst
                query.streams = [stream.id]
                // Each time the same points, though more may have come.
                query.until = min(query.until ?? .max, position.time < .max ? position.time + 1 : position.time)
                for channel in 0..<max(1, stream.channels) {
                    let cursor = try store.points(query)
                    while let point = try cursor.next() {
                        guard channel < point.channels.count else { continue }
                        try printer.print(point, field: field, channel: channel)
                    }
                }
            }
        }
        return positions
    }
}
