import Synchronization

/// A stream can't be changed as it was asked for, such as when it can't be read from the store now.
struct NotChanged: Error, CustomStringConvertible {
    var cause: String
    var description: String { cause }
}

/// How many points each stream had, or why it could not be changed, as the shards say.
final class ChangeOutcomes: Sendable {
    private let outcomes = Mutex<[Int32: Result<Int64, NotChanged>]>([:])

    func set(_ stream: Int32, _ outcome: Result<Int64, NotChanged>) { outcomes.withLock { $0[stream] = outcome } }
    func of(_ stream: Int32) -> Result<Int64, NotChanged> { outcomes.withLock { $0[stream] } ?? .success(0) }
}
