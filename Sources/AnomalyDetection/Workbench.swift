import RecurrentModel

/// The networks, scratch memory and settings that the detectors of one thread share: one of each for every shape in use.
public final class Workbench {
    typealias Bench = (network: Network<Float>, workspace: Workspace<Float>)
    private var benches: [NetworkShape: Bench] = [:]

    /// The last ones that were asked for.
    private var settings: [SharedSettings] = []
    private static let mostSettings = 64

    public init() {}

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
}
