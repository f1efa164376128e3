import AnomalyDetection
import RecurrentModel
import Testing

/// What people order holds until they take it back, and by default nothing is ordered.
@Suite struct StandingOrdersTests {
    private static let minute: Int64 = 60_000_000

    private static func value(_ t: Int) -> Double {
        var random = SeededGenerator(seed: UInt64(t))
        return wave(t, &random)
    }

    /// One point a minute, with something added to some.
    @discardableResult
    private static func run(
        _ probe: inout Probe, _ points: Range<Int>, plus: [Int: Double] = [:], all: Double = 0
    ) -> [PointVerdict] {
        points.map { probe.take([value($0) + all + (plus[$0] ?? 0)], at: Int64($0) * minute) }
    }

    private static func range(_ points: Range<Int>) -> StandingOrders.Exclusion {
        StandingOrders.Exclusion(since: Int64(points.lowerBound) * minute, until: Int64(points.upperBound) * minute)
    }

    private static func flagged(_ verdicts: [PointVerdict]) -> [Int64] {
        verdicts.filter { $0.flags.contains(.anomaly) }.map { $0.sequence - 1 }
    }

    // MARK: Exclusions

    @Test func whatIsExcludedLeavesNoTrace() throws {
        let range = 1000..<1100
        func later(excluding isExcluded: Bool) throws -> (window: [PointVerdict], later: [PointVerdict], Probe) {
            var probe = Probe()
            Self.run(&probe, 0..<1000)
            if isExcluded { probe.detector.take(.exclude(Self.range(range))) }
            let window = Self.run(&probe, range, plus: [1050: 9], all: 6)
            return (window, Self.run(&probe, 1100..<1900, plus: [1800: 5]), probe)
        }
        let (window, after, _) = try later(excluding: true)
        #expect(Self.flagged(window).isEmpty && window.allSatisfy { $0.change != .opened })
        #expect(window.allSatisfy { $0.flags.contains(.excluded) })
        #expect(after.map { $0.flags.contains(.excluded) }.firstIndex(of: false) == 1, "the first one behind it, too")
        #expect(window[0].score > 0.33, "it is scored all the same")
        #expect(Self.flagged(after).contains(1800), "larger values were seen, but left out")
        #expect(Self.flagged(after).count { $0 < 1110 } == 0, "\(Self.flagged(after))")
        // Without it, the range has been learned.
        let (learned, rest, _) = try later(excluding: false)
        #expect(!Self.flagged(learned).isEmpty && !Self.flagged(rest).contains(1800))
    }

    @Test func noWeightMovesMeanwhile() throws {
        var probe = Probe()
        Self.run(&probe, 0..<500)
        probe.detector.take(.exclude(Self.range(500..<800)))
        let parameters = probe.detector.parameters
        Self.run(&probe, 500..<800, all: 20)
        #expect(probe.detector.parameters == parameters)
        Self.run(&probe, 800..<900)
        #expect(probe.detector.parameters != parameters)
    }

    /// The warm-up is for what is learned from.
    @Test func itDoesNotShortenTheWarmup() throws {
        for start in [0, 40] {
            var probe = Probe()
            Self.run(&probe, 0..<start)
            probe.detector.take(.exclude(Self.range(start..<(start + 60))))
            let warming = Self.run(&probe, start..<400).filter { $0.flags.contains(.warmup) }.count
            // The first point behind the range is left out as well.
            #expect(warming == 128 + 61 - start)
        }
    }

    /// Whoever is excluded need not speak: a silence counts from the end of the range.
    @Test func silenceIsExcludedToo() throws {
        var probe = Probe()
        var random = SeededGenerator(seed: 3)
        for t in 0..<1000 { _ = probe.take([random.normal()], at: Int64(t) * Self.minute) }
        let silence = try #require(probe.detector.longestSilence)
        let newest = probe.detector.newestTime
        let state = probe.detector.savedState()
        let range = StandingOrders.Exclusion(since: newest + silence / 2, until: newest + 10 * silence)
        probe.detector.take(.exclude(range))
        #expect(probe.detector.longestSilence == 11 * silence)
        #expect(probe.detector.fallSilent() == .opened)
        #expect(probe.detector.anomaly?.start == newest + 11 * silence)
        // And the first point behind it came no later than it had to.
        var other = Probe()
        try other.detector.restore(state)
        other.detector.take(.exclude(range))
        #expect(!other.take([0.3], at: range.until + Self.minute).flags.contains(.anomaly))
        var told = Probe()
        try told.detector.restore(state)
        #expect(told.take([0.3], at: range.until + Self.minute).flags.kindIsGap)
    }

