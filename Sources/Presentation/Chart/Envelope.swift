/// What became of the numbers of one line that fall into one column of a picture: enough to draw it so that no spike is
/// lost, however many there are.
package struct Envelope: Sendable, Equatable {
    /// In the order of time.
    package var first: Double
    package var last: Double
    package var minimum: Double
    package var maximum: Double
    /// Microseconds from the number before `first`, in whatever column; `.max` if there is none, or if one is missing in
    /// between.
    package var pause: Int64

    package init(_ number: Double, pause: Int64) {
        (first, last, minimum, maximum) = (number, number, number, number)
        self.pause = pause
    }

    package mutating func add(_ number: Double) {
        last = number
        minimum = min(minimum, number)
        maximum = max(maximum, number)
    }

    /// Adds the numbers of the column behind.
    package mutating func add(_ next: Envelope) {
        last = next.last
        minimum = min(minimum, next.minimum)
        maximum = max(maximum, next.maximum)
    }
}
