/// What is added to a moment before it is cut to 16 bits.
///
/// Adam's second moment moves by a thousandth of itself a step, less than its last bit: rounded to the nearest it would
/// stay where it is for ever. So each step adds another fraction of a whole bit, from 0 to almost 1, at each place: the
/// multiples of a number that no fraction with a small denominator comes near, which lie evenly however long one looks
/// (Weyl 1916). Over some steps all moments come out as they should, with less noise than from random numbers, and the
/// same steps give the same bits everywhere.
public struct MomentDither: Sendable {
    /// From one step to the next, in 1/2³²: the golden ratio for the first moments, √2 for the second ones.
    private static let steps: (first: UInt32, second: UInt32) = (0x9e37_79b9, 0x6a09_e667)

    /// Fractions for the first and the second moment at the first place, in 1/2³².
    public let first: UInt32
    public let second: UInt32
    /// From one place to the next: odd, and not close to a simple fraction.
    public let stride: UInt32 = 0x85eb_ca6b

    /// - Parameter step: number of the optimiser's step.
    public init(step: Int64) {
        let step = UInt32(truncatingIfNeeded: step)
        first = step &* Self.steps.first
        second = step &* Self.steps.second
    }
}
