import AnomalyControl
import AnomalyDetection
import RecurrentModel
import Testing

@Suite struct TrainingWindowsTests {
    private func series(_ values: [Double], name: String = "a", channels: Int = 1) -> TrainingSeries {
        var series = TrainingSeries(name: name, channels: channels)
        for row in 0..<(values.count / channels) {
            series.append(time: Int64(row), values: values[(row * channels)..<((row + 1) * channels)])
        }
        return series
    }

    private func options(
        rows: Int, stride: Int, horizon: Int = 1, validation: Double = 0.25, head: HeadRows = .all,
        target: PredictionTarget = .value
    ) -> WindowOptions {
        var options = WindowOptions()
        options.rows = rows
        options.stride = stride
        options.horizon = horizon
        options.validation = validation
        options.head = head
        options.target = target
        return options
    }

    private func filled(_ windows: TrainingWindows, _ window: Int) -> (inputs: [Float], targets: [Float]) {
        let steps = windows.steps(of: window)
        var inputs = [Float](repeating: 77, count: steps * 2 * windows.channels)
        var targets = [Float](repeating: 77, count: (windows.options.head == .all ? steps : 1) * windows.channels)
        windows.fill(window, inputs: &inputs, targets: &targets)
        return (inputs, targets)
    }

    /// 16 rows, the last 4 for validation. The training part's values are 0…8…0, so that a unit is 4.
    private static let sixteen: [Double] = [0, 8, 4, 2, 6, 0, 8, 4, 2, 6, 0, 8, 4, 2, 6, 4]

    @Test func windowsEndAtTheEndAndAreCutShortAtTheBeginning() throws {
        let windows = try TrainingWindows([series(Self.sixteen)], options(rows: 5, stride: 4))
        // Training: rows 0…11 with targets up to row 11: ends 11, 7, 3. Validation: rows 12…14, shorter than a window.
        #expect(windows.training == 0..<3 && windows.validation == 3..<4)
        #expect((0..<4).map { windows.steps(of: $0) } == [5, 5, 3, 3])
        let (inputs, targets) = filled(windows, 2)
        #expect(inputs == [-1, 0, 1, 2, 0, -1], "the value and its change; the first row has none")
        #expect(targets == [1, 0, -0.5])
        #expect(filled(windows, 3).targets == [-0.5, 0.5, 0])
    }