    @Test func anOpenAnomalyInsideIsClosed() throws {
        var probe = Probe()
        Self.run(&probe, 0..<1001, plus: [1000: 20])
        #expect(probe.detector.anomaly?.isOpen == true)
        probe.detector.take(.exclude(Self.range(0..<500)))
        #expect(probe.detector.anomaly?.isOpen == true, "it is not in that one")
        probe.detector.take(.exclude(Self.range(990..<1001)))
        #expect(probe.detector.anomaly?.isOpen == false)
    }

    @Test func theOldestAreForgotten() {
        var orders = StandingOrders()
        for start in (0..<70).reversed() { orders.take(.exclude(Self.range(start..<(start + 1))), open: nil) }
        #expect(orders.exclusions.count == StandingOrders.mostExclusions)
        #expect(orders.exclusions == (0..<70).suffix(64).map { Self.range($0..<($0 + 1)) }, "those that end last")
        orders.take(.exclude(Self.range(69..<70)), open: nil)
        #expect(orders.exclusions.count == 64, "twice is once")
        for start in 0..<70 { orders.take(.include(Self.range(start..<(start + 1))), open: nil) }
        #expect(orders.isEmpty)
    }

    // MARK: Mutes

    @Test func mutedAnomaliesAreKnown() throws {
        var probe = Probe()
        Self.run(&probe, 0..<1000)
        probe.detector.take(.mute(until: 1200 * Self.minute))
        Self.run(&probe, 1000..<1101, plus: [1100: 20])
        #expect(probe.detector.anomaly?.isOpen == true && probe.detector.isMuted)
        Self.run(&probe, 1101..<1500)
        #expect(probe.detector.feedback.orders.mutedUntil == nil, "its time is over")
        Self.run(&probe, 1500..<1501, plus: [1500: 40])
        #expect(probe.detector.anomaly?.startSequence == 1501 && !probe.detector.isMuted)
        probe.detector.take(.muteAnomaly(1501))
        #expect(probe.detector.isMuted)
        probe.detector.take(.unmuteAnomaly(7))
        #expect(probe.detector.isMuted)
        probe.detector.take(.unmute)
        #expect(!probe.detector.isMuted && probe.detector.feedback.orders.isEmpty)
        // One that is open when its stream is muted is muted with it.
        probe.detector.take(.mute(until: 2000 * Self.minute))
        #expect(probe.detector.isMuted)
    }

    // MARK: Rules

    private static func spikes(_ settings: DetectorSettings = DetectorSettings(), _ rules: ScoreRule...) -> [Int64] {
        var probe = Probe(settings)
        rules.forEach { probe.detector.take(.rule($0)) }
        return flagged(run(&probe, 0..<2000, plus: [1500: 12, 1800: -24])).filter { [1500, 1800].contains($0) }
    }

    @Test func onlyOneDirectionCounts() {
        #expect(Self.spikes() == [1500, 1800])
        #expect(Self.spikes(.init(), .direction(.above)) == [1500])
        #expect(Self.spikes(.init(), .direction(.below)) == [1800])
        #expect(Self.spikes(.init(), .direction(.above), .direction(.both)) == [1500, 1800])
        #expect(Self.spikes(.init(), .direction(.above), .direction(nil)) == [1500, 1800])
    }

    /// Of a level that has shifted, and of one that creeps away.
    @Test(arguments: [DeviationDirection.both, .above, .below]) func alsoOfWhatLasts(_ direction: DeviationDirection) {
        func anomalies(_ change: (Int) -> Double) -> Int {
            var settings = DetectorSettings()
            settings.score.direction = direction
            var probe = Probe(settings)
            return (0..<3000).count { t in
                var random = SeededGenerator(seed: UInt64(t))
                let verdict = probe.take([random.normal() + change(t)], at: Int64(t) * Self.minute)
                return verdict.flags.contains(.anomaly) && t >= 1500
            }
        }
        #expect((anomalies { $0 >= 1500 ? 8 : 0 } > 0) == (direction != .below))
        #expect((anomalies { $0 >= 1500 ? -8 : 0 } > 0) == (direction != .above))
    }

    @Test func smallDeviationsAreNoEvidence() {
        #expect(Self.spikes(.init(), .minDeviation(20)) == [1800])
        #expect(Self.spikes(.init(), .minDeviation(20), .minDeviation(nil)) == [1500, 1800])
        #expect(Self.spikes(.init(), .minRelativeDeviation(1000)) == [])
    }

