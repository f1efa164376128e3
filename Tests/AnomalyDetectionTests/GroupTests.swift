import AnomalyDetection
import RecurrentModel
import Testing

/// Detectors that share a network.
@Suite struct GroupTests {
    private static func settings(_ change: (inout DetectorSettings) -> Void = { _ in }) -> DetectorSettings {
        var settings = DetectorSettings()
        settings.model.sharing = .group
        settings.model.group = "web.*"
        settings.model.hidden = 8
        change(&settings)
        return settings
    }

    private static func detectors(
        _ count: Int, _ settings: DetectorSettings, channels: Int = 1, _ workbench: Workbench
    ) -> [Detector] {
        (0..<count).map { Detector(settings, channels: channels, name: "web.\($0)".utf8, workbench: workbench) }
    }

    private static func value(_ t: Int, of stream: Int) -> Double {
        let step = (t + stream) % 20 < 10 ? 3.0 : -3.0
        let noise = Double((t * 7919 + stream * 104_729) % 100) / 500
        return 100 + Double(stream) + step + noise
    }

    /// Steps all through a point each, in batches.
    private static func step(
        _ detectors: [Detector], at t: Int, channels: Int = 1
    ) -> [(PointVerdict, [ChannelVerdict])] {
        let batch = DetectorBatch()
        var said: [(PointVerdict, [ChannelVerdict])] = []
        func run() { batch.step { _, verdict, channels in said.append((verdict, Array(channels))) } }
        for (i, detector) in detectors.enumerated() {
            if batch.isFull { run() }
            let values = (0..<channels).map { value(t, of: i + 100 * $0) }
            values.withUnsafeBufferPointer { batch.add(detector, time: Int64(t + 1) * 1_000_000, values: $0) }
        }
        run()
        return said
    }

    @Test(arguments: [1, 3]) func aBatchSaysWhatEachWouldAlone(channels: Int) {
        let settings = Self.settings { $0.model.learning = false }
        let (one, other) = (Workbench(), Workbench())
        let together = Self.detectors(70, settings, channels: channels, one)
        let alone = Self.detectors(70, settings, channels: channels, other)
        let none = ChannelVerdict(value: 0, prediction: 0, lower: 0, upper: 0, residual: 0)
        var verdicts = Array(repeating: none, count: channels)
        for t in 0..<150 {
            for (i, said) in Self.step(together, at: t, channels: channels).enumerated() {
                let values = (0..<channels).map { Self.value(t, of: i + 100 * $0) }
                let verdict = values.withUnsafeBufferPointer { values in
                    verdicts.withUnsafeMutableBufferPointer {
                        alone[i].step(time: Int64(t + 1) * 1_000_000, values: values, verdicts: $0)
                    }
                }
                #expect(said.0.sequence == verdict.sequence && said.0.flags.isDisjoint(with: .warmup) == (t >= 128))
                for (a, b) in zip(said.1, verdicts) {
                    #expect(a.value == b.value)
                    #expect(a.prediction.isNaN && b.prediction.isNaN || abs(a.prediction - b.prediction) < 1e-3)
                }
            }
        }
        #expect(together[0].parameters == alone[0].parameters)
    }

    /// The network learns what its streams have in common, and a new one finds it.
    @Test func aNewStreamFindsALearnedNetwork() {
        let workbench = Workbench()
        let settings = Self.settings { $0.model.hidden = 16 }
        let detectors = Self.detectors(64, settings, workbench)
        func error(_ said: [(PointVerdict, [ChannelVerdict])]) -> Double {
            said.map { abs($0.1[0].residual) }.filter { !$0.isNaN }.reduce(0, +) / Double(said.count)
        }
        var errors: [Double] = []
        for t in 0..<1200 { errors.append(error(Self.step(detectors, at: t))) }
        #expect(detectors[0].training.updates > 50)
        #expect(detectors[0].health.judgement == .healthy)
        let new = Self.detectors(10, settings, workbench)
        var young: [Double] = []
        for t in 0..<900 { young.append(error(Self.step(new, at: t))) }
        // Once its own range and how far it is to be trusted are known, as well as those who have been there for long.
        let (old, late) = (errors[1100...].reduce(0, +) / 100, young[800...].reduce(0, +) / 100)
        #expect(late < 1.5 * old, "\(late), the others \(old)")
        #expect(old < errors[100..<200].reduce(0, +) / 100 / 2)
    }

    @Test func aSpikeIsFound() {
        let workbench = Workbench()
        let detectors = Self.detectors(30, Self.settings(), workbench)
        for t in 0..<800 { _ = Self.step(detectors, at: t) }
        let batch = DetectorBatch()
        [140.0].withUnsafeBufferPointer { batch.add(detectors[4], time: 801_000_000, values: $0) }
        batch.step { detector, verdict, channels in
            #expect(detector === detectors[4] && verdict.flags.contains(.anomaly))
            #expect(channels.count == 1 && channels[0].value == 140)
        }
        #expect(batch.isEmpty && detectors[4].anomaly?.isOpen == true)
    }

