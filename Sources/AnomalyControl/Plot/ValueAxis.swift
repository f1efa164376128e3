import Glibc
package import Presentation

/// The vertical axis of a picture, from the bottom to the top.
package struct ValueAxis: Sendable, Equatable {
    /// Finite, minimum < maximum.
    package private(set) var minimum: Double
    package private(set) var maximum: Double

    /// An axis on which a range is to be seen; a single number stands in its middle.
    ///
    /// - Parameters:
    ///   - below, above: shares of the axis, 0 up to 1 together, that stay free at its ends.
    package init(_ range: ClosedRange<Double>, below: Double = 0, above: Double = 0) {
        (minimum, maximum) = (range.lowerBound, range.upperBound)
        // Where doubles have hardly any digits left, lines would be drawn between neighbours of the same number.
        let least = max(abs(minimum), abs(maximum)) * 1e-12
        if !(maximum / 2 - minimum / 2 > max(least, 1e-300)) {
            let margin = abs(minimum) < 1e-290 ? 1 : abs(minimum) / 10
            (minimum, maximum) = (minimum - margin, maximum + margin)
        }
        let length = maximum / 2 - minimum / 2
        let unit = 2 / max(1e-9, 1 - below - above)
        minimum = max(-Double.greatestFiniteMagnitude, minimum - length * unit * below)
        maximum = min(Double.greatestFiniteMagnitude, maximum + length * unit * above)
    }

    /// 0 at the bottom, 1 at the top, and beyond these for what lies outside.
    package func position(_ number: Double) -> Double {
        // Halves, as the whole length may be more than a double can tell.
        (number / 2 - minimum / 2) / (maximum / 2 - minimum / 2)
    }

    /// Round numbers at equal distances: 1, 2 or 5 times a power of ten apart.
    ///
    /// - Parameter count: at most so many, at least 2.
    package func ticks(atMost count: Int) -> [AxisTick] {
        let raw = (maximum / 2 - minimum / 2) / Double(max(1, count)) * 2
        guard raw.isFinite, raw > 0 else { return [] }
        // A round end belongs to the axis, though its quotient may be a little less than whole.
        let slack = 1e-9
        var power = pow(10, floor(log10(raw)))
        if power == 0 { power = raw }
        let step = [1, 2, 5, 10, 20].lazy.map { $0 * power }.first { step in
            floor(maximum / step + slack) - ceil(minimum / step - slack) + 1 <= Double(count)
        }
        guard let step, step.isFinite, abs(minimum / step) < 1e15, abs(maximum / step) < 1e15 else { return [] }
        let first = Int(ceil(minimum / step - slack))
        let numbers = stride(from: first, through: Int(floor(maximum / step + slack)), by: 1).map { Double($0) * step }
        let labels = Self.labels(of: numbers, step: step)
        return zip(numbers, labels).map { AxisTick(position: position($0), label: $1) }
    }

    private static let units: [(factor: Double, name: String)] = [(1e12, "T"), (1e9, "G"), (1e6, "M"), (1e3, "k")]

    /// The numbers in short form, all with the same unit and as many decimals: `0.5`, `20k`, `1.25M`, `5e-07`.
    static func labels(of numbers: [Double], step: Double) -> [String] {
        let largest = numbers.lazy.map { abs($0) }.max() ?? 0
        if largest >= 1e15 || step < 1e-6 {
            let labels = numbers.map { NumberText.compact($0) }
            // Far from zero, they may differ in digits only that people seldom want to see.
            return Set(labels).count == labels.count ? labels : numbers.map { String(NumberText.shortest($0)) }
        }
        // 2000 needs no unit, and one that leaves many decimals helps nobody.
        let unit = units.first { largest >= max($0.factor, 10_000) && step / $0.factor >= 0.00999 }
        let factor = unit?.factor ?? 1
        var decimals = 0
        var scaled = step / factor
        while decimals < 9, abs(scaled - scaled.rounded()) > scaled * 1e-6 {
            decimals += 1
            scaled *= 10
        }
        return numbers.map { number in
            number == 0 ? "0" : NumberText.formatted("%.\(decimals)f", number / factor) + (unit?.name ?? "")
        }
    }
}