    /// No target of a training window lies behind the split, no row of a validation window before it.
    @Test(arguments: [1, 3], HeadRows.allCases)
    func nothingStraddlesTheSplit(_ horizon: Int, _ head: HeadRows) throws {
        // Each value tells its row: scaled by the training part's range 0…29, the unit is 14.5.
        let values = (0..<40).map(Double.init)
        let windows = try TrainingWindows(
            [series(values)], options(rows: 4, stride: 1, horizon: horizon, head: head))
        #expect(windows.training.count == 30 - horizon && windows.validation.count == 10 - horizon - 3)
        for window in windows.training {
            let (inputs, targets) = filled(windows, window)
            let last = (inputs[inputs.count - 2] + 1) * 14.5
            #expect(abs((targets.last! + 1) * 14.5 - last - Float(horizon)) < 1e-4)
            #expect((targets.last! + 1) * 14.5 < 29.01)
        }
        // Whatever is in the validation part, training windows are the same.
        let other = try TrainingWindows(
            [series(values[..<30] + values[30...].map { 1000 - $0 })],
            options(rows: 4, stride: 1, horizon: horizon, head: head))
        for window in windows.training { #expect(filled(windows, window) == filled(other, window)) }
        #expect(windows.validation.allSatisfy { windows.steps(of: $0) == 4 })
        #expect(windows.validation.allSatisfy { filled(windows, $0).inputs[0] >= 0.99 }, "rows from 30 on")
    }

    @Test func missingValuesTeachNothingAndAreSeenAsTheLastOne() throws {
        var values = Self.sixteen
        values[2] = .nan
        let windows = try TrainingWindows([series(values)], options(rows: 12, stride: 12, target: .change))
        let (inputs, targets) = filled(windows, 0)
        #expect(inputs.count == 22 && Array(inputs[2...5]) == [1, 2, 1, 0])
        #expect(targets[1].isNaN && targets[2] == -1.5 && targets.count { $0.isNaN } == 1)
        #expect(windows.knownTargets(windows.training) == 10)
    }

    @Test func severalSeriesAndChannels() throws {
        let wide = Self.sixteen.flatMap { [$0, 100 - $0] }
        let windows = try TrainingWindows(
            [series(wide, channels: 2), series([Double](repeating: 3, count: 32), name: "flat", channels: 2)],
            options(rows: 5, stride: 4))
        #expect(windows.channels == 2 && windows.series == 1 && windows.constant == ["flat"])
        let (inputs, targets) = filled(windows, 2)
        #expect(inputs == [-1, 0, 1, 0, 1, 2, -1, -2, 0, -1, 0, 1])
        #expect(targets == [1, -1, 0, 0, -0.5, 0.5])
    }

    @Test func theNaiveForecastIsTheLastValue() throws {
        let last = options(rows: 3, stride: 1, validation: 0.5, head: .last)
        let values: [Double] = [0, 8, 0, 8, 0, 8, 0, 8, 0, 8, 0, 8, 4, 4, 2, 2]
        // Validation rows 8…15; windows of three rows end at 10, 11, …, 14, and these are the changes after their last row.
        let expected: [Double] = [8, -4, 0, -2, 0].map { $0 / 4 }
        for target in [PredictionTarget.value, .change] {
            var options = last
            options.target = target
            let windows = try TrainingWindows([series(values)], options)
            let naive = windows.naiveLoss(.mse)
            #expect(naive.targets == 5)
            #expect(abs(naive.sum - expected.reduce(0) { $0 + $1 * $1 }) < 1e-6)
            let huber = expected.reduce(0) { $0 + (abs($1) <= 1 ? $1 * $1 / 2 : abs($1) - 0.5) }
            #expect(abs(windows.naiveLoss(.huber).sum - huber) < 1e-6)
            // Training changes are all ±2 units, so the variance is 4.
            let gaussian = expected.reduce(0) { $0 + (1.386294 + $1 * $1 / 4) / 2 }
            #expect(abs(windows.naiveLoss(.gaussian).sum - gaussian) < 1e-4)
        }
    }

    @Test func rowsOutOfOrderAreLeftOut() {
        var series = TrainingSeries(name: "a", channels: 1)
        for (time, value) in [(5, 1.0), (5, 2), (4, 3), (6, 4)] { series.append(time: Int64(time), values: [value]) }
        #expect(series.values == [1, 4] && series.dropped == 2)
    }

    private func message(_ all: [TrainingSeries], _ options: WindowOptions) -> String {
        do throws(Failure) {
            _ = try TrainingWindows(all, options)
            return ""
        } catch {
            return error.text
        }
    }

    @Test func whatGivesNoWindowsIsRefused() {
        let usual = options(rows: 4, stride: 1)
        #expect(
            message([series([1, 2]), series([1, 2], name: "b", channels: 2)], usual)
                == """
                anomalyctl: cannot train one model on a, which has 1 values a point, and b, which has 2
                train on series of one width at a time

                """)
        #expect(
            message([series([Double](repeating: 5, count: 99) + [6])], usual)
                == """
                anomalyctl: cannot train on a: all values of its training part are equal or missing
                a model needs values that change

                """)
        #expect(
            message([series(Self.sixteen)], options(rows: 4, stride: 1, horizon: 4))
                == """
                anomalyctl: cannot cut windows for validation: the longest series has 16 rows, of which the last 4 are \
                for validation
                both parts need more rows than --horizon (4); give longer series or another --validation share

                """)
        #expect(message([series([])], usual).contains("cannot cut windows for training: the longest series has 0 rows"))
    }
}
