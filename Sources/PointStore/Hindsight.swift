public import AnomalyDetection

/// What a point looks like to a model that knows what came after it.
public struct StoredHindsight: Sendable, Equatable {
    /// On the scale of ``StoredPoint/score``; NaN if the point was not scored.
    public var score: Double
    /// Whether the score reached the threshold of its run.
    public var isAnomaly: Bool
    /// One prediction for each channel, in order, made from the points before and after. NaN stands for "none".
    public var predictions: [Double]

    public init(score: Double, isAnomaly: Bool, predictions: [Double]) {
        self.score = score
        self.isAnomaly = isAnomaly
        self.predictions = predictions
    }
}

/// One reading of a range of one stream in hindsight.
public struct HindsightRun: Sendable, Equatable {
    /// When it is stored, in microseconds since 1970.
    public var made: Int64
    /// Times of the first and the last point of the range.
    public var first: Int64
    public var last: Int64
    /// Score from which points are flagged, 0…1.
    public var threshold: Double
    /// What the points were predicted with, for people; at most ``longestModel`` bytes.
    public var model: String

    /// Bytes of the longest description of a model.
    public static let longestModel = 500

    public init(made: Int64, first: Int64, last: Int64, threshold: Double, model: String) {
        self.made = made
        self.first = first
        self.last = last
        self.threshold = threshold
        self.model = model
    }
}

/// Some consecutive points of a run, which are stored together. They replace all hindsight of the stream from `from` to
/// `to`, of whichever run.
public struct HindsightPiece: Sendable, Equatable {
    /// The run that a piece belongs to.
    public enum Run: Sendable, Equatable {
        /// The piece is the first one of a run.
        case new(HindsightRun)
        /// The number that storing the run's first piece gave.
        case begun(Int64)
    }

    public var stream: Int32
    public var run: Run
    /// First and last time whose earlier hindsight is replaced, in microseconds since 1970.
    public var from: Int64
    public var to: Int64
    /// Of each point, within `from...to` and ascending. Each is that of a stored point.
    public var times: [Int64] = []
    /// Of each point: 0…1, or NaN if it was not scored.
    public var scores: [Double] = []
    public var anomalies: [Bool] = []
    /// For each point one verdict for each channel of the stream, point after point. Their values are not stored.
    public var verdicts: [ChannelVerdict] = []

    public init(stream: Int32, run: Run, from: Int64, to: Int64) {
        self.stream = stream
        self.run = run
        self.from = from
        self.to = to
    }

    /// What is wrong with it, whatever the database holds; nil if nothing is.
    var fault: String? {
        let count = times.count
        if count == 0 { return "it has no points" }
        if scores.count != count || anomalies.count != count {
            return "it has \(count) times, \(scores.count) scores and \(anomalies.count) flags"
        }
        if !zip(times, times.dropFirst()).allSatisfy({ $0 < $1 }) { return "its times do not ascend" }
        if times[0] < from || times[count - 1] > to { return "it has points outside the range that it replaces" }
        if !scores.allSatisfy({ $0.isNaN || (0...1).contains($0) }) { return "it has a score outside 0 to 1" }
        let isFinite = verdicts.allSatisfy {
            !($0.prediction.isInfinite || $0.lower.isInfinite || $0.upper.isInfinite || $0.residual.isInfinite)
        }
        if !isFinite { return "it has an infinite number" }
        guard case .new(let run) = run else { return nil }
        if run.first > from || run.last < to { return "it replaces more than the range of its run" }
        if !(0...1).contains(run.threshold) { return "its threshold is outside 0 to 1" }
        if run.model.utf8.count > HindsightRun.longestModel {
            return "the description of its model is longer than \(HindsightRun.longestModel) bytes"
        }
        return nil
    }
}
