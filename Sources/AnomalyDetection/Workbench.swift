import RecurrentModel

/// The networks and scratch memory that the detectors of one thread share: one of each for every shape in use.
public final class Workbench {
    typealias Bench = (network: Network<Float>, workspace: Workspace<Float>)
    private var benches: [NetworkShape: Bench] = [:]

    public init() {}

    func bench(for shape: NetworkShape) -> Bench {
        if let bench = benches[shape] { return bench }
        let network = Network<Float>(shape)
        let bench = (network, Workspace(for: network))
        benches[shape] = bench
        return bench
    }
}
