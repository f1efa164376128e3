import AnomalyDetection
package import RecurrentModel

/// What one detector did on one file.
package struct BacktestResult: Sendable {
    package let input: BacktestInput
    package let cell: CellKind
    /// Rows that were stepped, and rows that were dropped as late or repeated.
    package var points = 0
    package var dropped = 0
    /// Mean absolute scaled errors, the means over the channels for which there is one: of the detector, and of the
    /// forecast "as one season before". See `ForecastTally`.
    package var scaledError: Double?
    package var seasonalError: Double?
    /// The season in rows, of the first channel; 1 where none was found, which makes the seasonal forecast the naive
    /// one.
    package var season = 1
    /// Values that lay in the band, and those for which there was one.
    package var covered: Int64 = 0
    package var banded: Int64 = 0
    /// Anomalies that were opened.
    package var alarms = 0
    /// nil for a file without labels.
    package var events: EventCounts?
    /// Time on the wall for all of it, reading and writing included, and CPU time of the detector's steps alone, in
    /// seconds.
    package var seconds = 0.0
    package var stepSeconds = 0.0

    package init(input: BacktestInput, cell: CellKind) {
        self.input = input
        self.cell = cell
    }
}
