import Foundation

/// What of each shard is committed: so a shard knows which streams it may put out of its memory. Kept by the writer.
final class CommitLedger: Sendable {
    /// How far a shard's batches are stored.
    struct Entry: Sendable, Equatable {
        /// Number of the newest batch that is committed with all before it; 0: none yet.
        var batch: Int64 = 0
        /// Number of the database (see ``HistoryPath``) that it is in.
        var database = 0
    }

    private let entries: Monitor<[Entry]>

    init(shards: Int) { entries = Monitor(Array(repeating: Entry(), count: shards)) }

    func entry(of shard: Int) -> Entry { entries.with { $0[shard] } }

    /// Waits until a batch is committed, at most until `deadline`.
    func wait(for batch: Int64, of shard: Int, until deadline: Date) {
        entries.wait(until: deadline) {
            $0[shard].batch >= batch
        } then: { _ in
        }
    }

    /// All that the writer had taken is committed.
    ///
    /// - Parameter batches: for each shard, the number of the newest batch that was taken.
    func committed(_ batches: [Int64], to database: Int) {
        entries.change { entries in
            for (shard, batch) in batches.enumerated() { entries[shard] = Entry(batch: batch, database: database) }
        }
    }
}
