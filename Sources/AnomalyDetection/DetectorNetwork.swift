import Kernels
import RecurrentModel

/// The network of a detector: one of its own, or that of a group.
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

    /// - Parameter group: the thread's part of the stream's group; nil: it has a network of its own.
    init(
        _ model: ModelSettings, channels: Int, name: some Sequence<UInt8>, group: GroupLearner<Float>?,
        workbench: Workbench
    ) {
        if let group {
            (own, self.group) = (nil, group)
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
    }

    // MARK: Steps

    /// Feeds one input and returns the output, until the next step of any detector of the workbench.
    ///
    /// - Precondition: it is one of the stream's own.
    func step(_ input: [Float]) -> UnsafePointer<Float> { own!.learner.step(input, workspace: own!.workspace) }

    /// Says what the output should have been.
    ///
    /// - Parameter updates: false to leave the weights as they are.
    /// - Precondition: it is one of the stream's own.
    func observe(_ target: UnsafePointer<Float>, updates: Bool) {
        own!.learner.observe(target, workspace: own!.workspace, updates: updates)
    }

    /// Says where the memory lies that each step of a network of the stream's own needs.
    func locate(in map: MemoryMap) {
        guard let own else { return }
        map.add(own)
        own.learner.locate(in: map)
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

    /// Bytes of what is one stream's own; nil of a group.
    var footprint: (weights: Int, moments: Int, window: Int, replay: Int)? { own?.learner.footprint }

    // MARK: State

    /// The weights of a group are stored by themselves; see `NetworkGroups.save`.
    ///
    /// - Precondition: it is one of the stream's own.
    func encode(into writer: inout StateWriter) { own!.learner.encode(into: &writer) }
    func decode(from reader: inout StateReader) throws { try own!.learner.decode(from: &reader) }
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
