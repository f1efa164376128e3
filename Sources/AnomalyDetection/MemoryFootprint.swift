import RecurrentModel

/// What a detector takes in memory, in bytes, by what it is for. What the allocator adds is left out, some hundred bytes.
public struct MemoryFootprint: Sendable, Equatable, Codable {
    /// The network's weights and its state.
    public var weights: Int
    /// The moments of the optimiser.
    public var moments: Int
    /// The steps that the next update goes back.
    public var window: Int
    /// Earlier windows that are learned from once more.
    public var replay: Int
    /// What residuals, and distances from the season, are ranked among.
    public var sizes: Int
    /// Earlier values, by their places in the season or the day.
    public var seasons: Int
    /// All else.
    public var rest: Int

    public var total: Int { weights + moments + window + replay + sizes + seasons + rest }
}

extension Detector {
    /// What it takes in memory now.
    public var footprint: MemoryFootprint {
        let desk = known
        guard let network = desk.network.footprint else {
            return MemoryFootprint(
                weights: desk.stateBytes, moments: 0, window: 0, replay: 0, sizes: 0, seasons: 0, rest: memberBytes)
        }
        return MemoryFootprint(
            weights: network.weights, moments: network.moments, window: network.window, replay: network.replay,
            sizes: desk.scorer.sizesBytes, seasons: desk.scorer.seasons.bytes,
            rest: MemoryLayout<Scorer>.size + MemoryLayout<OnlineLearner<Float>>.size + MemoryLayout<InputEncoder>.size
                + MemoryLayout<AnomalyTracker>.size + desk.scorer.restBytes + desk.encoder.bytes
                + ArrayBytes.of(desk.trust))
    }
}
