import RecurrentModel

/// The networks, scratch memory and settings that the detectors of one thread share: one of each for every shape in use, and
/// this thread's part of each group.
public final class Workbench {
    typealias Bench = (network: Network<Float>, workspace: Workspace<Float>)
    private var benches: [NetworkShape: Bench] = [:]
    let groups: NetworkGroups
    private var learners: [NetworkGroups.Key: GroupLearner<Float>] = [:]

    /// The last ones that were asked for.
    private var settings: [SharedSettings] = []
    private static let mostSettings = 64

    /// - Parameter groups: the networks that streams on other threads share, too.
    public init(groups: NetworkGroups = NetworkGroups()) { self.groups = groups }

    /// The same object for equal settings, unless very many others have come in between.
    func shared(_ values: DetectorSettings) -> SharedSettings {
        if let known = settings.last(where: { $0.values == values }) { return known }
        if settings.count == Self.mostSettings { settings.removeFirst() }
        let new = SharedSettings(values)
        settings.append(new)
        return new
    }

    func bench(for shape: NetworkShape) -> Bench {
        if let bench = benches[shape] { return bench }
        let network = Network<Float>(shape)
        let bench = (network, Workspace(for: network))
        benches[shape] = bench
        return bench
    }

    func learner(of key: NetworkGroups.Key, _ model: ModelSettings) -> GroupLearner<Float> {
        if let learner = learners[key] { return learner }
        let (network, workspace) = bench(for: key.shape)
        let learner = GroupLearner(groups.weights(key, model, network), workspace: workspace)
        learners[key] = learner
        return learner
    }

    /// Steps through points that groups have learned from before.
    public func replaying<T>(_ body: () throws -> T) rethrows -> T {
        for learner in learners.values { learner.isRecording = false }
        defer { for learner in learners.values { learner.isRecording = true } }
        return try body()
    }
}
