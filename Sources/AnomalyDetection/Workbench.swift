import RecurrentModel

/// The networks, scratch memory and settings that the detectors of one thread share: one of each for every shape in use, and
/// this thread's part of each group.
public final class Workbench {
    typealias Bench = (network: Network<Float>, workspace: Workspace<Float>)
    private var benches: [NetworkShape: Bench] = [:]
    let groups: NetworkGroups
    /// The learner that steps a group's streams, and the sizes that theirs are ranked among.
    typealias Group = (learner: GroupLearner<Float>, sizes: SizeMemory)
    private var members: [NetworkGroups.Key: Group] = [:]
    /// Among those of the same groups.
    private let number: Int

    /// The last ones that were asked for, and the desks of members of groups.
    private var settings: [SharedSettings] = []
    private var desks: [Desk] = []
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

    /// Where a detector with these settings is worked on: its own, or that of all members of its group with the same ones.
    func desk(_ values: DetectorSettings, channels: Int, name: some Sequence<UInt8>) -> Desk {
        let shared = shared(values)
        let isMember = values.model.sharing == .group
        if isMember, let known = desks.last(where: { $0.shared === shared && $0.channels == channels }) { return known }
        let group = isMember ? group(values.model, channels: channels) : nil
        let network = DetectorNetwork(
            values.model, channels: channels, name: name, group: group?.learner, workbench: self)
        // Not the numbers that weights are drawn by, or by which the network's training is shifted.
        var generator = SeededGenerator(seed: values.model.seed &+ 2, name: name)
        let desk = Desk(
            shared, channels: channels, network: network, sizes: group?.sizes, phase: isMember ? 0 : generator.next())
        if isMember {
            if desks.count == Self.mostSettings { desks.removeFirst() }
            desks.append(desk)
        }
        return desk
    }

    func bench(for shape: NetworkShape) -> Bench {
        if let bench = benches[shape] { return bench }
        let network = Network<Float>(shape)
        let bench = (network, Workspace(for: network))
        benches[shape] = bench
        return bench
    }

    /// This thread's part of the group of a stream with these settings.
    func group(_ model: ModelSettings, channels: Int) -> Group {
        let key = NetworkGroups.Key(model, channels: channels)
        if let known = members[key] { return known }
        let (network, workspace) = bench(for: key.shape)
        let learner = GroupLearner(groups.weights(key, model, network), workspace: workspace)
        learner.isRecording = !isReplaying
        // Without those of an earlier run they fill within seconds where streams are many.
        let sizes = groups.takeSizes(of: key).flatMap { try? SizeMemory(ofGroup: $0) }
        let group = (learner, sizes ?? SizeMemory(memory: SizeMemory.memoryOfGroup))
        members[key] = group
        return group
    }

    /// Lets `NetworkGroups.save` know what this thread has of each group beside the network.
    public func publish() {
        for (key, group) in members { groups.publish(group.sizes.saved, of: key, by: number) }
    }

    /// True while points are stepped through that groups have learned from before.
    public var isReplaying = false {
        didSet { for group in members.values { group.learner.isRecording = !isReplaying } }
    }
}
