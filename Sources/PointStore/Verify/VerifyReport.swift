/// What ``StoreVerification`` found.
public struct VerifyReport: Sendable, Equatable, Codable {
    /// What is in the database.
    public var streams = 0
    public var points: Int64 = 0
    /// Values: one for each channel of a point.
    public var values: Int64 = 0
    public var anomalies: Int64 = 0
    public var checkpoints: Int64 = 0
    public var hindsightPoints: Int64 = 0

    /// What is wrong, the first ``mostFindings`` of it.
    public private(set) var findings: [Finding] = []
    /// How much is wrong in all.
    public private(set) var damages = 0

    /// Findings that are kept.
    public static let mostFindings = 100

    /// One thing that is wrong.
    public struct Finding: Sendable, Equatable, Codable {
        public enum Kind: String, Sendable, Codable, CaseIterable {
            /// SQLite's own check of pages, tables and indexes.
            case pages
            /// Frames of the write-ahead log.
            case log
            /// Something that cannot be read.
            case unreadable
            /// Rows of a stream that does not exist.
            case stream
            /// Points that are missing, doubled, out of order or without all of their channels.
            case points
            /// Anomalies that do not refer to points.
            case anomalies
            /// Saved models whose checksum is wrong.
            case checkpoints
            /// Hindsight of points that do not exist, or of no run.
            case hindsight
            /// Roll-ups that say something else than the points that they sum up.
            case rollups
        }

        public var kind: Kind
        /// The name of the stream; nil if it is not about one.
        public var stream: String?
        public var text: String

        public init(kind: Kind, stream: String? = nil, text: String) {
            self.kind = kind
            self.stream = stream
            self.text = text
        }
    }

    public init() {}

    public var isSound: Bool { damages == 0 }

    mutating func add(_ kind: Finding.Kind, stream: String? = nil, _ text: String) {
        damages += 1
        if findings.count < Self.mostFindings { findings.append(Finding(kind: kind, stream: stream, text: text)) }
    }
}
