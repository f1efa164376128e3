package import AnomalyDetection
package import PointStore

/// One channel's points as columns of a picture, from left to right; columns without points are absent.
package struct PlotSeries: Sendable, Equatable {
    package private(set) var columns: [PlotColumn] = []
    /// Columns of the picture.
    package let width: Int
    /// The longest pause, in microseconds, over which a line is drawn.
    package private(set) var longestJoin = Int64.max - 1
    private let axis: TimeAxis
    private var value = Line()
    private var prediction = Line()
    private var band = Line()
    private var points: Int64 = 0
    /// The longest time that was summed up, in microseconds.
    private var longestSum: Int64 = 0

    /// What is known of a line behind its last number.
    private struct Line: Sendable, Equatable {
        var time: Int64?
        mutating func pause(before time: Int64) -> Int64 {
            defer { self.time = time }
            return self.time.map { time &- $0 } ?? .max
        }
    }

    /// A line is interrupted where nothing came for so many times the mean time between two points.
    private static let joinedPauses = 8.0

    package init(width: Int, axis: TimeAxis) {
        self.width = width
        self.axis = axis
    }

    /// Adds a point. Points come in the order of time, and within the time of the axis.
    ///
    /// - Parameter isLate: whether the detector knows nothing of it, so that nothing was predicted and nothing is missing.
    package mutating func add(_ verdict: ChannelVerdict, at time: Int64, isFlagged: Bool, isLate: Bool) {
        points += 1
        let place = column(at: time)
        if isFlagged { columns[place].isFlagged = true }
        Self.add(verdict.value, at: time, line: &value, to: &columns[place].value)
        if isLate { return }
        Self.add(verdict.prediction, at: time, line: &prediction, to: &columns[place].prediction)
        // Half a band is none.
        let isBand = verdict.lower.isFinite && verdict.upper.isFinite
        var lower = band
        Self.add(isBand ? verdict.lower : .nan, at: time, line: &lower, to: &columns[place].lower)
        Self.add(isBand ? verdict.upper : .nan, at: time, line: &band, to: &columns[place].upper)
    }

    /// Adds points that were summed up. Of what was expected, nothing is known.
    ///
    /// - Parameters:
    ///   - time: a time among theirs.
    ///   - length: over how long, in microseconds.
    package mutating func add(_ sum: StoredRollup.Channel, at time: Int64, over length: Int64) {
        points += sum.count + sum.missing
        longestSum = max(longestSum, length)
        let place = column(at: time)
        if sum.anomalies > 0 { columns[place].isFlagged = true }
        (prediction.time, band.time) = (nil, nil)
        // Which came first is not known.
        for number in sum.count > 0 ? [sum.mean, sum.minimum, sum.maximum, sum.mean] : [.nan] {
            Self.add(number, at: time, line: &value, to: &columns[place].value)
        }
    }

    /// The place in `columns` of the one for a time, which is not before that of the last one.
    private mutating func column(at time: Int64) -> Int {
        let index = axis.column(of: time, of: width)
        if columns.last?.index != index { columns.append(PlotColumn(index: index, time: time)) }
        return columns.count - 1
    }

    private static func add(_ number: Double, at time: Int64, line: inout Line, to envelope: inout Envelope?) {
        guard number.isFinite else {
            line.time = nil
            return
        }
        let pause = line.pause(before: time)
        if envelope == nil { envelope = Envelope(number, pause: pause) } else { envelope?.add(number) }
    }

    /// To be called after the last point.
    package mutating func finish() {
        guard points > 1 else { return }
        let mean = (Double(axis.end) - Double(axis.start)) / Double(points - 1)
        longestJoin = Int64(exactly: (mean * Self.joinedPauses).rounded(.up)) ?? longestJoin
        // From the middle of a sum to that of the next one.
        longestJoin = max(longestJoin, 2 * longestSum)
    }

    /// Whether a line leads to the envelope from the one before it.
    package func joins(_ envelope: Envelope) -> Bool { envelope.pause <= longestJoin }

    /// The same in a picture with fewer columns.
    ///
    /// - Parameter details: places in `columns` of which none is merged with another one.
    package func merged(into width: Int, except details: Set<Int> = []) -> PlotSeries {
        var merged = PlotSeries(width: width, axis: axis)
        merged.longestJoin = longestJoin
        for (place, column) in columns.enumerated() {
            var moved = column
            moved.index = axis.column(of: column.time, of: width)
            let isDetail = details.contains(place) || details.contains(place - 1)
            if !isDetail, merged.columns.last?.index == moved.index {
                merged.columns[merged.columns.count - 1].add(moved)
            } else {
                merged.columns.append(moved)
            }
        }
        return merged
    }

    /// The lines of one kind: runs of columns between which nothing is missing.
    package func runs(_ line: (PlotColumn) -> Envelope?) -> [[(column: PlotColumn, envelope: Envelope)]] {
        var runs: [[(column: PlotColumn, envelope: Envelope)]] = []
        for column in columns {
            guard let envelope = line(column) else { continue }
            if runs.isEmpty || !joins(envelope) { runs.append([]) }
            runs[runs.count - 1].append((column, envelope))
        }
        return runs
    }
}
