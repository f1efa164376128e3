import RecurrentModel

/// The networks, scratch memory and settings that the detectors of one thread share: one of each for every shape in use, and
/// this thread's part of each group.
public final class Workbench {
    typealias Bench = (network: Network<Float>, workspace: Workspace<Float>)
    private var benches: [NetworkShape: Bench] = [:]
    let groups: NetworkGroups
    private var learners: [NetworkGroups.Key: GroupLearner<Float>] = [:]
    private var sizes: [NetworkGroups.Key: SizeMemory] = [:]
    /// Among those of the same groups.
    private let number: Int

    /// The last ones that were asked for.
    private var settings: [SharedSettings] = []
    private static let mostSettings = 64

    /// - Parameter groups: the networks that streams on other threads share, too.
    public init(groups: NetworkGroups = NetworkGroups()) {
        self.groups = groups
        number = groups.join()
    }

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

    /// The sizes that those of a group's stream are ranked among; nil for a stream that has its own.
    func sizes(_ model: ModelSettings, channels: Int) -> SizeMemory? {
        guard model.sharing == .group else { return nil }
        let key = NetworkGroups.Key(model, channels: channels)
        if let known = sizes[key] { return known }
        let new = SizeMemory(memory: SizeMemory.memoryOfGroup)
        if let saved = groups.takeSizes(of: key) {
            var reader = StateReader(saved)
            do {
                try new.residuals.decode(from: &reader)
                try new.distances.decode(from: &reader)
            } catch {
                // As without any: they fill within seconds where streams are many.
                new.clear()
            }
        }
        sizes[key] = new
        return new
    }

    /// Lets `NetworkGroups.save` know what this thread has of each group beside the network.
    public func publish() {
        for (key, sizes) in sizes {
            var writer = StateWriter()
            sizes.residuals.encode(into: &writer)
            sizes.distances.encode(into: &writer)
            groups.publish(writer.bytes, of: key, by: number)
        }
    }

    /// Steps through points that groups have learned from before.
    public func replaying<T>(_ body: () throws -> T) rethrows -> T {
        for learner in learners.values { learner.isRecording = false }
        defer { for learner in learners.values { learner.isRecording = true } }
        return try body()
    }
}
