import AnomalyDetection
import RecurrentModel
import Testing

/// A stream that says nothing more is an anomaly, by the time that its rhythm allows.
@Suite struct SilenceTests {
    private static let minute: Int64 = 60_000_000

    private static func probe(points: Int, settings: DetectorSettings = .init()) -> Probe {
        var probe = Probe(settings)
        var random = SeededGenerator(seed: 3)
        // A point a minute, with one gap of ten minutes.
        for t in 0..<points { _ = probe.take([random.normal()], at: (Int64(t) + (t > 300 ? 9 : 0)) * minute) }
        return probe
    }

    @Test func itIsToldOnceAndEndsWithTheNextPoints() throws {
        var probe = Self.probe(points: 1000)
        let detector = probe.detector
        let silence = try #require(detector.longestSilence)
        #expect(silence >= 20 * Self.minute && silence < 3 * 60 * Self.minute, "twice as long as ever: \(silence)")
        let newest = detector.newestTime
        #expect(detector.fallSilent() == .opened)
        let anomaly = try #require(detector.anomaly)
        #expect(anomaly.start == newest + silence && anomaly.evidence.kind == .gap && anomaly.isOpen)
        #expect(anomaly.points == 0 && anomaly.startSequence == 1001 && anomaly.peakScore >= 0.33)
        #expect(detector.isSilent && detector.longestSilence == nil)
        #expect(detector.fallSilent() == .none, "it has been told")
        var random = SeededGenerator(seed: 9)
        for t in 1...20 { _ = probe.take([random.normal()], at: newest + 2 * silence + Int64(t) * Self.minute) }
        #expect(detector.anomaly?.startSequence == 1001 && detector.anomaly?.isOpen == false)
        #expect(try #require(detector.longestSilence) > 2 * silence, "it has been silent for that long before")
    }

    @Test func whatHasNoRhythmIsNeverSilent() {
        #expect(Probe().detector.longestSilence == nil)
        #expect(Self.probe(points: 40).detector.longestSilence == nil, "too few points")
        var settings = DetectorSettings()
        settings.score.gap = false
        #expect(Self.probe(points: 1000, settings: settings).detector.longestSilence == nil)
        var irregular = Probe()
        var random = SeededGenerator(seed: 3)
        var time: Int64 = 0
        for _ in 0..<1000 {
            time += 1 + Int64(random.uniform() * 1e9)
            _ = irregular.take([0], at: time)
        }
        #expect(irregular.detector.longestSilence == nil && irregular.detector.fallSilent() == .none)
    }

    /// The state says whether it has been told, so that a replay does not tell it again.
    @Test func itIsPartOfTheState() throws {
        var probe = Self.probe(points: 1000)
        _ = probe.detector.fallSilent()
        var copy = Probe()
        try copy.detector.restore(probe.detector.savedState())
        #expect(copy.detector.isSilent && copy.detector.fallSilent() == .none)
        // Value and prediction are NaN, which is not equal to itself.
        #expect("\(copy.detector.anomaly as Any)" == "\(probe.detector.anomaly as Any)")
        let next = probe.detector.newestTime + 500 * Self.minute
        #expect(copy.take([0.1], at: next) == probe.take([0.1], at: next))
        #expect(copy.detector.savedState() == probe.detector.savedState())
    }
}
