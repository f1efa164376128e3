import AnomalyDetection
import RecurrentModel
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

/// What the network can see besides values and changes.
@Suite struct InputFeatureTests {
    private static let minute: Int64 = 60_000_000
    private static let hour = 60 * minute

    private static func encoder(_ change: (inout InputFeatures) -> Void) -> InputEncoder {
        var features = InputFeatures()
        change(&features)
        return InputEncoder(ranges: [0...2], meaning: .change, features: features)
    }

    @Test func widthsAndNames() {
        #expect(InputFeatures().width(channels: 3) == 6 && InputFeatures().names == "value,change")
        var all = InputFeatures()
        all.calendar = true
        all.elapsed = true
        all.season = true
        all.missing = true
        #expect(all.width(channels: 3) == 17 && all.names == "value,change,season,missing,calendar,elapsed")
    }

    @Test func theCalendarIsThatOfTheZone() {
        var encoder = Self.encoder { $0.calendar = true }
        // 1970-01-01 was a Thursday: four hours after midnight in UTC are six in a zone two hours ahead.
        let zone = LocalTime(name: "Test/East", starts: [0], offsets: [2 * Self.hour])
        encoder.prepare(time: 4 * Self.hour, elapsed: 0, usual: 0, zone: zone)
        #expect(abs(encoder.input[2] - 1) < 1e-6 && abs(encoder.input[3]) < 1e-6)
        encoder.prepare(time: 4 * Self.hour + 7 * 24 * Self.hour, elapsed: 0, usual: 0, zone: zone)
        #expect(abs(encoder.input[2] - 1) < 1e-6, "a week later all is the same")
        let week = Array(encoder.input[4...5])
        encoder.prepare(time: 4 * Self.hour + 24 * Self.hour, elapsed: 0, usual: 0, zone: zone)
        #expect(abs(encoder.input[2] - 1) < 1e-6 && Array(encoder.input[4...5]) != week)
        encoder.prepare(time: -20 * Self.hour, elapsed: 0, usual: 0, zone: zone)
        #expect(abs(encoder.input[2] - 1) < 1e-6, "before 1970, too")
    }

    @Test func elapsedTimeIsRelativeToTheUsual() {
        var encoder = Self.encoder { $0.elapsed = true }
        for (elapsed, expected) in [(Self.minute, 0), (4 * Self.minute, 0.5), (1000 * Self.minute, 1), (0, 0)]
            as [(Int64, Float)]
        {
            encoder.prepare(time: 0, elapsed: elapsed, usual: Self.minute, zone: .utc)
            #expect(abs(encoder.input[2] - expected) < 1e-6)
        }
    }

    @Test func theSeasonSaysWhatChangedThen() {
        var encoder = Self.encoder { $0.season = true }
        var seasons = StreamSeasons(channels: 1, zone: .utc)
        // A saw of 24 hours, an hour apart: it is found by its day.
        for t in 0..<100 {
            let time = Int64(t) * Self.hour
            seasons.observe(elapsed: t > 0 ? Self.hour : 0)
            seasons.observe(Double(t % 24) / 12, channel: 0, time: time)
            encoder.observe(Double(t % 24) / 12, channel: 0)
            seasons.prepare(&encoder, time: time + Self.hour, elapsed: Self.hour)
            let next = Double((t + 1) % 24) / 12 - Double(t % 24) / 12
            // Earlier values are kept in 16 bits.
            if t >= 64 { #expect(abs(Double(encoder.input[2]) - max(-2, next)) < 5e-5) }
        }
    }

    /// Streams that began together find their seasons one after the other.
    @Test(arguments: [(0, 256), (1, 257), (31, 287), (32, 256)] as [(UInt64, Int)])
    func theSeasonIsLookedForAtOtherPointsInOtherStreams(_ phase: UInt64, _ expected: Int) {
        var encoder = Self.encoder { $0.season = true }
        var seasons = StreamSeasons(channels: 1, zone: .utc, phase: phase)
        // A saw of 24 seconds, which no day gives away.
        let found = (1...300).first { t in
            let time = Int64(t) * 1_000_000
            seasons.observe(elapsed: t > 1 ? 1_000_000 : 0)
            seasons.observe(Double(t % 24) / 12, channel: 0, time: time)
            encoder.observe(Double(t % 24) / 12, channel: 0)
            seasons.prepare(&encoder, time: time + 1_000_000, elapsed: 1_000_000)
            return encoder.input[2] != 0
        }
        #expect(found == expected)
    }

    @Test func aMissingValueIsMarked() {
        var encoder = Self.encoder { $0.missing = true }
        encoder.observe(1, channel: 0, isMissing: true)
        #expect(encoder.input[2] == 1)
        encoder.observe(1, channel: 0)
        #expect(encoder.input[2] == 0)
    }

    /// All of it at once goes through the detector, learns, and survives a restore bit for bit.
    @Test func detectorsRestoreThem() throws {
        var settings = DetectorSettings()
        settings.model.inputCalendar = true
        settings.model.inputElapsed = true
        settings.model.inputSeason = true
        settings.model.inputMissing = true
        settings.model.timeZone = LocalTime(name: "Test/East", starts: [0, 1], offsets: [0, 2 * Self.hour])
        var probe = Probe(settings, channels: 2)
        var copy = Probe(settings, channels: 2)
        var random = SeededGenerator(seed: 4)
        for t in 0..<1200 {
            if t == 900 { try copy.detector.restore(probe.detector.savedState()) }
            let values = [wave(t, &random), t % 7 == 0 ? .nan : 5 - wave(t, &random)]
            let time = Int64(t) * 10 * Self.minute + Int64(t % 3) * Self.minute
            let verdict = probe.take(values, at: time)
            if t >= 900 { #expect(copy.take(values, at: time) == verdict) }
        }
        #expect(copy.detector.savedState() == probe.detector.savedState())
    }
}