    /// A value outside is an anomaly: in the warm-up, again and again, and whatever was labelled.
    @Test func theExpectedRange() throws {
        var probe = Probe()
        let range = try #require(ExpectedRange(-3, 3))
        probe.detector.take(.rule(.expectedRange(range)))
        let verdicts = Self.run(&probe, 0..<600, plus: [50: 9, 500: 9, 501: 9, 502: -9])
        for t in [50, 500, 501, 502] {
            #expect(verdicts[t].score == 1 && verdicts[t].flags.isSuperset(of: [.anomaly, .outOfLimits]))
            #expect(verdicts[t].flags.kind == .limit)
        }
        #expect(verdicts[50].flags.contains(.warmup))
        #expect(verdicts.count { $0.flags.contains(.outOfLimits) } == 4)
        #expect(probe.detector.anomaly?.points == 3 && probe.detector.anomaly?.evidence == .outOfLimits)
        // Missing values are outside of nothing, and of several channels it is the one that is outside.
        var wide = Probe(channels: 2)
        wide.detector.take(.rule(.expectedRange(range)))
        #expect(!wide.take(.nan, 1).flags.contains(.anomaly))
        #expect(wide.take(1, 5).flags.contains(.outOfLimits))
        #expect(wide.detector.anomaly?.peakChannel == 1 && wide.detector.anomaly?.attribution == [0, 1])
    }

    /// The configuration's key and the order are the same.
    @Test func setEitherWayTheBitsAreTheSame() throws {
        var settings = DetectorSettings()
        settings.score.direction = .above
        settings.score.minDeviation = 0.2
        settings.score.expectedRange = ExpectedRange(-100, 100)
        var configured = Probe(settings)
        var ordered = Probe()
        for rule in ["direction=above", "min_deviation = 0.2", "expected_range = [-100, 100]"] {
            ordered.detector.take(.rule(try #require(ScoreRule(rule))))
        }
        let plus = [700: 12.0, 900: -14, 1100: 120]
        #expect(Self.run(&configured, 0..<1300, plus: plus) == Self.run(&ordered, 0..<1300, plus: plus))
    }

    @Test func rulesAsText() {
        for text in [
            "min_deviation = 0.5", "min_relative_deviation = 0.01", "direction = \"below\"",
            "expected_range = [-1.0, 2.5]",
            "direction", "expected_range",
        ] { #expect(ScoreRule(text)?.text == text) }
        #expect(ScoreRule("expected_range=[0,100]") == .expectedRange(ExpectedRange(0, 100)))
        for text in [
            "", "rest = 5", "direction = up", "min_deviation = -1", "min_deviation = x", "min_deviation =",
            "expected_range = 5",
            "expected_range = [5]", "expected_range = [5, 1]", "expected_range = [nan, 1]",
            "min_relative_deviation = 2000",
        ] { #expect(ScoreRule(text) == nil, "\(text)") }
    }

    // MARK: State

    @Test func allOfItIsPartOfTheState() throws {
        var probe = Probe()
        Self.run(&probe, 0..<700)
        let plain = probe.detector.savedState()
        let acts: [Feedback.Act] = [
            .exclude(Self.range(900..<950)), .exclude(Self.range(100..<120)), .mute(until: 2000 * Self.minute),
            .muteAnomaly(5), .rule(.direction(.above)), .rule(.expectedRange(ExpectedRange(-50, 50))),
        ]
        acts.forEach(probe.detector.take)
        let state = probe.detector.savedState()
        #expect(state[..<3] == [8, 0, 3])
        var copy = Probe()
        try copy.detector.restore(state)
        #expect(copy.detector.feedback == probe.detector.feedback && copy.detector.savedState() == state)
        acts.forEach(copy.detector.take)
        #expect(copy.detector.savedState() == state, "twice is once")
        let plus = [800: 30.0, 920: 30, 1000: -30, 1100: 60]
        #expect(Self.run(&copy, 700..<1300, plus: plus) == Self.run(&probe, 700..<1300, plus: plus))
        #expect(copy.detector.savedState() == probe.detector.savedState())
        for length in stride(from: plain.count, to: state.count, by: 1) {
            #expect(throws: (any Error).self) { try Probe().detector.restore(Array(state[..<length])) }
        }
        // Once all is taken back, the state is as if nothing had ever been ordered.
        let back = Probe()
        try back.detector.restore(state)
        for act: Feedback.Act in [
            .include(Self.range(900..<950)), .include(Self.range(100..<120)), .unmute, .rule(.direction(nil)),
            .rule(.expectedRange(nil)),
        ] { back.detector.take(act) }
        #expect(back.detector.savedState() == plain)
    }
}

extension PointFlags {
    fileprivate var kindIsGap: Bool { contains(.anomaly) && kind == .gap }
}