    @Test func savedStatesGoOn() throws {
        // Frozen, as what two groups learn differs by what they have recorded.
        let settings = Self.settings { $0.model.learning = false }
        let groups = NetworkGroups()
        let workbench = Workbench(groups: groups)
        let one = Self.detectors(5, settings, workbench)
        for t in 0..<300 { _ = Self.step(one, at: t) }
        workbench.publish()
        let saved = groups.save()
        #expect(saved.count == 1 && saved[0].name == "web.* gru 2:8x1:1 value,change change huber")
        #expect(groups.save().isEmpty, "nothing has changed since")
        #expect(groups.save(all: true) == saved)

        let other = Self.detectors(5, settings, Workbench(groups: NetworkGroups(saved)))
        for (a, b) in zip(one, other) {
            #expect(try b.restore(a.savedState()))
            #expect(a.savedState().count < 1000)
        }
        for t in 300..<400 {
            for (a, b) in zip(Self.step(one, at: t), Self.step(other, at: t)) {
                #expect(a.0.score == b.0.score && a.1[0].prediction == b.1[0].prediction)
            }
        }
        #expect(zip(one, other).allSatisfy { $0.savedState() == $1.savedState() })
    }

    @Test func aStateTellsItsGroup() throws {
        let groups = NetworkGroups()
        let detector = Self.detectors(1, Self.settings(), Workbench(groups: groups))[0]
        for t in 0..<200 { _ = Self.step([detector], at: t) }
        let state = detector.savedState()
        let stored = Workbench(groups: NetworkGroups(groups.save()))
        let seen = try Detector(lookingInto: state, workbench: stored)
        #expect(seen.group == detector.group && seen.sharesNetwork && seen.parameters == detector.parameters)
        #expect(seen.training == detector.training && seen.savedState() == state)
        // Without the group's network, it is not known what the state is of.
        #expect(throws: StateError.self) { try Detector(lookingInto: state, workbench: Workbench()) }
        for length in state.indices {
            #expect(throws: StateError.self) { try Detector(lookingInto: Array(state[..<length]), workbench: stored) }
        }

        // It is no state for a stream with a network of its own, nor of another group; nor the other way round.
        let own = Detector(
            Self.settings { $0.model.sharing = .perStream }, channels: 1, name: "web.0".utf8, workbench: Workbench())
        #expect(throws: StateError.self) { try own.restore(state) }
        let another = Self.detectors(1, Self.settings { $0.model.group = "db.*" }, Workbench())[0]
        #expect(throws: StateError.self) { try another.restore(state) }
        #expect(throws: StateError.self) { try detector.restore(own.savedState()) }
    }

    /// Only who has the same network can be stepped together; other widths and shapes have another one.
    @Test func everyShapeHasItsNetwork() {
        let groups = NetworkGroups()
        let workbench = Workbench(groups: groups)
        let first = Self.detectors(2, Self.settings(), workbench)
        let wide = Self.detectors(1, Self.settings(), channels: 2, workbench)[0]
        let others = [
            Self.settings { $0.model.hidden = 4 }, Self.settings { $0.model.group = "db.*" },
            Self.settings { $0.model.loss = .mse }, Self.settings { $0.model.inputCalendar = true },
        ].map { Self.detectors(1, $0, workbench)[0] }
        let batch = DetectorBatch()
        #expect(batch.admits(first[0]))
        let used = DetectorBatch()
        [1.0].withUnsafeBufferPointer { used.add(first[0], time: 1, values: $0) }
        #expect(used.admits(first[1]) && !used.admits(wide) && others.allSatisfy { !used.admits($0) })
        #expect(groups.count == 6 && Set(groups.save().map(\.name)).count == 6)
        #expect(first[0].claimBeginning() && !first[1].claimBeginning() && wide.claimBeginning())
        // A stream's own network is its own to begin.
        let own = Self.settings { $0.model.sharing = .perStream }
        #expect(Self.detectors(2, own, workbench).allSatisfy { $0.claimBeginning() && !$0.sharesNetwork })
    }

    /// Damage of what is stored costs what was learned, and nothing else.
    @Test func aDamagedNetworkIsBegunAnew() {
        let groups = NetworkGroups()
        let detector = Self.detectors(1, Self.settings(), Workbench(groups: groups))[0]
        for t in 0..<100 { _ = Self.step([detector], at: t) }
        var saved = groups.save()
        saved[0].state.removeLast(9)
        let again = Self.detectors(1, Self.settings(), Workbench(groups: NetworkGroups(saved)))[0]
        #expect(again.parameters != detector.parameters && again.training.updates == 0)
        #expect(again.parameters == Self.detectors(1, Self.settings(), Workbench())[0].parameters)
    }

    /// What a stream of a group takes is a small part of what one with a network of its own does.
    @Test func aMemberIsSmall() {
        let detector = Self.detectors(1, Self.settings { $0.model.hidden = 32 }, Workbench())[0]
        for t in 0..<1000 { _ = Self.step([detector], at: t) }
        let footprint = detector.footprint
        #expect(footprint.weights < 200 && footprint.moments == 0 && footprint.window == 0 && footprint.replay == 0)
        #expect(footprint.seasons == 0 && footprint.sizes == 0 && footprint.rest < 500)
    }
}
