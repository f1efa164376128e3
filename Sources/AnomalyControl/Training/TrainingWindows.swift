package import AnomalyDetection
import Glibc
import Presentation
package import RecurrentModel

/// How series are cut into windows.
package struct WindowOptions: Sendable, Equatable {
    /// Rows of a window, 1 or more; fewer where the series has not so many before.
    package var rows = 64
    /// Rows from the end of one window to the end of the next.
    package var stride = 8
    /// Rows from the last one that is seen to the one that is predicted.
    package var horizon = 1
    /// Share of each series, its last part, that is for validation.
    package var validation = 0.2
    package var head = HeadRows.all
    /// What the network predicts.
    package var target = PredictionTarget.change
    /// What the network sees besides values and changes, and whose days the calendar shows.
    package var features = InputFeatures()
    package var zone = LocalTime.utc

    package init() {}
}

/// Windows into series, as the daemon's detector would see them: through `InputEncoder`.
///
/// Each series is scaled by the smallest and largest value of its training part (if later values lie outside, the range
/// widens when they come, as it does online), and split by time: a window is for training if all of its rows and
/// targets lie before the split, for validation if all lie behind it, and left out if it straddles it. Windows end every
/// `stride` rows, counted back from the end of their part. Those at the beginning of the training part are cut short; in
/// the validation part only if it has no room for a whole one.
package struct TrainingWindows: WindowSource {
    package typealias Scalar = Float

    package let options: WindowOptions
    package let channels: Int
    /// Series that windows were cut from; and the names of those that are left out, because all known values of their
    /// training part are equal, which can't be scaled, or because they have no room for a window.
    package private(set) var series = 0
    package private(set) var constant: [String] = []
    package private(set) var short: [String] = []
    /// Windows for training come first, then those for validation.
    package let training: Range<Int>
    package let validation: Range<Int>

    private var windows: [Window] = []
    private var encoded: [Encoded] = []

    private struct Window {
        var series: Int
        var rows: Range<Int>
    }

    /// A series as the network sees it.
    private struct Encoded {
        /// (I, rows)
        var inputs: [Float] = []
        /// (channels, rows): what the row should have given; and what it gives if nothing changes.
        var targets: [Float] = []
        var naive: [Float] = []
    }

    /// - Throws: `Failure` if the series have different numbers of channels, or give no windows.
    package init(_ all: [TrainingSeries], _ options: WindowOptions) throws(Failure) {
        self.options = options
        channels = all.first?.channels ?? 1
        var validation: [Window] = []
        for one in all {
            guard one.channels == channels else {
                throw Failure(
                    .failure,
                    "cannot train one model on \(all[0].name), which has \(channels) values a point, and \(one.name), "
                        + "which has \(one.channels)", hint: "train on series of one width at a time")
            }
            let split = one.rows - Int(Double(one.rows) * options.validation)
            let first = Self.cut(0..<split, options, mayBeShort: true)
            let last = Self.cut(split..<one.rows, options, mayBeShort: false)
            if first.isEmpty && last.isEmpty {
                short.append(one.name)
                continue
            }
            guard let ranges = Self.ranges(one, rows: split) else {
                constant.append(one.name)
                continue
            }
            for rows in first { windows.append(Window(series: series, rows: rows)) }
            for rows in last { validation.append(Window(series: series, rows: rows)) }
            encoded.append(Self.encode(one, ranges, options))
            series += 1
        }
        training = 0..<windows.count
        self.validation = windows.count..<(windows.count + validation.count)
        windows += validation
        try check(all)
    }

    private func check(_ all: [TrainingSeries]) throws(Failure) {
        if !training.isEmpty && !validation.isEmpty { return }
        if series == 0, let name = constant.first {
            throw Failure(
                .failure,
                constant.count == 1
                    ? "cannot train on \(name): all values of its training part are equal or missing"
                    : "cannot train: in each series, all values of the training part are equal or missing",
                hint: "a model needs values that change")
        }
        let longest = all.map(\.rows).max() ?? 0
        throw Failure(
            .failure,
            "cannot cut windows for \(training.isEmpty ? "training" : "validation"): the longest series has \(longest) "
                + "rows, of which the last \(Int(Double(longest) * options.validation)) are for validation",
            hint: "both parts need more rows than --horizon (\(options.horizon)); give longer series or another "
                + "--validation share")
    }

    // MARK: Cutting

    /// The rows of the windows within `part`, from its end to its beginning.
    private static func cut(_ part: Range<Int>, _ options: WindowOptions, mayBeShort: Bool) -> [Range<Int>] {
        var windows: [Range<Int>] = []
        var end = part.upperBound - options.horizon
        while end > part.lowerBound {
            let start = max(part.lowerBound, end - options.rows)
            if !windows.isEmpty, !mayBeShort, end - start < options.rows { break }
            windows.append(start..<end)
            end -= options.stride
        }
        return windows
    }

    /// Smallest and largest value of each channel in the first rows; nil if all are constant.
    private static func ranges(_ series: TrainingSeries, rows: Int) -> [ClosedRange<Double>]? {
        var isConstant = true
        let ranges = (0..<series.channels).map { channel in
            var low = Double.infinity
            var high = -Double.infinity
            for row in 0..<rows {
                let value = series.values[row * series.channels + channel]
                if value.isNaN { continue }
                low = min(low, value)
                high = max(high, value)
            }
            if low < high { isConstant = false }
            return low <= high ? low...high : 0...0
        }
        return isConstant ? nil : ranges
    }

    private static func encode(
        _ series: TrainingSeries, _ ranges: [ClosedRange<Double>], _ options: WindowOptions
    ) -> Encoded {
        let channels = series.channels
        var encoder = InputEncoder(ranges: ranges, meaning: options.target, features: options.features)
        var seasons = StreamSeasons(channels: channels, zone: options.zone)
        var encoded = Encoded()
        encoded.inputs.reserveCapacity(series.rows * options.features.width(channels: channels))
        encoded.targets.reserveCapacity(series.values.count)
        encoded.naive.reserveCapacity(series.values.count)
        for row in 0..<series.rows {
            let time = series.times[row]
            seasons.observe(elapsed: row > 0 ? time - series.times[row - 1] : 0)
            for channel in 0..<channels {
                let value = series.values[row * channels + channel]
                // A missing value is taken for the last one, which is what is expected before there is a model.
                let seen = value.isNaN ? encoder.last[channel] : value
                if !seen.isNaN { encoder.observe(seen, channel: channel, isMissing: value.isNaN) }
                if !value.isNaN { seasons.observe(value, channel: channel, time: time) }
            }
            // As the detector does: a prediction knows the time that it is for.
            let next = row + 1 < series.rows ? series.times[row + 1] : time + seasons.usualInterval
            seasons.prepare(&encoder, time: next, elapsed: next - time)
            encoded.inputs += encoder.input
            let ahead = row + options.horizon
            for channel in 0..<channels {
                let value = ahead < series.rows ? series.values[ahead * channels + channel] : .nan
                encoded.targets.append(encoder.target(value, channel: channel))
                encoded.naive.append(encoder.target(encoder.last[channel], channel: channel))
            }
        }
        return encoded
    }

    // MARK: WindowSource

    package var count: Int { windows.count }

    package func steps(of window: Int) -> Int { windows[window].rows.count }

    package func fill(
        _ window: Int, inputs: UnsafeMutablePointer<Float>, targets: UnsafeMutablePointer<Float>
    ) {
        let rows = windows[window].rows
        let series = encoded[windows[window].series]
        let width = options.features.width(channels: channels)
        copy(series.inputs, rows, width, to: inputs)
        copy(series.targets, answered(rows), channels, to: targets)
    }

    /// Rows of a window that the head answers for.
    private func answered(_ rows: Range<Int>) -> Range<Int> {
        options.head == .all ? rows : (rows.upperBound - 1)..<rows.upperBound
    }

    private func copy(
        _ matrix: [Float], _ rows: Range<Int>, _ width: Int, to target: UnsafeMutablePointer<Float>
    ) {
        matrix.withUnsafeBufferPointer {
            target.update(from: $0.baseAddress! + rows.lowerBound * width, count: rows.count * width)
        }
    }

    // MARK: Measures

    /// Steps of some windows together.
    package func steps(of windows: Range<Int>) -> Int { windows.reduce(0) { $0 + steps(of: $1) } }

    /// Targets of some windows that are known.
    package func knownTargets(_ windows: Range<Int>) -> Int { naiveLoss(windows, .mse, logVariance: 0).targets }

    /// Loss of the forecast "as before" on the validation windows. To a loss that also wants a variance, it gives the
    /// best constant one for the training windows.
    package func naiveLoss(_ loss: LossKind) -> LossTotal {
        guard loss == .gaussian else { return naiveLoss(validation, loss, logVariance: 0) }
        let variance = naiveLoss(training, .mse, logVariance: 0).mean
        let logVariance = variance > 0 ? log(variance) : LossKind.smallestLogVariance
        return naiveLoss(validation, loss, logVariance: Float(logVariance))
    }

    private func naiveLoss(_ windows: Range<Int>, _ loss: LossKind, logVariance: Float) -> LossTotal {
        var total = LossTotal()
        for window in windows {
            let series = encoded[self.windows[window].series]
            let rows = answered(self.windows[window].rows)
            var outputs: [Float] = []
            for row in rows {
                outputs += series.naive[(row * channels)..<((row + 1) * channels)].map { $0.isNaN ? 0 : $0 }
                if loss == .gaussian { outputs += repeatElement(logVariance, count: channels) }
            }
            let targets = Array(series.targets[(rows.lowerBound * channels)..<(rows.upperBound * channels)])
            var gradient = [Float](repeating: 0, count: outputs.count)
            let mean = loss.evaluate(
                rows: rows.count, channels: channels, outputs: outputs, targets: targets, gradient: &gradient)
            let known = targets.count { !$0.isNaN }
            total.targets += known
            total.sum += Double(mean) * Double(known)
        }
        return total
    }
}
