/// Some consecutive hindsight of one stream, to be stored in place of what the stream has from `from` to `to`.
///
/// A run of `anomalyctl rescore` is sent in pieces, because a line has a limit and the daemon's writer has other work,
/// too. Each piece is stored whole or not at all.
public struct HindsightRequest: Sendable, Equatable, Codable {
    /// Name of the stream.
    public var stream: String
    /// The run that the piece belongs to, as the reply to its first piece said; nil in the first piece.
    public var run: Int64?
    /// What is to be known of the run; in the first piece only.
    public var begin: Begin?
    /// First and last time whose earlier hindsight is replaced, in microseconds since 1970.
    public var from: Int64
    public var to: Int64
    /// Of each point; at most `mostNumbers` ÷ channels.
    public var times: [Int64] = []
    /// 0 to 1; null for a point that was not scored.
    public var scores: [Double?] = []
    public var anomalies: [Bool] = []
    /// For each point one number for each channel, point after point; null for none. As many of each kind.
    public var predictions: [Double?] = []
    public var lowers: [Double?] = []
    public var uppers: [Double?] = []
    public var residuals: [Double?] = []

    /// Numbers in `predictions` that one request may hold, so that its line stays well below
    /// `ControlLine.maxLength` (25 bytes at most for each number) and the daemon's event loop is not busy for long.
    public static let mostNumbers = 2000

    /// What is to be known of a run.
    public struct Begin: Sendable, Equatable, Codable {
        /// Times of the first and last point of its range.
        public var first: Int64
        public var last: Int64
        /// Score from which points were flagged, 0 to 1.
        public var threshold: Double
        /// What the points were predicted with, in a few words.
        public var model: String

        public init(first: Int64, last: Int64, threshold: Double, model: String) {
            self.first = first
            self.last = last
            self.threshold = threshold
            self.model = model
        }
    }

    public init(stream: String, run: Int64?, begin: Begin?, from: Int64, to: Int64) {
        self.stream = stream
        self.run = run
        self.begin = begin
        self.from = from
        self.to = to
    }
}

/// The piece is on the disk.
public struct HindsightReply: Sendable, Equatable, Codable {
    /// The run that it belongs to.
    public var run: Int64

    public init(run: Int64) { self.run = run }
}
