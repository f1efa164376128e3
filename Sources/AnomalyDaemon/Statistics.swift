import ControlProtocol
import FeedProtocol
import Synchronization

/// Counts since the start, kept by the stages and read by status and systemd. Stages add once a batch, not a point.
final class Statistics: Sendable {
    let points = Atomic<Int64>(0)
    /// Lines and bytes that feeds have read.
    let readLines = Atomic<Int64>(0)
    let readBytes = Atomic<Int64>(0)
    let duplicates = Atomic<Int64>(0)
    let late = Atomic<Int64>(0)
    /// Late points that were stored, as `feed.late = "keep"` wants it.
    let keptLate = Atomic<Int64>(0)
    /// Points that wait in reorder windows now.
    let pending = Atomic<Int64>(0)
    let anomalies = Atomic<Int64>(0)
    let openAnomalies = Atomic<Int64>(0)
    /// Of the streams that have been in memory.
    let warmingStreams = Atomic<Int64>(0)
    /// Those from which no point has come for longer than usual.
    let silentStreams = Atomic<Int64>(0)
    /// Those whose state is in the database alone.
    let asleepStreams = Atomic<Int64>(0)
    /// Until when streams are mute, by their ids, in microseconds since 1970; of some that time is over.
    let mutes = Mutex<[Int32: Int64]>([:])
    let connections = Atomic<Int64>(0)
    /// Connections with bytes that were read and wait for room in the queues.
    let heldFeeds = Atomic<Int64>(0)
    let commits = Atomic<Int64>(0)
    /// Attempts that failed.
    let commitFailures = Atomic<Int64>(0)
    let sealFailures = Atomic<Int64>(0)
    /// Microseconds since 1970; 0: none yet.
    let lastCommit = Atomic<Int64>(0)
    /// Why the writer can't commit; nil while it can.
    let writerTrouble = Mutex<WriterTrouble?>(nil)
    /// Where the damaged database lies that was set aside last; nil if none was.
    let setAside = Mutex<String?>(nil)
    /// What is wrong with the write-ahead log; nil while nothing is.
    let walTrouble = Mutex<String?>(nil)
    /// Why the database is larger than it may be; nil while it is not.
    let sizeTrouble = Mutex<String?>(nil)

    let times = StageTimes()

    /// - Throws: if nothing can be stored for now, so that whoever asks for it hears so instead of waiting.
    func requireStoring() throws(ControlError) {
        guard let trouble = writerTrouble.withLock({ $0 }) else { return }
        throw ControlError(code: .unavailable, message: "nothing can be stored for now: \(trouble.cause)")
    }

    /// Streams that are mute at a time.
    func mutedStreams(now: Int64) -> Int { mutes.withLock { $0.count { $0.value > now } } }

    private let refusals = Mutex<[Refusal: Int64]>([:])
    private let rejected = Mutex<[FeedLineError.Reason: Int64]>([:])

    func countRejected(_ reason: FeedLineError.Reason) { rejected.withLock { $0[reason, default: 0] += 1 } }

    private let answers = Mutex<[Int: Int64]>([:])

    /// Counts an HTTP request that was answered with this status.
    func countAnswered(_ status: Int) { answers.withLock { $0[status, default: 0] += 1 } }

    /// HTTP requests that were answered, by status.
    var answered: [Int: Int64] { answers.withLock { $0 } }

    func countRefused(_ refusal: Refusal) { refusals.withLock { $0[refusal, default: 0] += 1 } }

    /// Connections that were refused or given up, by reason.
    var refusedConnections: [String: Int64] {
        refusals.withLock { Dictionary(uniqueKeysWithValues: $0.map { ($0.key.rawValue, $0.value) }) }
    }

    /// Rejected lines by reason.
    var rejectedLines: [String: Int64] {
        rejected.withLock { Dictionary(uniqueKeysWithValues: $0.map { ($0.key.rawValue, $0.value) }) }
    }
}

extension Atomic where Value == Int64 {
    func add(_ amount: Int) { _ = wrappingAdd(Int64(amount), ordering: .relaxed) }
    var now: Int64 { load(ordering: .relaxed) }
}
