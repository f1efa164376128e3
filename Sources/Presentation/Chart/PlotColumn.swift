/// The points of one channel in one column of a picture.
package struct PlotColumn: Sendable, Equatable {
    /// Place of the column, 0 being the leftmost.
    package var index: Int
    /// Of its first point, in microseconds since 1970.
    package var time: Int64
    /// Nil where no point has a value, a prediction, a band.
    package var value: Envelope?
    package var prediction: Envelope?
    package var lower: Envelope?
    package var upper: Envelope?
    /// Whether any point was flagged.
    package var isFlagged = false

    /// Adds the points of the column behind.
    mutating func add(_ next: PlotColumn) {
        Self.add(next.value, to: &value)
        Self.add(next.prediction, to: &prediction)
        Self.add(next.lower, to: &lower)
        Self.add(next.upper, to: &upper)
        isFlagged = isFlagged || next.isFlagged
    }

    private static func add(_ next: Envelope?, to envelope: inout Envelope?) {
        guard let next else { return }
        if envelope == nil { envelope = next } else { envelope?.add(next) }
    }
}
