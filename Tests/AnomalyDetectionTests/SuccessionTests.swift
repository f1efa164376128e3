import AnomalyDetection
import RecurrentModel
import Testing

/// One detector takes the place of another one of the same stream.
@Suite struct SuccessionTests {
    private static func value(_ t: Int) -> Double {
        var random = SeededGenerator(seed: UInt64(t))
        return wave(t, &random)
    }

    /// Points that far apart: one a minute.
    @discardableResult
    private static func run(_ probe: inout Probe, _ points: Range<Int>, plus: Double = 0) -> [PointVerdict] {
        points.map { probe.take([value($0) + plus], at: Int64($0) * 60_000_000) }
    }

    /// A detector that begins anew is, but for its numbers, the one of a new stream.
    @Test func itBeginsAnew() throws {
        var probe = Probe()
        Self.run(&probe, 0..<900)
        let old = probe.detector
        old.take(.freeze)
        old.take(.label(Feedback.Label(anomaly: 800, kind: .spike, score: 0.5, isTrue: false)))
        let anew = Probe().detector
        anew.begin(inPlaceOf: old)
        #expect(anew.sequence == 900 && anew.newestTime == old.newestTime && anew.isWarmingUp)
        #expect(anew.feedback.isFrozen && anew.feedback.labels.isEmpty, "what is said of any model stays")
        anew.take(.thaw)
        probe.detector = anew
        var fresh = Probe()
        let verdicts = Self.run(&probe, 900..<1600)
        for (verdict, new) in zip(verdicts, Self.run(&fresh, 900..<1600)) {
            #expect(verdict.sequence == new.sequence + 900 && verdict.score == new.score && verdict.flags == new.flags)
        }
        #expect(probe.detector.parameters == fresh.detector.parameters)
        // And it is saved like any other.
        var copy = Probe()
        try copy.detector.restore(probe.detector.savedState())
        #expect(Self.run(&copy, 1600..<1800) == Self.run(&probe, 1600..<1800))
    }

    @Test func itGoesOnFromAnEarlierState() throws {
        var probe = Probe()
        Self.run(&probe, 0..<900)
        let kept = probe.detector.savedState()
        let parameters = probe.detector.parameters
        // Another world, at its end a spike: an anomaly that is open.
        Self.run(&probe, 900..<1500, plus: 40)
        _ = probe.take([400], at: 1500 * 60_000_000)
        let old = probe.detector
        let open = try #require(old.anomaly)
        #expect(open.isOpen && old.parameters != parameters)

        let back = Probe().detector
        try back.restore(kept, inPlaceOf: old)
        #expect(back.sequence == 1501 && back.newestTime == old.newestTime && !back.isWarmingUp)
        #expect(back.parameters == parameters && back.anomaly == open)
        // The last value is known: no surprise comes of a stream that is elsewhere by now.
        probe.detector = back
        var verdicts = [ChannelVerdict]()
        for t in 1501..<1511 {
            _ = probe.take([400 + Self.value(t)], at: Int64(t) * 60_000_000)
            verdicts.append(probe.verdicts[0])
        }
        #expect(verdicts.allSatisfy { abs($0.prediction - 400) < 2 }, "\(verdicts.map(\.prediction))")
    }

    /// A replay may do it again.
    @Test func twiceIsOnce() throws {
        var probe = Probe()
        Self.run(&probe, 0..<700)
        let kept = probe.detector.savedState()
        Self.run(&probe, 700..<1000, plus: 3)
        let (once, twice) = (Probe().detector, Probe().detector)
        try once.restore(kept, inPlaceOf: probe.detector)
        try twice.restore(kept, inPlaceOf: once)
        #expect(once.savedState() == twice.savedState())
        let (anew, again) = (Probe().detector, Probe().detector)
        anew.begin(inPlaceOf: once)
        again.begin(inPlaceOf: anew)
        #expect(anew.savedState() == again.savedState())
        // Right after a new beginning no last value is known.
        let (first, second) = (Probe().detector, Probe().detector)
        try first.restore(kept, inPlaceOf: anew)
        try second.restore(kept, inPlaceOf: first)
        #expect(first.savedState() == second.savedState() && first.savedState() != once.savedState())
    }

    /// Points that the model has not seen move its season on: the same place of it comes where it came before.
    @Test func theSeasonStaysInPlace() throws {
        func verdicts(missing: Int) throws -> [PointVerdict] {
            var probe = Probe()
            Self.run(&probe, 0..<1500)
            let kept = probe.detector.savedState()
            Self.run(&probe, 1500..<(1500 + missing))
            let back = Probe().detector
            try back.restore(kept, inPlaceOf: probe.detector)
            probe.detector = back
            return Self.run(&probe, (1500 + missing)..<2400)
        }
        // 25 of the 50 points of a season: half a season off would be flagged all over.
        for missing in [25, 175] {
            #expect(try verdicts(missing: missing).count { $0.flags.contains(.anomaly) } <= 3)
        }
    }

    @Test func whatDoesNotFitIsRefused() throws {
        var probe = Probe()
        Self.run(&probe, 0..<300)
        var settings = DetectorSettings()
        settings.model.hidden = 8
        let other = Probe(settings).detector
        let before = probe.detector.savedState()
        #expect(throws: StateError.self) { try other.restore(before, inPlaceOf: probe.detector) }
        #expect(probe.detector.savedState() == before)
    }
}
