import AnomalyDetection
import RecurrentModel
import Testing

/// Earlier values in 16 bits each.
@Suite struct ValueRingTests {
    /// Blocks of 32 in every state of filling, against an array that keeps all.
    @Test(arguments: [32, 96, 2048]) func itKeepsTheLast(capacity: Int) {
        var ring = ValueRing(capacity: capacity)
        var all: [Float] = []
        var random = SeededGenerator(seed: 3)
        for t in 0..<(3 * capacity + 50) {
            // Whole numbers, which come back as they were.
            let value = Float(random.next() % 1000) - 500
            ring.append(value)
            all.append(value)
            let wanted = t < capacity ? t + 1 : capacity + (t + 1) % 32
            #expect(ring.count == wanted)
            #expect(ring[back: 1] == value && ring[back: wanted] == all[all.count - wanted])
            if t % 37 == 0 { #expect(ring.values == Array(all.suffix(wanted))) }
        }
        for back in 1...ring.count { #expect(ring[back: back] == all[all.count - back]) }
    }

    /// The error is less than 1/65,000 of what the numbers span, wherever they lie.
    @Test(arguments: [0, 1, -5, 1e4, -1e10, 1e30] as [Float]) func errors(base: Float) {
        var random = SeededGenerator(seed: 7)
        for scale: Float in [1e-20, 1e-3, 1, 77, 1e8] {
            let numbers = (0..<32).map { _ in base + scale * Float(random.normal()) }
            let grid = Grid16(numbers)
            let span = Double(numbers.max() ?? 0) - Double(numbers.min() ?? 0)
            for number in numbers {
                let back = grid.value(of: grid.number(of: number))
                // A Float itself has 24 bits.
                let bound = max(span / 65_000, Double(number.ulp))
                #expect(abs(Double(back) - Double(number)) <= bound, "\(number) in \(base) ± \(scale)")
            }
        }
    }

    @Test func exactNumbers() {
        for numbers in [[0, 0, 0], [3.7, 3.7], [1, 2, 65_000], [-0.25, 0.5, 1000], [.greatestFiniteMagnitude, 0]]
            as [[Float]]
        {
            let grid = Grid16(numbers)
            #expect(numbers.map { grid.value(of: grid.number(of: $0)) } == numbers, "\(numbers)")
        }
        let grid = Grid16([.nan, 1, .nan, 2])
        #expect(grid.number(of: .nan) == Grid16.none && grid.value(of: Grid16.none).isNaN)
        #expect(grid.value(of: grid.number(of: 2)) == 2)
        #expect(Grid16([Float.nan]).step == 0 && Grid16([]).value(of: 0) == 0)
    }
}
