/// What a salvage brought over, and what was lost.
public struct SalvageReport: Sendable, Equatable, Codable {
    /// Pages of the damaged file, and those that the disk did not give.
    public var pages = 0
    public var unreadablePages = 0
    /// Rows that were found damaged, in whatever table; rows of pages that are overwritten are not among them.
    public var damagedRows = 0
    /// Frames of the write-ahead log that were found damaged.
    public var damagedFrames = 0

    /// What is in the new file.
    public var streams = 0
    public var points: Int64 = 0
    /// Values: one for each channel of a point.
    public var values: Int64 = 0
    public var anomalies = 0
    public var checkpoints = 0
    public var hindsightPoints: Int64 = 0

    /// Streams whose name is lost; they are called `salvaged.stream.NUMBER`.
    public var namelessStreams = 0
    /// Checkpoints that were found and cannot be used.
    public var damagedCheckpoints = 0
    /// Streams that have no checkpoint: their models begin anew, with the points that are there.
    public var streamsWithoutCheckpoint = 0
    /// Anomalies of which no point is left, and those that are shortened to the points that are left.
    public var lostAnomalies = 0
    public var shortenedAnomalies = 0
    /// Streams of which points are lost, by name.
    public var losses: [Loss] = []

    /// Points that a stream has lost.
    public struct Loss: Sendable, Equatable, Codable {
        public var stream: String
        /// As the numbers of those before and after them tell.
        public var points: Int64
        /// Points that are there, but not with all of their values.
        public var incompletePoints: Int64

        public init(stream: String, points: Int64, incompletePoints: Int64) {
            self.stream = stream
            self.points = points
            self.incompletePoints = incompletePoints
        }
    }

    public init() {}

    /// Whether everything that was ever stored seems to be there.
    public var isComplete: Bool {
        unreadablePages == 0 && damagedRows == 0 && damagedFrames == 0 && namelessStreams == 0
            && damagedCheckpoints == 0 && lostAnomalies == 0 && shortenedAnomalies == 0 && losses.isEmpty
    }
}
