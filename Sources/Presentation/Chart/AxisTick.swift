/// One line of a picture's grid, and what is written at it.
package struct AxisTick: Sendable, Equatable {
    /// Along its axis, 0 to 1.
    package var position: Double
    package var label: String
    /// The larger unit that the label is a part of, such as the day of a time; empty where it is the same as at the tick
    /// before.
    package var context = ""

    package init(position: Double, label: String, context: String = "") {
        self.position = position
        self.label = label
        self.context = context
    }
}
