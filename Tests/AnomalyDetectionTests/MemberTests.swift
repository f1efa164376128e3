import AnomalyDetection
import RecurrentModel
import Testing

/// Members of a group that are worked on one after the other at the same place: nothing of one shows at another.
@Suite struct MemberTests {
    private static let settings: DetectorSettings = {
        var settings = DetectorSettings()
        settings.model.sharing = .group
        settings.model.hidden = 8
        // What they learn together would tell of the others.
        settings.model.learning = false
        return settings
    }()

    private static func detector(_ workbench: Workbench, channels: Int = 1) -> Detector {
        Detector(settings, channels: channels, name: "a".utf8, workbench: workbench)
    }

    private static func value(_ t: Int, _ stream: Int) -> Double {
        let scale = [1, 1e-200, 1e200, 1e9][stream % 4]
        // Each has a spike of its own, and the second nothing but one value for a while.
        if t % 400 == 300 + 20 * stream { return 9 * scale }
        if stream == 1, (500..<540).contains(t) { return scale }
        return scale * (Double((t * 7919 + stream * 104_729) % 100) / 100 + (t % 20 < 10 ? 1 : 0))
    }

    private static func step(_ detector: Detector, _ t: Int, _ stream: Int) -> (PointVerdict, ChannelVerdict) {
        var verdicts = Array(
            repeating: ChannelVerdict(value: 0, prediction: 0, lower: 0, upper: 0, residual: 0),
            count: detector.channels)
        let values = (0..<detector.channels).map { value(t, stream + $0) }
        let verdict = values.withUnsafeBufferPointer { values in
            verdicts.withUnsafeMutableBufferPointer {
                detector.step(time: Int64(t + 1) * 1_000_000, values: values, verdicts: $0)
            }
        }
        return (verdict, verdicts[0])
    }

    /// What befalls some of them.
    private static func befall(_ detector: Detector, _ t: Int, _ stream: Int) {
        switch (t, stream) {
        case (310, 0), (330, 2):
            guard let anomaly = detector.anomaly else { return }
            detector.take(
                .label(
                    Feedback.Label(
                        anomaly: anomaly.startSequence, kind: .spike, score: anomaly.peakScore, isTrue: false,
                        shape: [0, 0, 0, 0, 0, 0, 0, 8])))
        case (350, 1): detector.take(.exclude(.init(since: 360_000_000, until: 380_000_000)))
        case (400, 2): detector.take(.rule(.direction(.above)))
        case (420, 0): detector.take(.freeze)
        case (600, 0): detector.take(.thaw)
        case (650, 3): _ = detector.fallSilent()
        default: break
        }
    }

    private static func isSame(_ a: (PointVerdict, ChannelVerdict), _ b: (PointVerdict, ChannelVerdict)) -> Bool {
        a.0.score == b.0.score && a.0.flags == b.0.flags && a.0.change == b.0.change
            && a.1.prediction.bitPattern == b.1.prediction.bitPattern && a.1.lower.bitPattern == b.1.lower.bitPattern
    }

