import FeedProtocol
import Foundation

/// A feed connection as one process leaves it to the next one: whatever was read from it and is not in the database.
struct SavedConnection: Codable, Sendable {
    /// What the service manager keeps it under.
    var name: String
    /// For log messages, as the listener's name and the connection's number.
    var listener: String
    /// `FeedFormat` of the listener that it came by.
    var format: String
    /// See `FeedDecoder.State`.
    var lines = 0
    var partial = Data()
    var isSkipping = false
    var firstRow = Data()
    /// Bytes behind those that the decoder has got.
    var held = Data()
    /// Answers that have not left.
    var answers = Data()
    /// Streams that it has brought.
    var founded: Int
    /// Whether the client has ever waited for an answer.
    var hasAsked: Bool

    var decoder: FeedDecoder.State {
        get {
            var state = FeedDecoder.State()
            (state.lines, state.isSkipping) = (lines, isSkipping)
            (state.partial, state.firstRow) = (Array(partial), Array(firstRow))
            return state
        }
        set {
            (lines, isSkipping) = (newValue.lines, newValue.isSkipping)
            (partial, firstRow) = (Data(newValue.partial), Data(newValue.firstRow))
        }
    }
}

/// Samples of StatsD as one process leaves them to the next one, in the middle of an interval.
struct SavedSamples: Codable, Sendable {
    var aggregator: StatsDAggregator.State
    /// When the interval ends, by ``SteadyClock``, which the next process has, too.
    var end: Int64
}

/// All of them, as they lie in a file in memory.
struct SavedConnections: Codable, Sendable {
    /// Raised whenever the meaning of a field changes; another process's file of another version is not used.
    static let version = 1

    var version = Self.version
    var connections: [SavedConnection]
    /// Nil if no interval is going on.
    var statsD: SavedSamples?

    func encoded() throws -> [UInt8] {
        let encoder = PropertyListEncoder()
        encoder.outputFormat = .binary
        return Array(try encoder.encode(self))
    }

    /// Nil if that is no such file, or one of another version.
    static func decoded(_ bytes: [UInt8]) -> SavedConnections? {
        let saved = try? PropertyListDecoder().decode(SavedConnections.self, from: Data(bytes))
        return saved?.version == version ? saved : nil
    }
}
