import Kernels
import RecurrentModel
import Testing

/// A sequence of a group with a state of its own.
private struct GroupMember {
    var state: [Float]
    var place = GroupPlace()

    init(width: Int) { state = Array(repeating: 0, count: width) }
    init(state: [Float]) { self.state = state }
}

extension GroupLearner<Float> {
    fileprivate func add(_ member: inout GroupMember, input: [Float], learns: Bool) {
        add(&member.place, state: member.state, input: input, learns: learns)
    }

    fileprivate func output(of member: GroupMember) -> UnsafePointer<Float> { output(of: member.place) }

    fileprivate func observe(_ member: inout GroupMember, target: [Float]) {
        observe(&member.place, state: &member.state, target: target)
    }
}

/// Many sequences that share one network.
@Suite struct GroupLearnerTests {
    private static func shape(_ cell: CellKind = .gru, layers: Int = 1, attention: Int = 0) -> NetworkShape {
        NetworkShape(cell: cell, inputs: 2, hidden: 8, layers: layers, outputs: 1, attention: attention)
    }

    private static func parameters(_ network: Network<Float>, seed: UInt64 = 5) -> [Float] {
        var random = SeededGenerator(seed: seed)
        return network.initialParameters(.xavier, using: &random)
    }

    private static func training(k2: Int = 8, rate: Double = 0.01, enabled: Bool = true) -> TrainingSettings {
        TrainingSettings(k1: k2, k2: k2, rate: rate, loss: .huber, enabled: enabled)
    }

    private static func learner(
        _ shape: NetworkShape = shape(), _ training: TrainingSettings = training(), members: Int
    ) -> GroupLearner<Float> {
        let network = Network<Float>(shape)
        let shared = SharedWeights(network, training: training, parameters: parameters(network))
        let learner = GroupLearner(shared, workspace: Workspace(for: network))
        learner.members = members
        return learner
    }

    /// One step of some members, all in one batch.
    private static func step(
        _ learner: GroupLearner<Float>, _ members: inout [GroupMember], _ chosen: [Int], learns: Bool = true,
        input: (Int) -> [Float], target: (Int) -> Float
    ) -> [Float] {
        for i in chosen { learner.add(&members[i], input: input(i), learns: learns) }
        learner.run()
        let outputs = chosen.map { learner.output(of: members[$0])[0] }
        for i in chosen { learner.observe(&members[i], target: [target(i)]) }
        learner.finish()
        return outputs
    }

    /// Batches of any members in any order give each what it would get alone.
    @Test(arguments: [
        shape(.gru), shape(.lstm), shape(.rnn), shape(.gru, layers: 2), shape(.lstm, layers: 2, attention: 3),
    ])
    func aBatchIsManySequences(_ shape: NetworkShape) {
        let count = 40
        let group = Self.learner(shape, Self.training(enabled: false), members: count)
        let network = group.shared.network
        let workspace = Workspace(for: network)
        var members = (0..<count).map { _ in GroupMember(width: network.stateWidth) }
        var alone = (0..<count).map { _ in
            OnlineLearner(network, training: Self.training(enabled: false), parameters: Self.parameters(network))
        }
        var random = SeededGenerator(seed: 1)
        var order = Array(0..<count)
        for _ in 0..<20 {
            random.shuffle(&order)
            let chosen = Array(order.prefix(1 + Int(random.next() % 40)))
            let x = (0..<count).map { _ in [Float(random.normal()), Float(random.normal())] }
            let outputs = Self.step(group, &members, chosen, input: { x[$0] }, target: { _ in 0 })
            for (output, i) in zip(outputs, chosen) {
                let expected = alone[i].step(x[i], workspace: workspace)[0]
                alone[i].observe([0], workspace: workspace)
                #expect(abs(output - expected) < 1e-5)
                #expect(zip(members[i].state, alone[i].state).allSatisfy { abs($0 - $1) < 1e-5 })
            }
        }
        #expect(group.shared.updates == 0)
    }

