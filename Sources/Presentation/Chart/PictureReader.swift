import AnomalyDetection
package import PointStore

/// Reads pictures of a stream from the store.
package struct PictureReader {
    private let store: StoreReader
    private let zone: any Zone
    private let columns: Int

    /// - Parameter columns: those in which points are gathered. More than any picture has, so that it can be read before
    ///   its size is known.
    package init(store: StoreReader, zone: any Zone, columns: Int = 4096) {
        self.store = store
        self.zone = zone
        self.columns = columns
    }

    /// A picture of the points of one stream, and of the anomalies that touch their time.
    ///
    /// - Parameters:
    ///   - query: its range of time; all else is decided here.
    ///   - newest: only so many of the newest points; nil for all.
    ///   - channels: those to show, from the top down.
    ///   - report: told which share of it, 0 to 1, has been read; what it throws ends the reading.
    /// - Returns: nil if there is no point.
    /// - Throws: `StoreError`.
    package func picture(
        of stream: StreamRecord, _ query: PointQuery, newest: Int?, channels: [Int],
        _ report: (_ share: Double) throws -> Void = { _ in }
    ) throws -> Picture? {
        var query = query
        query.streams = [stream.id]
        guard let points = try range(of: query, newest: newest) else { return nil }
        let marks = try marks(of: stream, since: points.lowerBound, until: query.until)
        // What goes on where no point is, such as a silence.
        let latest = min(marks.lazy.map(\.end).max() ?? .min, query.until.map { $0 &- 1 } ?? .max)
        let axis = TimeAxis(points.lowerBound...max(points.upperBound, latest))
        query.since = points.lowerBound
        query.until = points.upperBound &+ 1
        var series = channels.map { _ in PlotSeries(width: columns, axis: axis) }
        var count: Int64 = 0
        let cursor = try store.points(query)
        while let point = try cursor.next() {
            count += 1
            if count.isMultiple(of: 1 << 16) { try report(axis.position(point.time)) }
            for (place, channel) in channels.enumerated() where channel < point.channels.count {
                series[place].add(
                    point.channels[channel], at: point.time, isFlagged: point.isAnomaly,
                    isLate: point.flags.contains(.late))
            }
        }
        for place in series.indices { series[place].finish() }
        return Picture(
            stream: stream, points: count, time: axis, zone: zone,
            panels: zip(channels, series).map { Picture.Panel(channel: $0, series: $1) }, marks: marks)
    }

    /// Times of the first and the last point of a query.
    private func range(of query: PointQuery, newest: Int?) throws -> ClosedRange<Int64>? {
        var backwards = query
        backwards.order = .newestFirst
        backwards.limit = newest ?? 1
        let cursor = try store.points(backwards)
        guard let last = try cursor.next()?.time else { return nil }
        var first = last
        if newest != nil {
            while let point = try cursor.next() { first = point.time }
        } else {
            var forwards = query
            forwards.limit = 1
            first = try store.points(forwards).next()?.time ?? last
        }
        return min(first, last)...last
    }

    private func marks(of stream: StreamRecord, since: Int64, until: Int64?) throws -> [AnomalyMark] {
        var query = AnomalyQuery()
        query.streams = [stream.id]
        query.since = since
        query.until = until
        query.isAscending = true
        let said = try store.feedbackOfAnomalies()
        return try store.anomalies(query).rest().map { AnomalyMark($0, said: said[$0.id]?.verdict) }
    }
}
