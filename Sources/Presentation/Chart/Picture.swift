package import PointStore

/// A stretch of a stream as a picture, before anybody has decided how to draw it.
package struct Picture: Sendable {
    package var stream: StreamRecord
    /// Points in it.
    package var points: Int64
    package var time: TimeAxis
    /// Whose wall clock the times are told by.
    package var zone: any Zone
    /// One for each channel that is shown, from the top down.
    package var panels: [Panel]
    /// In the order of their starts.
    package var marks: [AnomalyMark]
    /// Where points were summed up before, and over how long, in microseconds; nil if nowhere.
    package var summed: (times: ClosedRange<Int64>, width: Int64)?

    package init(
        stream: StreamRecord, points: Int64, time: TimeAxis, zone: any Zone, panels: [Panel], marks: [AnomalyMark]
    ) {
        self.stream = stream
        self.points = points
        self.time = time
        self.zone = zone
        self.panels = panels
        self.marks = marks
    }

    /// One channel.
    package struct Panel: Sendable {
        package var channel: Int
        package var series: PlotSeries

        package init(channel: Int, series: PlotSeries) {
            self.channel = channel
            self.series = series
        }

        /// What is to be seen: all values, and of what was expected as much as leaves the values most of the room. Nil if
        /// there is no number at all.
        package var range: ClosedRange<Double>? {
            let values = valueRange
            let expected = Self.range(
                of: series.columns.lazy.flatMap { [$0.prediction, $0.lower, $0.upper].lazy.compactMap(\.self) })
            guard let values else { return expected }
            guard let expected else { return values }
            let length = values.upperBound / 2 - values.lowerBound / 2
            // A quarter of the axis at each end; of a line that stands still as much as is of its own magnitude.
            let most = length > 0 ? length : max(1, abs(values.lowerBound) * 2)
            return min(
                values.lowerBound, max(expected.lowerBound, values.lowerBound - most))...max(
                    values.upperBound, min(expected.upperBound, values.upperBound + most))
        }

        /// From the lowest to the highest value; nil without any.
        package var valueRange: ClosedRange<Double>? { Self.range(of: series.columns.lazy.compactMap(\.value)) }

        private static func range(of envelopes: some Sequence<Envelope>) -> ClosedRange<Double>? {
            var range: ClosedRange<Double>?
            for envelope in envelopes {
                let next = envelope.minimum...envelope.maximum
                range = range.map { min($0.lowerBound, next.lowerBound)...max($0.upperBound, next.upperBound) } ?? next
            }
            return range
        }
    }
}
