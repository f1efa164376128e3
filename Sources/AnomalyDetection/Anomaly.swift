/// What a point did to its stream's anomaly.
public enum AnomalyChange: UInt8, Sendable {
    case none, opened, extended, closed
}

/// Flagged points that belong together. Within a stream, `startSequence` identifies it.
public struct Anomaly: Sendable, Equatable {
    /// Sequence number of the first flagged point.
    public var startSequence: Int64
    /// Times of the first, the last and the worst flagged point, in microseconds since 1970.
    public var start: Int64
    public var end: Int64
    public var peak: Int64
    /// Score of the worst point, and the channel that stood out most at it.
    public var peakScore: Double
    public var peakChannel: Int
    /// Value and prediction of that channel at the worst point.
    public var peakValue: Double
    public var peakPrediction: Double
    /// What speaks for it, at the worst point, and how much of that each channel says: shares of 1.
    public var evidence: PointFlags
    public var attribution: [Float]
    /// How many points were flagged.
    public var points: Int64
    /// False once `quietPoints` ordinary points have followed.
    public var isOpen: Bool

    public init(
        startSequence: Int64, start: Int64, end: Int64, peak: Int64, peakScore: Double, peakChannel: Int,
        peakValue: Double, peakPrediction: Double, evidence: PointFlags = [], attribution: [Float] = [], points: Int64,
        isOpen: Bool
    ) {
        self.startSequence = startSequence
        self.start = start
        self.end = end
        self.peak = peak
        self.peakScore = peakScore
        self.peakChannel = peakChannel
        self.peakValue = peakValue
        self.peakPrediction = peakPrediction
        self.evidence = evidence
        self.attribution = attribution
        self.points = points
        self.isOpen = isOpen
    }
}