    /// A group of one learns as a stream with a network of its own does whose windows don't overlap.
    @Test(arguments: [CellKind.gru, .lstm, .rnn]) func aGroupOfOneIsTBPTT(_ cell: CellKind) {
        let group = Self.learner(Self.shape(cell), members: 1)
        let network = group.shared.network
        let workspace = Workspace(for: network)
        var members = [GroupMember(width: network.stateWidth)]
        var alone = OnlineLearner(network, training: Self.training(), parameters: Self.parameters(network))
        var random = SeededGenerator(seed: 2)
        for t in 1...50 {
            let x = [Float(random.normal()), Float(random.normal())]
            let y = t % 7 == 0 ? Float.nan : Float(random.normal())
            let output = Self.step(group, &members, [0], input: { _ in x }, target: { _ in y })[0]
            let expected = alone.step(x, workspace: workspace)[0]
            alone.observe([y], workspace: workspace)
            #expect(abs(output - expected) < 1e-5)
        }
        #expect(group.shared.updates == 6 && alone.updates == 6)
        #expect(zip(group.shared.parameters, alone.parameters).allSatisfy { abs($0 - $1) < 1e-5 })
        #expect(abs(group.shared.figures.loss - alone.loss) < 1e-6)
        #expect(abs(group.shared.figures.gradientNorm - alone.gradientNorm) < 1e-5)
        #expect(group.shared.figures.windows == 6)
        #expect(group.shared.figures.health.steps == 8)
    }

    /// The gradient of a mini-batch is the mean of those of its windows.
    @Test func aMiniBatchIsTheMeanOfItsWindows() {
        var training = Self.training(rate: 1)
        training.optimiser = .sgd
        training.clip = 0
        func change(_ sequences: [Int], members count: Int) -> [Float] {
            let group = Self.learner(Self.shape(), training, members: count)
            var members = sequences.map { _ in GroupMember(width: group.shared.network.stateWidth) }
            let before = group.shared.parameters
            for t in 0..<8 {
                _ = Self.step(
                    group, &members, Array(members.indices),
                    input: { [Float(t * (sequences[$0] + 2) % 5) / 5, Float(sequences[$0]) / 4] },
                    target: { Float((t + sequences[$0]) % 3) / 3 })
            }
            #expect(group.shared.updates == 1)
            return zip(group.shared.parameters, before).map { $0 - $1 }
        }
        let single = (0..<4).map { change([$0], members: 1) }
        let together = change([0, 1, 2, 3], members: 16)
        for i in together.indices {
            let mean = single.reduce(0) { $0 + $1[i] } / 4
            #expect(abs(together[i] - mean) < 1e-5)
        }
    }

    /// What one member shows, all know.
    @Test func allLearnFromSome() {
        let count = 200
        let group = Self.learner(members: count)
        var members = (0..<count).map { _ in GroupMember(width: group.shared.network.stateWidth) }
        func wave(_ t: Int, _ i: Int) -> Float { (t + i * 3) % 10 < 5 ? 0.8 : -0.8 }
        var errors: [Float] = []
        for t in 0..<600 {
            var error: Float = 0
            for begin in stride(from: 0, to: count, by: 50) {
                let chosen = Array(begin..<begin + 50)
                let outputs = Self.step(
                    group, &members, chosen, input: { [wave(t, $0), wave(t, $0) - wave(t - 1 + 10, $0)] },
                    target: { wave(t + 1, $0) })
                for (output, i) in zip(outputs, chosen) { error += abs(output - wave(t + 1, i)) }
            }
            errors.append(error / Float(count))
        }
        let (first, last) = (errors[..<20].reduce(0, +) / 20, errors[580...].reduce(0, +) / 20)
        #expect(last < first / 3, "\(first), then \(last)")
        // 64 of 200 are recorded at a time: in 600 steps about 4,800 windows of 8, and some more as whoever comes after a
        // mini-batch begins at once.
        #expect((4000...6000).contains(group.shared.figures.windows))
    }

    /// Who must not be learned from is not, and who stays away does not keep others from it.
    @Test func seatsAreGivenOn() {
        let group = Self.learner(members: 4)
        var members = (0..<70).map { _ in GroupMember(width: group.shared.network.stateWidth) }
        // All 64 seats are taken by members that never come again.
        _ = Self.step(group, &members, Array(0..<64), input: { _ in [0, 0] }, target: { _ in 0 })
        for _ in 0..<8 {
            _ = Self.step(group, &members, [64], learns: false, input: { _ in [1, 1] }, target: { _ in 0 })
        }
        #expect(group.shared.updates == 0)
        for _ in 0..<16 { _ = Self.step(group, &members, [65], input: { _ in [1, 0] }, target: { _ in 1 }) }
        #expect(group.shared.updates == 0, "nobody has stayed away for long enough")
        for _ in 0..<1500 { _ = Self.step(group, &members, [65], input: { _ in [1, 0] }, target: { _ in 1 }) }
        #expect(group.shared.updates > 10)
        // Whose seat was given on begins another window.
        let updates = group.shared.updates
        for _ in 0..<40 { _ = Self.step(group, &members, [3], input: { _ in [0, 1] }, target: { _ in 1 }) }
        #expect(group.shared.updates > updates)
        // While points are stepped through again, nothing is recorded.
        group.isRecording = false
        for _ in 0..<100 { _ = Self.step(group, &members, [65], input: { _ in [1, 0] }, target: { _ in 1 }) }
        #expect(group.shared.updates <= updates + 6)
    }

