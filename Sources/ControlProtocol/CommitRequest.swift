/// Wait for a commit: what `anomalyctl query -f` asks again and again.
public struct CommitRequest: Sendable, Equatable, Codable {
    /// What the last answer said; the next one comes when there has been a commit since. Nil is answered at once.
    public var after: Int64?

    public init(after: Int64? = nil) { self.after = after }
}

/// How often the daemon has committed.
public struct CommitReply: Sendable, Equatable, Codable {
    /// Since it began to run.
    public var commits: Int64
    /// Path of the database that it commits to.
    public var database: String

    public init(commits: Int64, database: String) {
        self.commits = commits
        self.database = database
    }
}
