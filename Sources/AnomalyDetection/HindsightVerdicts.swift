/// What a range looks like in hindsight.
public struct HindsightVerdicts: Sendable {
    /// For each point one verdict for each channel, point after point.
    public private(set) var verdicts: [ChannelVerdict] = []
    /// For each point: −log₁₀(tail probability among the range's residuals) / 10, as online; NaN if it has no value.
    public private(set) var scores: [Double] = []
    /// For each point: whether the score reaches `threshold`.
    public private(set) var anomalies: [Bool] = []
    /// Score of the probability of a false alarm that was asked for.
    public let threshold: Double

    /// Reads a range, by the looks of ``HindsightLook``: a point is as strange as those say to which it is stranger, the
    /// near one or the far ones. Its prediction is that of the near one, unless the far ones alone flag it.
    ///
    /// It is read twice: what was flagged the first time is hidden from the others the second time, so that an anomaly
    /// does not make its neighbours look strange. A point is only as strange as it is both times: where a level has
    /// shifted, the points beside the shift are explained by those that were flagged. But for what is hidden, the
    /// prediction of a point uses nothing of the point.
    ///
    /// - Parameter readers: they read all points between them; of one shape and with the same limits.
    /// - Precondition: there is one, and they are for as many channels as the series has.
    public init(
        _ series: HindsightSeries, readers: [HindsightReader], score: ScoreSettings,
        parallel: HindsightSettings.Parallel
    ) {
        precondition(readers.allSatisfy { $0.model.channels == series.channels }, "a model of another width")
        let model = readers[0].model
        threshold = Detector.score(ofProbability: score.falseAlarmProbability)
        if series.count == 0 { return }
        var frame = HindsightFrame(series, limits: model.limits)
        let predictions = readers.map { HindsightPrediction($0) }
        let looks = [[HindsightLook.near], HindsightLook.Side.allCases.map { .far($0, window: model.window) }]
        for reading in 0..<2 {
            if reading == 1 { frame.withhold(anomalies) }
            let judgements = looks.map { kind in
                let scaled = kind.map { look in
                    var scaled = [Float](repeating: 0, count: frame.targets.count)
                    for prediction in predictions {
                        prediction.predict(frame, look, into: &scaled, parallel: parallel)
                    }
                    return scaled
                }
                return HindsightJudgement(series, scaled: scaled, limits: model.limits, score)
            }
            combine(judgements, channels: series.channels)
        }
    }

    private mutating func combine(_ judgements: [HindsightJudgement], channels: Int) {
        let isFirst = scores.isEmpty
        if isFirst {
            verdicts = judgements[0].verdicts
            scores = judgements[0].probabilities.map { $0.isNaN ? .nan : 1 }
        }
        for point in scores.indices where !scores[point].isNaN {
            var best = 0
            for look in judgements.indices.dropFirst()
            where judgements[look].probabilities[point] < judgements[best].probabilities[point] { best = look }
            func score(of look: Int) -> Double {
                // So many looks are as many chances of a false alarm (Bonferroni).
                let probability = judgements[look].probabilities[point] * Double(judgements.count)
                return probability >= 1 ? 0 : Detector.score(ofProbability: probability)
            }
            if !isFirst, scores[point] <= score(of: best) { continue }
            scores[point] = score(of: best)
            let shown = scores[point] >= threshold && score(of: 0) < threshold ? best : 0
            let range = (point * channels)..<((point + 1) * channels)
            verdicts.replaceSubrange(range, with: judgements[shown].verdicts[range])
        }
        anomalies = scores.map { $0 >= threshold }
    }
}

/// What one look says of a range, or some that are taken together.
struct HindsightJudgement {
    /// For each point one verdict for each channel.
    private(set) var verdicts: [ChannelVerdict]
    /// For each point: how rare its residual is; NaN if it has no value.
    private(set) var probabilities: [Double] = []

    /// Each channel's distance of the value from what the looks expected: 0 between two of them. NaN if there is none.
    private var distances: [Double] = []

    /// - Parameter scaled: predictions of each look, (C, points). That of the first look is the verdict's.
    init(_ series: HindsightSeries, scaled: [[Float]], limits: [HindsightLimits], _ settings: ScoreSettings) {
        let channels = series.channels
        let isKnown = (0..<channels).map { c in
            stride(from: c, to: series.values.count, by: channels).contains { !series.values[$0].isNaN }
        }
        verdicts = []
        verdicts.reserveCapacity(series.values.count)
        distances.reserveCapacity(series.values.count)
        for (i, value) in series.values.enumerated() {
            let c = i % channels
            let prediction = isKnown[c] ? limits[c].value(of: scaled[0][i]) : .nan
            var (least, most) = (prediction, prediction)
            for other in scaled.dropFirst() where isKnown[c] {
                least = min(least, limits[c].value(of: other[i]))
                most = max(most, limits[c].value(of: other[i]))
            }
            verdicts.append(
                ChannelVerdict(
                    value: value, prediction: prediction, lower: .nan, upper: .nan,
                    residual: (value - prediction).bounded))
            distances.append(value.isNaN ? .nan : max(0, least - value, value - most).bounded)
        }
        // One channel keeps its own units; several are measured in what is usual for each.
        let spreads = channels == 1 ? [1] : (0..<channels).map { spread(of: $0, channels) }
        let sizes = (0..<series.count).map { point -> Double in
            var size = Double.nan
            for c in 0..<channels {
                let distance = distances[point * channels + c]
                if distance.isNaN { continue }
                let relative = channels == 1 ? distance : spreads[c] > 0 ? min(distance / spreads[c], 1e30) : 0
                if !(size >= relative) { size = relative }
            }
            return size
        }
        let tail = HindsightTail(sizes, settings)
        for i in verdicts.indices {
            let halfWidth = tail.band * spreads[i % channels]
            if !halfWidth.isFinite { continue }
            verdicts[i].lower = (verdicts[i].prediction - halfWidth).bounded
            verdicts[i].upper = (verdicts[i].prediction + halfWidth).bounded
        }
        probabilities = sizes.map { $0.isNaN ? .nan : tail.probability(of: $0) }
    }

    /// Median |residual| of a channel; 0 if it has none.
    private func spread(of channel: Int, _ channels: Int) -> Double {
        let sizes = stride(from: channel, to: verdicts.count, by: channels).map { abs(verdicts[$0].residual) }
            .filter { !$0.isNaN }.sorted()
        return sizes.isEmpty ? 0 : sizes[sizes.count / 2]
    }
}
