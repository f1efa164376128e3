import AnomalyDetection
import CPoints

/// Points of one channel of one stream as a row of `hot`: its columns, and the JSON that ``CPoints`` reads.
struct HotRow {
    /// Points in a row at most: so many are read to find one.
    static let mostPoints = 256

    private(set) var stream: Int32 = 0
    private(set) var channel: Int32 = 0
    private(set) var firstTime: Int64 = 0
    private(set) var lastTime: Int64 = 0
    private(set) var firstSequence: Int64 = 0
    private(set) var count = 0
    private(set) var step = 1.0
    /// JSON, in ASCII.
    private(set) var text: [UInt8] = []

    /// Takes the place of what was there, and keeps its memory.
    ///
    /// - Parameter rows: at least one, of one channel of one stream, with sequence numbers one after the other and
    ///   growing times.
    mutating func assign(_ rows: ArraySlice<PointRow>) {
        guard let first = rows.first, let last = rows.last else { return }
        (stream, channel, count) = (first.stream, first.channel, rows.count)
        (firstTime, lastTime, firstSequence) = (first.time, last.time, first.sequence)
        step = Self.commonStep(rows)
        text.removeAll(keepingCapacity: true)
        text.append(UInt8(ascii: "["))
        for row in rows {
            if text.count > 1 { text.append(UInt8(ascii: ",")) }
            append(row)
        }
        text.append(UInt8(ascii: "]"))
    }

    /// Where rows of a channel begin anew: they are full, or the numbers do not follow each other.
    static func isBorder(_ row: PointRow, _ next: PointRow, count: Int) -> Bool {
        count >= mostPoints || row.stream != next.stream || row.channel != next.channel
            || row.sequence + 1 != next.sequence
    }

    private mutating func append(_ row: PointRow) {
        text.append(UInt8(ascii: "["))
        append(row.time - firstTime)
        appendNext(row.value)
        let steps = steps(of: row)
        appendNext(steps?.residual)
        appendNext(steps?.below)
        appendNext(steps?.above)
        appendNext(steps?.score)
        appendNext(Int64(row.flags.rawValue))
        if steps == nil {
            appendNext(row.prediction)
            appendNext(row.lower)
            appendNext(row.upper)
            appendNext(row.residual)
            appendNext(row.score)
        }
        text.append(UInt8(ascii: "]"))
    }

    // MARK: Steps

    private struct Steps {
        var residual, below, above, score: Int64?
    }

    /// In whole steps; nil if that would not give back every bit.
    private func steps(of row: PointRow) -> Steps? {
        var steps = Steps()
        if row.residual.isNaN {
            guard row.prediction.isNaN, row.lower.isNaN, row.upper.isNaN else { return nil }
        } else {
            guard let residual = whole(row.residual / step), same(Double(residual) * step, row.residual),
                same(row.prediction, row.value - row.residual)
            else { return nil }
            steps.residual = residual
            if !row.lower.isNaN {
                guard let below = whole((row.prediction - row.lower) / step),
                    same(row.prediction - Double(below) * step, row.lower)
                else { return nil }
                steps.below = below
            }
            if !row.upper.isNaN {
                guard let above = whole((row.upper - row.prediction) / step),
                    same(row.prediction + Double(above) * step, row.upper)
                else { return nil }
                steps.above = above
            }
        }
        if !row.score.isNaN {
            let scale = Double(ANOMALYD_SCORE_STEPS)
            guard let score = whole(row.score * scale), same(Double(score) / scale, row.score) else { return nil }
            steps.score = score
        }
        return steps
    }

    private func whole(_ number: Double) -> Int64? {
        let rounded = number.rounded(.toNearestOrEven)
        // So many digits are read exactly by whoever reads them as a double.
        return rounded.magnitude < 1e15 ? Int64(rounded) : nil
    }

    /// But that -0.0 is 0.
    private func same(_ one: Double, _ other: Double) -> Bool {
        one == other && one.sign == other.sign
    }

    /// The largest power of two that all residuals are multiples of.
    private static func commonStep(_ rows: ArraySlice<PointRow>) -> Double {
        var least = Int.max
        for row in rows where row.residual.isNormal {
            let exponent =
                Int(row.residual.exponent) - 52 + min(52, row.residual.significandBitPattern.trailingZeroBitCount)
            least = min(least, exponent)
        }
        // A step whose multiples, and its inverse, are all normal numbers.
        return least == .max ? 1 : Double(sign: .plus, exponent: max(-900, least), significand: 1)
    }

    // MARK: Numbers

    private mutating func appendNext(_ number: Int64?) {
        text.append(UInt8(ascii: ","))
        if let number { append(number) } else { appendNull() }
    }

    private mutating func appendNext(_ number: Double) {
        text.append(UInt8(ascii: ","))
        append(number)
    }

    private mutating func appendNull() { text.append(contentsOf: "null".utf8) }

    private mutating func append(_ number: Int64) {
        if number < 0 { text.append(UInt8(ascii: "-")) }
        appendDigits(number.magnitude, atLeast: 1)
    }

    private mutating func appendDigits(_ number: UInt64, atLeast digits: Int) {
        // From the last one on, then all at once: appending bytes one by one took twice as long.
        withUnsafeTemporaryAllocation(of: UInt8.self, capacity: 20) { buffer in
            var rest = number
            var place = buffer.count
            while rest > 0 || place > buffer.count - digits {
                place -= 1
                buffer[place] = UInt8(ascii: "0") + UInt8(truncatingIfNeeded: rest % 10)
                rest /= 10
            }
            text.append(contentsOf: UnsafeMutableBufferPointer(rebasing: buffer[place...]))
        }
    }

    /// The shortest decimal number that reads back as this double.
    private mutating func append(_ number: Double) {
        if number.isNaN { return appendNull() }
        // JSON has no infinity; this is what its readers take for one.
        if number.isInfinite { return text.append(contentsOf: (number < 0 ? "-1e999" : "1e999").utf8) }
        var power = 1.0
        for decimals in 0...6 {
            let scaled = (number * power).rounded(.toNearestOrEven)
            if scaled.magnitude >= 1e15 { break }
            if same(scaled / power, number) {
                if number.sign == .minus { text.append(UInt8(ascii: "-")) }
                let (whole, rest) = UInt64(scaled.magnitude).quotientAndRemainder(dividingBy: UInt64(power))
                appendDigits(whole, atLeast: 1)
                // Without a point, SQL would take it for an integer.
                text.append(UInt8(ascii: "."))
                appendDigits(rest, atLeast: max(1, decimals))
                return
            }
            power *= 10
        }
        text.append(contentsOf: number.description.utf8)
    }
}
