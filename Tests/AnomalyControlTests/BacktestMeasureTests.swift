import AnomalyConfiguration
import AnomalyControl
import AnomalyDetection
import Foundation
import RecurrentModel
import Testing

/// The arithmetic of the table, against numbers worked out by hand.
@Suite struct BacktestMeasureTests {
    private func tally(_ rows: [(value: Double, prediction: Double, lower: Double, upper: Double)]) -> ForecastTally {
        var tally = ForecastTally()
        for row in rows {
            tally.add(
                ChannelVerdict(
                    value: row.value, prediction: row.prediction, lower: row.lower, upper: row.upper,
                    residual: row.value - row.prediction))
        }
        return tally
    }

    @Test func scaledErrorAndCoverage() throws {
        // Errors 1, 1, 2: mean 4/3. Changes 2, 1, 4: mean 7/3.
        let tally = tally([(1, .nan, .nan, .nan), (3, 2, 1, 3), (2, 3, 2.5, 4), (6, 4, 0, 6)])
        #expect(abs(try #require(tally.scaledError) - 4.0 / 7) < 1e-15)
        // 3 and 6 lie on the band's ends and so in it, 2 lies below.
        #expect(tally.coverage == (2, 3))
        // One season before: differences 1 and 3, mean 2.
        #expect(abs(try #require(tally.scaledSeasonalError(of: [1, 3, 2, 6], season: 2)) - 6.0 / 7) < 1e-15)
        #expect(tally.scaledSeasonalError(of: [1, 3, 2, 6], season: 1) == 1)
        #expect(tally.scaledSeasonalError(of: [1, 3, 2, 6], season: 4) == nil)
    }

    @Test func missingValuesCountForNothing() throws {
        // Errors 2 and 0.5; one change with a value on both sides, 2.
        let tally = tally([(1, .nan, .nan, .nan), (.nan, 5, 4, 6), (2, 4, 3, 5), (4, 3.5, 3, 4), (.nan, 1, 0, 2)])
        #expect(tally.scaledError == 1.25 / 2)
        #expect(tally.coverage == (1, 2))
        #expect(tally.scaledSeasonalError(of: [1, .nan, 2, 4, .nan], season: 2) == 1 / 2.0)
    }

    @Test func withoutAnyChangeThereIsNoScale() {
        #expect(tally([(5, .nan, .nan, .nan), (5, 4, 3, 5), (5, 5, 4, 6)]).scaledError == nil)
        #expect(ForecastTally().scaledError == nil)
        #expect(tally([(1, 2, 0, 3)]).scaledError == nil)
        // Differences that overflow are no number to print.
        #expect(tally([(1.7e308, -1.7e308, 0, 1), (-1.7e308, 1.7e308, 0, 1)]).scaledError == nil)
    }

    /// Values in [−1, 1) that look random and are the same everywhere.
    static func noise(_ count: Int, seed: UInt64 = 1) -> [Double] {
        var state = seed
        return (0..<count).map { _ in
            state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            return Double(Int64(bitPattern: state) >> 11) / 0x1p52
        }
    }

    @Test(arguments: [(7, 60), (24, 500), (288, 4000), (2016, 8000)])
    func findsTheSeason(season: Int, rows: Int) {
        let noise = Self.noise(rows)
        let values = (0..<rows).map { 100 + sin(2 * .pi * Double($0) / Double(season)) + 0.1 * noise[$0] }
        // Of a wave that is long and smooth, noise may move the peak a little.
        #expect(abs((Season.find(in: values) ?? 0) - season) <= season / 200)
        // A trend and a gap do not hide it.
        var disturbed = values.enumerated().map { $1 + Double($0) / Double(rows) }
        disturbed[rows / 2] = .nan
        #expect(abs((Season.find(in: disturbed) ?? 0) - season) <= season / 200)
    }

    @Test func theLongerOfTwoSeasonsWinsWhereItExplainsMore() {
        // Weekdays of 24 rows, and weekends without any of it.
        let values = Self.noise(2000).enumerated().map { row, noise in
            row / 24 % 7 < 5 ? sin(2 * .pi * Double(row) / 24) + 0.05 * noise : 0.05 * noise
        }
        #expect(Season.find(in: values) == 168)
    }

    @Test func whatHasNoSeason() {
        #expect(Season.find(in: []) == nil)
        #expect(Season.find(in: [1, 2, 1, 2, 1]) == nil)
        #expect(Season.find(in: Array(repeating: 5, count: 1000)) == nil)
        #expect(Season.find(in: Array(repeating: .nan, count: 1000)) == nil)
        #expect(Season.find(in: (0..<1000).map(Double.init)) == nil)
        for seed in 1...20 as ClosedRange<UInt64> {
            for rows in [50, 300, 3000] {
                #expect(Season.find(in: Self.noise(rows, seed: seed)) == nil, "noise \(seed) of \(rows) rows")
            }
        }
        // No finite number is too large to be looked at.
        #expect(Season.find(in: [1.7e308, -1.7e308, .nan, 1] + Self.noise(100)) == nil)
    }
}

/// Which anomalies and events agree.
@Suite struct EventTallyTests {
    /// Steps through rows, given as `.` ordinary, `!` flagged and the first of an anomaly, `+` flagged, `|` closing.
    private func counts(_ rows: String, _ tally: EventTally) -> EventCounts {
        var tally = tally
        for (row, mark) in rows.enumerated() {
            let change: AnomalyChange =
                switch mark {
                case "!": .opened
                case "+": .extended
                case "|": .closed
                default: .none
                }
            let flags: PointFlags = mark == "!" || mark == "+" ? .anomaly : []
            tally.add(PointVerdict(sequence: 1, time: 1, score: 0, flags: flags, change: change), row: row)
        }
        return EventCounts(tally)
    }

