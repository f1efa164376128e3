/// What a range looks like in hindsight.
public struct HindsightVerdicts: Sendable {
    /// For each point one verdict for each channel, point after point.
    public internal(set) var verdicts: [ChannelVerdict] = []
    /// For each point: −log₁₀(tail probability among the range's residuals) / 10, as online; NaN if it has no value.
    public internal(set) var scores: [Double] = []
    /// For each point: whether the score reaches `threshold`.
    public internal(set) var anomalies: [Bool] = []
    /// Score of the probability of a false alarm that was asked for.
    public let threshold: Double

    /// Reads a range with a model.
    ///
    /// It is read `HindsightSettings.rounds` times: what was flagged is hidden from the predictions of the others in
    /// the next round. Apart from what is flagged, the prediction of a point uses nothing of the point.
    ///
    /// - Precondition: the model is for as many channels as the series has.
    public init(
        _ series: HindsightSeries, model: HindsightModel, score: ScoreSettings,
        parallel: HindsightSettings.Parallel
    ) {
        precondition(series.channels == model.channels, "the model is for streams of another width")
        threshold = Detector.score(ofProbability: score.falseAlarmProbability)
        if series.count == 0 { return }
        var frame = HindsightFrame(series, limits: model.limits)
        let prediction = HindsightPrediction(model)
        for round in 0..<HindsightSettings.rounds {
            if round > 0 { frame.withhold(anomalies) }
            judge(series, prediction.predict(frame, parallel: parallel), model.limits, score)
        }
    }

    private mutating func judge(
        _ series: HindsightSeries, _ scaled: [Float], _ limits: [HindsightLimits], _ settings: ScoreSettings
    ) {
        let channels = series.channels
        verdicts = series.values.enumerated().map { i, value in
            let prediction = limits[i % channels].value(of: scaled[i])
            let residual = value - prediction
            let largest = Double.greatestFiniteMagnitude
            return ChannelVerdict(
                value: value, prediction: prediction, lower: .nan, upper: .nan,
                residual: residual.isNaN ? .nan : max(-largest, min(largest, residual)))
        }
        // One channel keeps its own units; several are measured in what is usual for each.
        let spreads = channels == 1 ? [1] : (0..<channels).map { spread(of: $0, channels) }
        let sizes = (0..<series.count).map { point -> Double in
            var size = Double.nan
            for c in 0..<channels {
                let residual = abs(verdicts[point * channels + c].residual)
                if residual.isNaN { continue }
                let relative = channels == 1 ? residual : spreads[c] > 0 ? min(residual / spreads[c], 1e30) : 0
                if !(size >= relative) { size = relative }
            }
            return size
        }
        let ranks = HindsightTail(sizes, settings)
        for i in verdicts.indices {
            let halfWidth = ranks.band * spreads[i % channels]
            if !halfWidth.isFinite { continue }
            verdicts[i].lower = max(-Double.greatestFiniteMagnitude, verdicts[i].prediction - halfWidth)
            verdicts[i].upper = min(Double.greatestFiniteMagnitude, verdicts[i].prediction + halfWidth)
        }
        scores = sizes.map { $0.isNaN ? .nan : Detector.score(ofProbability: ranks.probability(of: $0)) }
        anomalies = scores.map { $0 >= threshold }
    }

    /// Median |residual| of a channel; 0 if it has none.
    private func spread(of channel: Int, _ channels: Int) -> Double {
        let sizes = stride(from: channel, to: verdicts.count, by: channels).lazy.map { abs(verdicts[$0].residual) }
            .filter { !$0.isNaN }.sorted()
        return sizes.isEmpty ? 0 : sizes[sizes.count / 2]
    }
}
