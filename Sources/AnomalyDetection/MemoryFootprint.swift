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
        let network = networkFootprint
        return MemoryFootprint(
            weights: network.weights, moments: network.moments, window: network.window, replay: network.replay,
            sizes: scorer.sizesBytes, seasons: scorer.seasons.bytes,
            rest: MemoryLayout<Scorer>.size + MemoryLayout<OnlineLearner<Float>>.size + MemoryLayout<InputEncoder>.size
                + MemoryLayout<AnomalyTracker>.size + scorer.restBytes + encoder.bytes + ArrayBytes.of(trust))
    }
}
