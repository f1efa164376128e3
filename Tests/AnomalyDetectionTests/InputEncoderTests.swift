import AnomalyDetection
import Testing

@Suite struct InputEncoderTests {
    /// Worked out by hand: range 10…30, so that a unit is 10.
    @Test(arguments: [PredictionTarget.change, .value])
    func valuesAndChangesAreInUnitsOfHalfTheRange(_ meaning: PredictionTarget) {
        var encoder = InputEncoder(ranges: [10...30], meaning: meaning)
        #expect(encoder.input == [0, 0] && encoder.target(20, channel: 0).isNaN, "nothing was seen yet")
        encoder.observe(25, channel: 0)
        #expect(encoder.input == [0.5, 0], "the first value is no change")
        #expect(encoder.target(15, channel: 0) == (meaning == .change ? -1 : -0.5))
        #expect(encoder.target(.nan, channel: 0).isNaN)
        encoder.observe(15, channel: 0)
        #expect(encoder.input == [-0.5, -1])
        #expect(encoder.target(1e300, channel: 0) == 4 && encoder.target(-1e300, channel: 0) == -4)
    }

    /// What lies outside of a range that is known widens it, as it does online.
    @Test func aKnownRangeWidens() {
        var encoder = InputEncoder(ranges: [10...30, 0...1], meaning: .value)
        encoder.observe(50, channel: 0)
        encoder.observe(0.25, channel: 1)
        #expect(encoder.input == [1, 0, -0.5, 0])
        encoder.observe(30, channel: 0)
        #expect(encoder.input == [0, -1, -0.5, 0], "a unit is 20 now, and the other channel has its own")
    }

    /// Training beforehand knows the range at once, the detector learns it: from when it knows, they see the same.
    @Test(arguments: [PredictionTarget.change, .value])
    func bothWaysSeeTheSame(_ meaning: PredictionTarget) {
        var online = InputEncoder(channels: 1, meaning: meaning, rangeHalfLife: 0)
        var offline = InputEncoder(ranges: [-3...8], meaning: meaning)
        for (row, value) in [8, -3, 4.5, 0.1, 7.9, -2.2, 8, -3].enumerated() {
            if row >= 2 {
                #expect(online.input == offline.input)
                #expect(online.target(value, channel: 0) == offline.target(value, channel: 0))
            }
            online.observe(value, channel: 0)
            offline.observe(value, channel: 0)
        }
    }
}
