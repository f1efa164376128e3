import AnomalyDetection
package import PointStore

/// Reads pictures of a stream from the store.
package struct PictureReader {
    private let store: StoreReader
    private let zone: any Zone
    private let columns: Int
    private let drawn: Int?
    private let mostPoints: Int64

    /// - Parameters:
    ///   - columns: those in which points are gathered. More than any picture has, so that it can be read before its size
    ///     is known.
    ///   - drawn: columns of the picture as it is drawn, for which roll-ups may stand for points; nil if they may not.
    ///   - mostPoints: points that are read at most where roll-ups are fine enough to stand for them: about a tenth of a
    ///     second's work.
    package init(
        store: StoreReader, zone: any Zone, columns: Int = 4096, drawn: Int? = nil, mostPoints: Int64 = 200_000
    ) {
        self.store = store
        self.zone = zone
        self.columns = columns
        self.drawn = drawn
        self.mostPoints = mostPoints
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
        let points = try range(of: query, newest: newest)
        var sums: PictureSums?
        if newest == nil, let drawn {
            sums = try PictureSums(of: stream, in: store, query, points: points, mostPoints: mostPoints, columns: drawn)
        }
        let summed = try sums.flatMap { try times(of: $0) }
        guard let first = [points?.first, summed?.lowerBound].compactMap(\.self).min(),
            let last = [points?.last, summed?.upperBound].compactMap(\.self).max()
        else { return nil }
        let marks = try marks(of: stream, since: first, until: query.until)
        // What goes on where no point is, such as a silence.
        let latest = min(marks.lazy.map(\.end).max() ?? .min, query.until.map { $0 &- 1 } ?? .max)
        let axis = TimeAxis(first...max(last, latest))
        var panels = channels.map { Picture.Panel(channel: $0, series: PlotSeries(width: columns, axis: axis)) }
        var count: Int64 = 0
        func read(_ times: Range<Int64>) throws {
            query.since = times.lowerBound
            query.until = times.upperBound
            let cursor = try store.points(query)
            while let point = try cursor.next() {
                count += 1
                if count.isMultiple(of: 1 << 16) { try report(axis.position(point.time)) }
                for place in panels.indices where panels[place].channel < point.channels.count {
                    panels[place].series.add(
                        point.channels[panels[place].channel], at: point.time, isFlagged: point.isAnomaly,
                        isLate: point.flags.contains(.late))
                }
            }
        }
        if let sums {
            if let points, points.first < sums.part.times.lowerBound {
                try read(points.first..<sums.part.times.lowerBound)
            }
            count += try add(sums, to: &panels) { try report(axis.position($0)) }
        }
        if let points {
            let from = sums.map { max(points.first, $0.from) } ?? points.first
            if from <= points.last { try read(from..<points.last &+ 1) }
        }
        for place in panels.indices { panels[place].series.finish() }
        var picture = Picture(
            stream: stream, points: count, time: axis, zone: zone, panels: panels, marks: marks)
        if let summed, let sums { picture.summed = (summed, sums.part.tier.width) }
        return picture
    }

    /// Adds roll-ups; returns how many points they stand for.
    private func add(
        _ sums: PictureSums, to panels: inout [Picture.Panel], _ report: (_ time: Int64) throws -> Void
    ) throws -> Int64 {
        let rollups = store.rollups([sums.part])
        var (read, points): (Int64, Int64) = (0, 0)
        while let rollup = try rollups.next() {
            let time = sums.time(of: rollup)
            read += 1
            if read.isMultiple(of: 1 << 12) { try report(time) }
            points += rollup.channels.first.map { $0.count + $0.missing } ?? 0
            for place in panels.indices where panels[place].channel < rollup.channels.count {
                panels[place].series.add(
                    rollup.channels[panels[place].channel], at: time, over: sums.part.tier.width)
            }
        }
        return points
    }

    /// Times at which the first and the last roll-up stand; nil if there is none.
    private func times(of sums: PictureSums) throws -> ClosedRange<Int64>? {
        guard let first = try store.rollups([sums.part]).next(),
            let last = try store.rollups([sums.part], order: .newestFirst).next()
        else { return nil }
        return sums.time(of: first)...max(sums.time(of: first), sums.time(of: last))
    }

    /// The first and the last point of a query.
    private func range(of query: PointQuery, newest: Int?) throws -> PointRange? {
        var backwards = query
        backwards.order = .newestFirst
        backwards.limit = newest ?? 1
        let cursor = try store.points(backwards)
        guard let last = try cursor.next() else { return nil }
        var (first, count) = (last.time, Int64(1))
        if newest != nil {
            while let point = try cursor.next() {
                first = point.time
                count += 1
            }
            return PointRange(first: min(first, last.time), last: last.time, count: count)
        }
        var forwards = query
        forwards.limit = Self.mostLate
        let from = try store.points(forwards)
        var range = PointRange(first: last.time, last: last.time, count: nil)
        while let point = try from.next() {
            range.first = min(range.first, point.time)
            // One that came late has no number.
            if point.sequence > 0 {
                if last.sequence > 0 { range.count = last.sequence - point.sequence + 1 }
                break
            }
        }
        return range
    }

    /// Late points behind which the first one in time is looked for.
    private static let mostLate = 16

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
