import RecurrentModel

/// The network of one detector: one of its own, or a share in that of a group.
struct DetectorNetwork {
    private final class Own {
        @exclusivity(unchecked) var learner: OnlineLearner<Float>
        let workspace: Workspace<Float>

        init(_ learner: OnlineLearner<Float>, _ workspace: Workspace<Float>) {
            (self.learner, self.workspace) = (learner, workspace)
        }
    }

    private let own: Own?
    let group: GroupLearner<Float>?
    private var member: GroupMember<Float>

    /// - Parameter group: the thread's part of the stream's group; nil: it has a network of its own.
    init(
        _ model: ModelSettings, channels: Int, name: some Sequence<UInt8>, group: GroupLearner<Float>?,
        workbench: Workbench
    ) {
        if let group {
            group.members += 1
            (own, self.group) = (nil, group)
            member = GroupMember(width: group.shared.network.stateWidth)
            return
        }
        let (network, workspace) = workbench.bench(for: model.shape(channels: channels))
        var training = model.training
        // Not the numbers that weights are drawn by.
        var generator = SeededGenerator(seed: model.seed &+ 1, name: name)
        training.phase = Int(generator.next() % UInt64(model.k1))
        let learner = OnlineLearner(
            network, training: training, parameters: ShippedModel.parameters(model, of: network, name: name))
        (own, self.group) = (Own(learner, workspace), nil)
        member = GroupMember(width: 0)
    }

    /// The detector goes.
    func leave() { group?.members -= 1 }

    // MARK: Steps

    /// Feeds one input and returns the output, until the next step of any detector of the workbench.
    ///
    /// - Parameter learns: whether this step may be learned from.
    mutating func step(_ input: [Float], learns: Bool) -> UnsafePointer<Float> {
        if let own { return own.learner.step(input, workspace: own.workspace) }
        stage(input, learns: learns)
        group!.run()
        return output
    }

    /// Puts the step into the batch of the group.
    mutating func stage(_ input: [Float], learns: Bool) { group!.add(&member, input: input, learns: learns) }

    /// What came of it, once the batch was run.
    var output: UnsafePointer<Float> { group!.output(of: member) }

    /// Says what the output should have been.
    ///
    /// - Parameters:
    ///   - updates: false to leave the weights as they are.
    ///   - isAlone: whether this was the only step of its batch.
    mutating func observe(_ target: UnsafePointer<Float>, updates: Bool, isAlone: Bool) {
        if let own { return own.learner.observe(target, workspace: own.workspace, updates: updates) }
        group!.observe(&member, target: target)
        if isAlone { group!.finish() }
    }

    // MARK: What it is

    /// Whether somebody has yet to say what weights it begins with: once for each group.
    func begin() -> Bool { group?.shared.begin() ?? true }

    var parameters: [Float] { own?.learner.parameters ?? group!.shared.parameters }

    /// Goes on with other weights; those of a group are all its streams'.
    func replaceParameters(_ parameters: [Float]) {
        if let own { own.learner.replaceParameters(parameters) } else { group!.shared.replaceParameters(parameters) }
    }

    var training: (gradientNorm: Double, loss: Double, updates: Int64, skipped: Int64) {
        if let own {
            let learner = own.learner
            return (learner.gradientNorm, learner.loss, learner.updates, learner.skippedUpdates)
        }
        let (figures, updates) = (group!.shared.figures, group!.shared.updates)
        return (figures.gradientNorm, figures.loss, updates, figures.skippedUpdates)
    }

    var health: GradientHealth { own?.learner.health ?? group!.shared.figures.health }

    /// Points that its weights have learned from.
    var learnedPoints: Int64 {
        own?.learner.observations ?? group!.shared.figures.windows * Int64(group!.shared.training.k2)
    }

    /// Bytes of what is this detector's alone.
    var footprint: (weights: Int, moments: Int, window: Int, replay: Int) {
        own?.learner.footprint ?? (ArrayBytes.of(member.state), 0, 0, 0)
    }

    // MARK: State

    /// The weights of a group are stored by themselves; see `NetworkGroups.save`.
    func encode(into writer: inout StateWriter) {
        if let own { own.learner.encode(into: &writer) } else { writer.write(member.state) }
    }

    mutating func decode(from reader: inout StateReader) throws {
        if let own { return try own.learner.decode(from: &reader) }
        member = GroupMember(state: try reader.readArray(count: member.state.count, field: "hidden state"))
    }
}

extension ModelSettings {
    /// How its network learns.
    var training: TrainingSettings {
        TrainingSettings(
            k1: k1, k2: k2, rate: learningRate, optimiser: optimiser, loss: loss, clip: clip, clipBy: clipBy,
            replay: replay, moments: .short, enabled: learning)
    }

    /// Whose its network is, for messages.
    var sharedBy: String { sharing == .group ? "group \(group)" : sharing.rawValue }
}
