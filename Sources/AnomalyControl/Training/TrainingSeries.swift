import AnomalyDetection
package import PointStore

/// The values of one stream, in the order of time.
package struct TrainingSeries: Sendable, Equatable {
    /// The file or the stream, for messages.
    package let name: String
    package let channels: Int
    /// (channels, rows); NaN where missing.
    package private(set) var values: [Double] = []
    /// Of each row, in microseconds since 1970; rising.
    package private(set) var times: [Int64] = []
    /// Rows left out because their time was not after that of the newest row before them, as the daemon does.
    package private(set) var dropped = 0
    private var newest = Int64.min

    package var rows: Int { values.count / channels }

    package init(name: String, channels: Int) {
        self.name = name
        self.channels = channels
    }

    /// Takes the next row. time: microseconds since 1970.
    package mutating func append(time: Int64, values row: some Sequence<Double>) {
        guard time > newest else {
            dropped += 1
            return
        }
        newest = time
        times.append(time)
        values.append(contentsOf: row)
    }
}

extension TrainingSeries {
    /// A whole file; its labels are left alone.
    package init(_ file: SeriesFile) {
        self.init(name: file.path, channels: file.channels)
        values.reserveCapacity(file.values.count)
        for row in 0..<file.rows {
            append(time: file.times[row], values: file.values[(row * channels)..<((row + 1) * channels)])
        }
    }

    /// The streams of a store. Values in ranges of time that were excluded are missing.
    ///
    /// - Parameters:
    ///   - since: first time, inclusive, in microseconds since 1970.
    ///   - until: last time, inclusive.
    /// - Throws: `Failure` if a pattern matches no stream, `StoreError`.
    package static func read(
        _ selection: StreamSelection, from store: StoreReader, since: Int64?, until: Int64?
    ) throws -> [TrainingSeries] {
        let orders = try store.orders()
        return try selection.streamsOrFailure(in: store.streams()).map { stream in
            let exclusions = orders[stream.id]?.standing.exclusions ?? []
            var series = TrainingSeries(name: stream.name, channels: stream.channels)
            var query = PointQuery()
            query.streams = [stream.id]
            query.since = since
            // Inclusive for people, exclusive for the store.
            query.until = until.map { $0 < .max ? $0 + 1 : $0 }
            let points = try store.points(query)
            while let point = try points.next() {
                let isExcluded = exclusions.contains { $0.contains(point.time) }
                series.append(time: point.time, values: point.channels.lazy.map { isExcluded ? .nan : $0.value })
            }
            return series
        }
    }
}
