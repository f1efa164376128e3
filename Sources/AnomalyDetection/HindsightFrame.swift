import RealModule

/// A range in the network's units, and how a window of it looks to the network.
///
/// For each channel the network gets the scaled value and 0; where the value is masked, withheld or missing, it gets
/// the straight line between the nearest values that it may know, and 1. What it answers is added to that line, so that
/// an untrained network predicts "as the neighbours". Besides, it gets the phases of day and week in UTC, as far as the
/// range holds two of them.
struct HindsightFrame: Sendable {
    static let inputsPerChannel = 2
    /// Sine and cosine of two phases.
    static let calendarInputs = 4
    private static let day = 86_400_000_000.0
    private static let week = 7 * day

    let channels: Int
    let count: Int
    /// (C, points), NaN where missing: what is to be predicted, and what may be known when others are.
    let targets: [Float]
    private(set) var context: [Float]
    /// (`calendarInputs`, points).
    private let calendar: [Float]

    static func inputs(channels: Int) -> Int { inputsPerChannel * channels + calendarInputs }

    init(_ series: HindsightSeries, limits: [HindsightLimits]) {
        channels = series.channels
        count = series.count
        var scaled: [Float] = []
        scaled.reserveCapacity(series.values.count)
        for (i, value) in series.values.enumerated() { scaled.append(limits[i % series.channels].scale(value)) }
        targets = scaled
        context = scaled
        calendar = Self.phases(series.times)
    }

    private static func phases(_ times: [Int64]) -> [Float] {
        var phases = [Float](repeating: 0, count: times.count * calendarInputs)
        guard let first = times.first, let last = times.last else { return phases }
        for (place, period) in [day, week].enumerated() where Double(last) - Double(first) >= 2 * period {
            for (point, time) in times.enumerated() {
                let turns = Double(time) / period
                let angle = 2 * Double.pi * (turns - turns.rounded(.down))
                phases[point * calendarInputs + 2 * place] = Float(Double.sin(angle))
                phases[point * calendarInputs + 2 * place + 1] = Float(Double.cos(angle))
            }
        }
        return phases
    }

    /// Hides points from the predictions of all others, and shows all others again.
    ///
    /// - Parameter isWithheld: one for each point.
    mutating func withhold(_ isWithheld: [Bool]) {
        for i in context.indices { context[i] = isWithheld[i / channels] ? .nan : targets[i] }
    }

    /// Writes the inputs of a window, and the line that its answers are added to.
    ///
    /// - Parameters:
    ///   - start: the first point.
    ///   - isMasked: one for each step.
    ///   - knowsCalendar: false gives zeros for the phases.
    ///   - inputs: receives `inputs(channels:)` numbers for each step, `stride` apart from step to step.
    ///   - lines: receives (C, steps).
    func fill(
        from start: Int, isMasked: UnsafeBufferPointer<Bool>, knowsCalendar: Bool,
        inputs: UnsafeMutablePointer<Float>, stride: Int, lines: UnsafeMutablePointer<Float>
    ) {
        let steps = isMasked.count
        for c in 0..<channels {
            var known = -1
            for step in 0..<steps {
                let value = context[(start + step) * channels + c]
                if isMasked[step] || value.isNaN { continue }
                drawLine(c, from: known, to: step, at: start, lines)
                lines[step * channels + c] = value
                known = step
            }
            drawLine(c, from: known, to: steps, at: start, lines)
            for step in 0..<steps {
                let isHidden = isMasked[step] || context[(start + step) * channels + c].isNaN
                inputs[step * stride + 2 * c] = lines[step * channels + c]
                inputs[step * stride + 2 * c + 1] = isHidden ? 1 : 0
            }
        }
        for step in 0..<steps {
            for i in 0..<Self.calendarInputs {
                inputs[step * stride + Self.inputsPerChannel * channels + i] =
                    knowsCalendar ? calendar[(start + step) * Self.calendarInputs + i] : 0
            }
        }

        /// Fills the steps between two known ones. Before the first (−1) and after the last (`steps`) the nearest one
        /// counts, and 0 where none is known.
        func drawLine(
            _ c: Int, from left: Int, to right: Int, at start: Int, _ lines: UnsafeMutablePointer<Float>
        ) {
            let a = left >= 0 ? context[(start + left) * channels + c] : nil
            let b = right < steps ? context[(start + right) * channels + c] : nil
            let first = a ?? b ?? 0
            let rise = (b ?? first) - first
            for step in (left + 1)..<max(right, left + 1) {
                lines[step * channels + c] = first + rise * Float(step - left) / Float(right - left)
            }
        }
    }
}
