/// Asks the daemon to delete what its retention no longer keeps and to give all free pages of the database back. That may
/// take long: the answer says after a moment how far it is, and whoever wants to hear more asks again, without `begin`.
public struct VacuumRequest: Sendable, Equatable, Codable {
    /// Begin, unless it goes on already; false to ask how far it is only.
    public var begin: Bool

    public init(begin: Bool) { self.begin = begin }
}

/// How far it is.
public struct VacuumReply: Sendable, Equatable, Codable {
    public var isDone: Bool
    /// How much of what is being done now is done, 0 to 1; nil where nobody knows.
    public var share: Double?
    /// What is being done, in a few words.
    public var phase: String
    /// Size of the file when it began, and now, in bytes.
    public var bytesBefore: Int64
    public var bytes: Int64
    /// What was deleted: points, rows of roll-ups, and anomalies and events.
    public var points: Int64
    public var rollups: Int64
    public var anomalies: Int64

    public init(
        isDone: Bool, share: Double?, phase: String, bytesBefore: Int64, bytes: Int64, points: Int64 = 0,
        rollups: Int64 = 0, anomalies: Int64 = 0
    ) {
        self.isDone = isDone
        self.share = share
        self.phase = phase
        self.bytesBefore = bytesBefore
        self.bytes = bytes
        self.points = points
        self.rollups = rollups
        self.anomalies = anomalies
    }
}
