package import AnomalyDetection

/// How well one channel of one file was predicted.
///
/// The measure is the mean absolute scaled error of Hyndman & Koehler (2006): the mean absolute error, divided by the
/// mean absolute error that the forecast "as the row before" has on the same file. Below 1 is better than that.
package struct ForecastTally: Sendable, Equatable {
    private var errors = Mean()
    private var changes = Mean()
    private var covered: Int64 = 0
    private var banded: Int64 = 0
    private var last = Double.nan

    package init() {}

    /// Takes the next row that was not dropped.
    package mutating func add(_ verdict: ChannelVerdict) {
        errors.add(abs(verdict.residual))
        changes.add(abs(verdict.value - last))
        last = verdict.value
        if verdict.value.isNaN || verdict.lower.isNaN || verdict.upper.isNaN { return }
        banded += 1
        if verdict.lower <= verdict.value, verdict.value <= verdict.upper { covered += 1 }
    }

    /// Mean |value − prediction| ÷ mean |value − value before|; nil if there is neither, or nothing ever changes.
    package var scaledError: Double? { scaled(errors) }

    /// The same measure of the forecast "as one season before", over all rows that have a row so far before them.
    ///
    /// - Parameters:
    ///   - values: of the rows that were not dropped.
    ///   - season: in rows; 1 gives 1.
    package func scaledSeasonalError(of values: [Double], season: Int) -> Double? {
        var differences = Mean()
        for row in stride(from: season, to: values.count, by: 1) {
            differences.add(abs(values[row] - values[row - season]))
        }
        return scaled(differences)
    }

    /// Values that lay in the band, and those for which there was one.
    package var coverage: (covered: Int64, banded: Int64) { (covered, banded) }

    private func scaled(_ errors: Mean) -> Double? {
        guard let error = errors.value, let change = changes.value, change > 0 else { return nil }
        let ratio = error / change
        return ratio.isFinite ? ratio : nil
    }

    /// The mean of the numbers among what was added.
    private struct Mean: Sendable, Equatable {
        private var sum = 0.0
        private var count = 0

        mutating func add(_ number: Double) {
            if number.isNaN { return }
            sum += number
            count += 1
        }

        var value: Double? { count > 0 ? sum / Double(count) : nil }
    }
}
