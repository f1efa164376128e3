/// Numbers in 16 bits each: multiples of a step above a base, both made for the numbers that are to be kept.
///
/// The step is a power of two and the base a multiple of it, so that whole numbers, and halves and quarters of them, come
/// back as they were if they lie close enough together; of any others the error is less than 1/65,000 of the distance
/// between the smallest and the largest.
package struct Grid16: Sendable, Equatable {
    /// Stands for NaN.
    @inlinable
    package static var none: UInt16 { .max }
    private static let largest = 65_534.0

    @usableFromInline
    var base: Float = 0
    /// 0 if all numbers are the same.
    @usableFromInline
    package private(set) var step: Float = 0

    /// - Parameter numbers: finite, or NaN.
    package init(_ numbers: some Sequence<Float>) {
        var (low, high) = (Float.infinity, -Float.infinity)
        for number in numbers where !number.isNaN {
            low = min(low, number)
            high = max(high, number)
        }
        guard low < high else {
            base = low.isFinite ? low : 0
            return
        }
        // Below, a Float has fewer bits.
        let least = Double(Float.leastNormalMagnitude)
        let wanted = max(least, (Double(high) - Double(low)) / Self.largest)
        var exact = Double(sign: .plus, exponent: wanted.exponent, significand: 1)
        // The base lies up to a step below the smallest number.
        while (Double(high) - (Double(low) / exact).rounded(.down) * exact) / exact > Self.largest { exact *= 2 }
        step = Float(exact)
        base = Float((Double(low) / exact).rounded(.down) * exact)
    }

    package func number(of value: Float) -> UInt16 {
        if value.isNaN { return Self.none }
        if step == 0 { return 0 }
        return UInt16(max(0, min(Self.largest, ((Double(value) - Double(base)) / Double(step)).rounded())))
    }

    /// The same for many at once: the step is a power of two, so that its inverse is exact, too.
    func write(_ values: UnsafeBufferPointer<Float>, to numbers: UnsafeMutablePointer<UInt16>) {
        let (base, inverse) = (Double(base), step == 0 ? 0 : 1 / Double(step))
        for (i, value) in values.enumerated() {
            let place = (Double(value) - base) * inverse
            numbers[i] = value.isNaN ? Self.none : UInt16(max(0, min(Self.largest, place)) + 0.5)
        }
    }

    func read<Scalar: BinaryFloatingPoint>(
        _ numbers: UnsafePointer<UInt16>, count: Int, to values: UnsafeMutablePointer<Scalar>
    ) {
        for i in 0..<count { values[i] = Scalar(value(of: numbers[i])) }
    }

    @inlinable
    package func value(of number: UInt16) -> Float {
        // Beside the largest Float there may be no room for the grid's last number.
        number == Self.none ? .nan : min(base + Float(number) * step, .greatestFiniteMagnitude)
    }

    /// Whether its numbers are some, as those of every grid that was made for numbers.
    var isFinite: Bool { base.isFinite && step.isFinite && step >= 0 }

    package func encode(into writer: inout StateWriter) {
        writer.write(base.bitPattern)
        writer.write(step.bitPattern)
    }

    package init(from reader: inout StateReader) throws {
        base = Float(bitPattern: try reader.read())
        step = Float(bitPattern: try reader.read())
        guard isFinite else {
            throw StateError.invalid(field: "grid", found: "\(base), \(step)", expected: "finite numbers")
        }
    }
}