    private func counts(_ rows: String, labels: String) -> EventCounts {
        counts(rows, EventTally(labels: labels.map { $0 == "x" }))
    }

    @Test func oneRightTwoFalseOneMissed() {
        let counts = counts("!+.|!|!", labels: ".xx..x.")
        #expect(counts == EventCounts(events: 2, found: 1, alarms: 3, rightAlarms: 1))
        #expect(counts.precision == 1.0 / 3)
        #expect(counts.recall == 0.5)
        #expect(abs((counts.f1 ?? 0) - 0.4) < 1e-15)
    }

    @Test func manyAlarmsInOneEventAreOneFindAndNoneIsFalse() {
        #expect(counts("!|!|!|", labels: "xxxxxx") == EventCounts(events: 1, found: 1, alarms: 3, rightAlarms: 3))
    }

    @Test func oneAlarmCanFindManyEvents() {
        #expect(counts("!+++.|", labels: "x.xx..") == EventCounts(events: 2, found: 2, alarms: 1, rightAlarms: 1))
    }

    @Test func anEventBetweenFlaggedRowsIsNotFound() {
        #expect(counts("!..+.|", labels: ".xx...") == EventCounts(events: 1, found: 0, alarms: 1, rightAlarms: 0))
    }

    @Test func windowsHoldTheirFirstAndLastTime() {
        let times: [Int64] = [10, 20, 30, 40, 50]
        let windows: [ClosedRange<Int64>] = [20...30, 50...60]
        #expect(
            counts("!|!|!", EventTally(windows: windows, times: times))
                == EventCounts(events: 2, found: 2, alarms: 3, rightAlarms: 2))
        #expect(counts("!..!.", EventTally(windows: windows, times: times)).found == 0)
    }

    @Test func whatHasNothingToCount() {
        let nothing = counts("....", labels: "....")
        #expect(nothing == EventCounts())
        #expect(nothing.precision == nil && nothing.recall == nil && nothing.f1 == nil)
        let missed = counts("....", labels: ".xx.")
        #expect(missed.precision == nil && missed.recall == 0 && missed.f1 == 0)
        let wrong = counts(".!..", labels: "....")
        #expect(wrong.precision == 0 && wrong.recall == nil && wrong.f1 == nil)
        let both = missed + wrong
        #expect(both.precision == 0 && both.recall == 0 && both.f1 == 0)
    }
}

/// How results become rows, and progress a line.
@Suite struct BacktestSummaryTests {
    private func result(_ file: String, points: Int, error: Double?, events: EventCounts?) -> BacktestResult {
        var result = BacktestResult(input: BacktestInput(path: "/data/set/\(file).csv"), cell: .gru)
        result.points = points
        result.dropped = 1
        result.scaledError = error
        result.seasonalError = error.map { $0 * 2 }
        result.season = 24
        result.covered = Int64(points) * 9 / 10
        result.banded = Int64(points)
        result.alarms = 4
        result.events = events
        result.seconds = Double(points) / 1e5
        result.stepSeconds = Double(points) / 1e6
        return result
    }

    @Test func totalsAreMeansOfErrorsAndSumsOfCounts() throws {
        let results = [
            result("a", points: 1000, error: 0.5, events: EventCounts(events: 2, found: 1, alarms: 4, rightAlarms: 1)),
            result("b", points: 3000, error: 1.5, events: EventCounts(events: 2, found: 2, alarms: 4, rightAlarms: 3)),
            result("flat", points: 1000, error: nil, events: nil),
        ]
        let rows = BacktestSummary.rows(results, cells: 1, perFile: true)
        #expect(rows.map(\.name) == ["set/a", "set/b", "set/flat", "total"])
        #expect(rows[0].season == 24)
        let total = rows[3]
        #expect(total.cell == "gru" && total.files == 3 && total.points == 5000 && total.dropped == 3)
        #expect(total.scaledError == 1 && total.seasonalError == 2 && total.season == nil)
        #expect(total.coverage == 0.9 && total.alarms == 12)
        #expect(total.events?.precision == 0.5 && total.events?.recall == 0.75)
        #expect(abs(try #require(total.pointsPerSecond) - 1e5) < 1e-6)
        #expect(abs(try #require(total.cpuMicroseconds) - 1) < 1e-9)
    }

    @Test func progress() {
        var progress = BacktestProgress(files: 58, filesDone: 12, bytes: 1000, bytesDone: 250, points: 500_000)
        #expect(
            progress.line(seconds: 2, columns: 79)
                == " 25% ███████░░░░░░░░░░░░░░░░░░░░░░░  12/58 files, 250,000 points/s, 6.0s left")
        #expect(
            progress.line(seconds: 2, columns: 60)
                == " 25% ███░░░░░░░░░░  12/58 files, 250,000 points/s, 6.0s left")
        #expect(progress.line(seconds: 2, columns: 30) == " 25%  12/58 files, 6.0s left")
        progress.filesDone = 58
        #expect(progress.line(seconds: 4, columns: 42) == "100% ██████  58/58 files, 125,000 points/s")
        let start = BacktestProgress(files: 1, filesDone: 0, bytes: 1000, bytesDone: 0, points: 0)
        #expect(start.line(seconds: 0, columns: 79) == "  0% ░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░  0/1 files, 0 points/s")
    }
}