    @Test func aGradientThatIsNotFiniteIsLeftOut() {
        let group = Self.learner(members: 1)
        let before = group.shared.parameters
        var members = [GroupMember(width: group.shared.network.stateWidth)]
        for _ in 0..<8 {
            _ = Self.step(group, &members, [0], input: { _ in [.infinity, .nan] }, target: { _ in 1 })
        }
        #expect(group.shared.figures.skippedUpdates == 1 && group.shared.updates == 0)
        #expect(group.shared.parameters == before)
    }

    @Test func savedWeightsGoOn() throws {
        func run(_ group: GroupLearner<Float>, from state: [Float]?, _ steps: Range<Int>) -> [Float] {
            var members = [
                state.map { GroupMember(state: $0) } ?? GroupMember(width: group.shared.network.stateWidth)
            ]
            for t in steps {
                _ = Self.step(
                    group, &members, [0], input: { _ in [Float(t % 5) / 5, 0] }, target: { _ in Float(t % 3) })
            }
            return members[0].state
        }
        let one = Self.learner(members: 1)
        let middle = run(one, from: nil, 0..<40)
        var writer = StateWriter()
        one.shared.encode(into: &writer)
        let other = Self.learner(Self.shape(), members: 1)
        var reader = StateReader(writer.bytes)
        #expect(other.shared.begin(), "nobody has said how it begins")
        try other.shared.decode(from: &reader)
        #expect(reader.isAtEnd && !other.shared.begin())
        #expect(run(one, from: middle, 40..<96) == run(other, from: middle, 40..<96))
        #expect(one.shared.parameters == other.shared.parameters && one.shared.updates == other.shared.updates)

        // Cut off or of another network: an error, and nothing has changed.
        let before = other.shared.parameters
        for length in stride(from: 0, to: writer.bytes.count, by: 97) {
            var reader = StateReader(Array(writer.bytes[..<length]))
            #expect(throws: StateError.self) { try other.shared.decode(from: &reader) }
        }
        let larger = Self.learner(Self.shape(.lstm), members: 1)
        reader = StateReader(writer.bytes)
        #expect(throws: StateError.self) { try larger.shared.decode(from: &reader) }
        #expect(other.shared.parameters == before)
    }

    @Test func otherWeightsReachTheLearner() {
        let group = Self.learner(Self.shape(), Self.training(enabled: false), members: 1)
        var members = [GroupMember(width: group.shared.network.stateWidth)]
        func output() -> Float {
            members[0] = GroupMember(width: group.shared.network.stateWidth)
            return Self.step(group, &members, [0], input: { _ in [1, -1] }, target: { _ in 0 })[0]
        }
        let first = output()
        #expect(output() == first)
        group.shared.replaceParameters(Self.parameters(group.shared.network, seed: 99))
        #expect(output() != first)
    }

    /// Learners on several threads: every gradient is counted once, and weights stay finite.
    @Test func severalThreadsLearnTogether() async {
        let network = Network<Float>(Self.shape())
        let shared = SharedWeights(network, training: Self.training(), parameters: Self.parameters(network))
        await withTaskGroup(of: Void.self) { tasks in
            for thread in 0..<4 {
                tasks.addTask {
                    let learner = GroupLearner(shared, workspace: Workspace(for: network))
                    learner.members = 8
                    var members = (0..<8).map { _ in GroupMember(width: network.stateWidth) }
                    for t in 0..<80 {
                        _ = Self.step(
                            learner, &members, Array(0..<8), input: { [Float((t + $0 + thread) % 7) / 7, 0] },
                            target: { Float((t + 1 + $0 + thread) % 7) / 7 })
                    }
                }
            }
        }
        // Eight members have ten windows each, two in a mini-batch.
        #expect(shared.figures.windows == 4 * 8 * 10 && shared.updates == 4 * 40)
        #expect(shared.parameters.allSatisfy { $0.isFinite })
    }
}
