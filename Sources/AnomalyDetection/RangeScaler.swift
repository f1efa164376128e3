import RecurrentModel

/// Maps one channel's values to (−1, 1) by the smallest and largest value seen, learned online.
///
/// With `halfLife` points the remembered range draws in towards the recent values, so that one outlier long ago does
/// not squash everything after it for ever. A robust range also grows by steps: a value outside widens it by half at most,
/// so that one outlier costs little, and a value a thousand times as large has come inside after seventeen points.
struct RangeScaler: Sendable {
    private(set) var low = 0.0
    private(set) var high = 0.0
    private(set) var isEmpty = true
    /// Share of the distance to the newest value that each bound gives up at each point.
    let decay: Double
    let isRobust: Bool

    /// - Parameter halfLife: points after which a bound has come half of the way; 0: never.
    init(halfLife: Int, isRobust: Bool) {
        self.isRobust = isRobust
        decay = halfLife > 0 ? 0.693_147_180_559_945_3 / Double(halfLife) : 0
    }

    /// Half the range: what 1 in scaled units is in the channel's own. 0 while all values were equal.
    // Halves first: high − low can overflow.
    var unit: Double { high / 2 - low / 2 }

    /// The value in scaled units; within [−1, 1] once it has been seen.
    func scale(_ value: Double) -> Double {
        let unit = unit
        return unit > 0 ? (value / 2 - low / 2) / unit * 2 - 1 : 0
    }

    mutating func observe(_ value: Double) {
        if isEmpty {
            low = value
            high = value
            isEmpty = false
            return
        }
        // Halves first: a difference can overflow. Of a range without width nothing can be said of outliers.
        let step = isRobust && low < high ? high / 2 - low / 2 : .infinity
        let (lowest, highest) = (low - step, high + step)
        low = max(min(value, low + (value - low) * decay), lowest)
        high = min(max(value, high + (value - high) * decay), highest)
    }

    /// NaN stands for no values.
    mutating func exchange(_ coding: inout some MemberCoding) {
        var lowest = isEmpty ? .nan : low
        coding.exchange(&lowest)
        coding.exchange(&high)
        isEmpty = lowest.isNaN
        low = isEmpty ? 0 : lowest
    }

    func encode(into writer: inout StateWriter) {
        writer.write(low)
        writer.write(high)
        writer.write(isEmpty)
    }

    mutating func decode(from reader: inout StateReader) throws {
        low = try reader.readDouble()
        high = try reader.readDouble()
        isEmpty = try reader.readBool()
    }
}