    /// Alone, each keeps for itself what new sizes are ranked among; that is what a group has in common. So the others here
    /// only get on and off the desk.
    @Test(arguments: 0..<4) func othersLeaveNoTrace(stream: Int) throws {
        let (one, other) = (Workbench(), Workbench())
        let (alone, among) = (Self.detector(one), Self.detector(other))
        let rest = (0..<3).map { _ in Self.detector(other) }
        var found = 0
        for t in 0..<900 {
            for (i, detector) in rest.enumerated() {
                Self.befall(detector, t, (stream + 1 + i) % 4)
                _ = (detector.anomaly, detector.longestSilence, detector.footprint, detector.savedState())
            }
            Self.befall(alone, t, stream)
            Self.befall(among, t, stream)
            let said = Self.step(alone, t, stream)
            found += said.0.change == .opened ? 1 : 0
            #expect(Self.isSame(said, Self.step(among, t, stream)), "point \(t)")
        }
        #expect(
            found > 0 && "\(alone.anomaly, default: "none")" == "\(among.anomaly, default: "none")"
                && alone.feedback == among.feedback)
        #expect(alone.savedState() == among.savedState())
    }

    /// Whatever there is of a member, its state goes on bit for bit: at any point, with anomalies open and over, and
    /// feedback.
    @Test(arguments: 0..<4, [1, 3]) func aStateGoesOn(stream: Int, channels: Int) throws {
        let detector = Self.detector(Workbench(), channels: channels)
        for t in 0..<700 {
            Self.befall(detector, t, stream)
            _ = Self.step(detector, t, stream)
            guard t % 7 == 0 else { continue }
            let state = detector.savedState()
            let again = Self.detector(Workbench(), channels: channels)
            // A desk on which something lies already.
            _ = Self.step(again, 0, 3)
            #expect(try again.restore(state))
            #expect(again.savedState() == state, "point \(t)")
            // As text, as NaN is no other NaN: an anomaly of silence has no value.
            #expect("\(again.anomaly, default: "none")" == "\(detector.anomaly, default: "none")")
            #expect(again.feedback == detector.feedback)
        }
    }

    /// A state that cannot be used does no harm to others.
    @Test func aDamagedStateLeavesNoTrace() throws {
        let workbench = Workbench()
        let (good, bad) = (Self.detector(workbench), Self.detector(workbench))
        for t in 0..<300 {
            Self.befall(good, t, 0)
            _ = Self.step(good, t, 0)
        }
        good.take(.freeze)
        let state = good.savedState()
        #expect(throws: StateError.self) { try bad.restore(Array(state.dropLast(2))) }
        #expect(good.savedState() == state)
        let new = Self.detector(workbench)
        #expect(!new.feedback.isFrozen && new.savedState() == Self.detector(Workbench()).savedState())
    }

    /// What a stream begins anew with, or goes back to, is as with a network of its own.
    @Test func oneTakesThePlaceOfAnother() throws {
        let workbench = Workbench()
        let old = Self.detector(workbench)
        for t in 0..<330 {
            Self.befall(old, t, 0)
            _ = Self.step(old, t, 0)
        }
        let early = old.savedState()
        for t in 330..<350 { _ = Self.step(old, t, 0) }
        let new = Self.detector(workbench)
        new.begin(inPlaceOf: old)
        #expect(new.anomaly == old.anomaly && new.sequence == 350 && new.isWarmingUp && new.feedback.labels.isEmpty)
        let back = Self.detector(workbench)
        try back.restore(early, inPlaceOf: old)
        #expect(back.anomaly == old.anomaly && back.sequence == 350 && back.feedback == old.feedback)
        #expect(!back.isWarmingUp && back.newestTime == old.newestTime)
    }

    @Test func itIsSmall() {
        let workbench = Workbench()
        let detectors = (0..<4).map { _ in Self.detector(workbench) }
        for t in 0..<1000 { for (i, detector) in detectors.enumerated() { _ = Self.step(detector, t, i) } }
        for detector in detectors {
            let footprint = detector.footprint
            #expect(footprint.weights == 16 && footprint.rest < 500, "\(footprint)")
        }
    }

    /// Half the bits are a number of the same size, whatever size that is; and short already, it stays.
    @Test func aShortNumberIsNearlyTheSame() {
        for exponent in stride(from: -1022, through: 1023, by: 31) {
            for significand in [1.0, 1.000_000_1, 1.5, 1.987_654_321, 1.999_999_999] {
                let number = Double(sign: .minus, exponent: exponent, significand: significand)
                let short = ShortDouble.value(of: ShortDouble.bits(of: number))
                #expect(abs(short / number - 1) < 0x1p-20, "\(number), \(short)")
                #expect(ShortDouble.bits(of: short) == ShortDouble.bits(of: number))
            }
        }
        for number in [0, .infinity, -.infinity, 1, -0.5, 4096] {
            #expect(ShortDouble.value(of: ShortDouble.bits(of: number)) == number)
        }
        let largest = ShortDouble.value(of: ShortDouble.bits(of: .greatestFiniteMagnitude))
        #expect(largest.isFinite && largest > 1e308)
        #expect(ShortDouble.value(of: ShortDouble.bits(of: .nan)).isNaN)
        #expect(ShortDouble.value(of: ShortDouble.bits(of: Double(bitPattern: 0x7ff0_0000_0000_0001))).isNaN)
    }
}
