import AnomalyControl
import AnomalyDetection
import Presentation
import Testing

/// From points to columns.
@Suite struct PlotSeriesTests {
    private func series(_ values: [Double], width: Int, step: Int64 = 60) -> PlotSeries {
        let axis = TimeAxis(0...max(1, Int64(values.count - 1) * step))
        var series = PlotSeries(width: width, axis: axis)
        for (index, value) in values.enumerated() {
            series.add(
                ChannelVerdict(value: value, prediction: value, lower: value - 1, upper: value + 1, residual: 0),
                at: Int64(index) * step, isFlagged: false, isLate: false)
        }
        series.finish()
        return series
    }

    /// A spike in one of many points is in its column, in whatever width.
    @Test(arguments: [1, 7, 80, 501]) func noSpikeIsLost(width: Int) {
        var values = (0..<100_000).map { Double($0 % 10) }
        values[77_777] = 1000
        values[33_333] = -1000
        for series in [series(values, width: width), series(values, width: 4096).merged(into: width)] {
            #expect(series.columns.count == width)
            #expect(series.columns.contains { $0.value?.maximum == 1000 })
            #expect(series.columns.contains { $0.value?.minimum == -1000 })
            #expect(series.runs(\.value).count == 1)
        }
    }

    /// Merging the columns of a wide picture gives what a narrow one would have had, but for points near the edges.
    @Test func mergingIsTheSameAsReadingAgain() {
        let values = (0..<5000).map { Double(($0 * 7919) % 1000) }
        #expect(series(values, width: 4096).merged(into: 512).columns == series(values, width: 512).columns)
        #expect(series(values, width: 300).merged(into: 300).columns == series(values, width: 300).columns)
    }

    @Test func missingValuesAreGaps() {
        let series = series([1, 2, .nan, 4, 5, .nan], width: 100)
        #expect(series.runs(\.value).map { $0.map(\.envelope.first) } == [[1, 2], [4, 5]])
        #expect(series.runs(\.lower).map { $0.map(\.envelope.first) } == [[0, 1], [3, 4]])
    }

    /// A stream that comes each minute and stays away for an hour has a gap; one that is irregular has none.
    @Test func longPausesAreGaps() {
        let axis = TimeAxis(0...7200)
        var series = PlotSeries(width: 500, axis: axis)
        let verdict = ChannelVerdict(value: 1, prediction: 1, lower: 0, upper: 2, residual: 0)
        for time in stride(from: 0 as Int64, through: 7200, by: 60) where !(2000..<5000).contains(time) {
            series.add(verdict, at: time, isFlagged: false, isLate: false)
        }
        series.finish()
        #expect(series.runs(\.value).count == 2)
        var irregular = PlotSeries(width: 500, axis: axis)
        for time in [0, 100, 110, 500, 1200, 1300, 4000, 7000, 7200] as [Int64] {
            irregular.add(verdict, at: time, isFlagged: false, isLate: false)
        }
        irregular.finish()
        #expect(irregular.runs(\.value).count == 1)
    }

    /// Of a late point nothing was predicted, and what was is not interrupted by it.
    @Test func latePointsAreValuesOnly() {
        let axis = TimeAxis(0...400)
        var series = PlotSeries(width: 401, axis: axis)
        for time in stride(from: 0 as Int64, through: 400, by: 100) {
            let isLate = time == 200
            series.add(
                ChannelVerdict(
                    value: isLate ? 9 : 1, prediction: isLate ? .nan : 1, lower: isLate ? .nan : 0,
                    upper: isLate ? .nan : 2, residual: 0), at: time, isFlagged: false, isLate: isLate)
        }
        series.finish()
        #expect(series.runs(\.value).map { $0.map(\.envelope.first) } == [[1, 1, 9, 1, 1]])
        #expect(series.runs(\.prediction).map(\.count) == [4])
        #expect(series.runs(\.upper).map(\.count) == [4])
    }

    @Test func flaggedColumns() {
        let axis = TimeAxis(0...10)
        var series = PlotSeries(width: 11, axis: axis)
        let verdict = ChannelVerdict(value: 1, prediction: 1, lower: 0, upper: 2, residual: 0)
        for time in 0...10 as ClosedRange<Int64> {
            series.add(verdict, at: time, isFlagged: time == 4, isLate: false)
        }
        series.finish()
        #expect(series.columns.filter(\.isFlagged).map(\.index) == [4])
        #expect(series.merged(into: 2).columns.map(\.isFlagged) == [true, false])
    }
}
