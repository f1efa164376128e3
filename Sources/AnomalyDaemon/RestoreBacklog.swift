import AnomalyDetection
import Logging
import PointStore

/// The streams of a shard that the store knows and that are not in memory yet. Belongs to the shard's thread.
///
/// A stream is restored before its next point is stepped: so none of its points of this run is stored before, and what
/// the store has of it is all that the last run has left, whenever it is read.
struct RestoreBacklog {
    /// Pause before a stream that could not be read is tried again, in microseconds.
    static let retryPause: Int64 = 1_000_000

    /// What came of asking for a stream.
    enum Outcome {
        case restored(StreamState)
        /// It is not here: it has been restored before, or is new.
        case absent
        /// It can't be read now. Its points must wait.
        case unreadable(any Error)
    }

    private struct Waiting {
        var record: StreamRecord
        var hasFailed = false
    }

    private let history: HistoryPath
    private let restorer: StreamRestorer
    /// A connection of its own, so that reading makes no commit wait. Opened when it is needed; opened anew after an
    /// error, so that nothing of it is remembered.
    private var reader: StoreReader?
    /// By id.
    private var waiting: [Int32: Waiting] = [:]
    /// Ids in the order in which the background takes them, which is that of their points in the file.
    private var order: [Int32] = []
    private var next = 0
    /// Streams that could not be read, in the order in which they are tried again, and why the newest could not.
    private var failed: [Int32] = []
    private var failure: (any Error)?
    /// Steady time before which none of them is tried again.
    private var retry = Int64.min
    /// Steady time before which no other one is tried either, as what failed may be more than one stream.
    private var pause = Int64.min
    private let log: RationedLog

    init(history: HistoryPath, restorer: StreamRestorer) {
        self.history = history
        self.restorer = restorer
        log = RationedLog(restorer.logger)
    }

    mutating func append(_ record: StreamRecord) {
        order.append(record.id)
        waiting[record.id] = Waiting(record: record)
    }

    var isEmpty: Bool { waiting.isEmpty }
    /// Why streams can't be read; nil while all can.
    var trouble: String? {
        failure.map { "\(failed.count) \(failed.count == 1 ? "stream waits" : "streams wait") to be restored: \($0)" }
    }

    /// Whether there is anything for `restoreNext` to do.
    func hasWork(_ now: Int64) -> Bool {
        waiting.count > failed.count && now >= pause || !failed.isEmpty && now >= retry
    }

    /// Restores a stream for which a point has come.
    mutating func restore(_ id: Int32, workbench: Workbench, beat: () -> Void) -> Outcome {
        guard let stream = waiting[id] else { return .absent }
        if let failure, SteadyClock.now < (stream.hasFailed ? retry : pause) { return .unreadable(failure) }
        return attempt(stream, workbench, beat)
    }

    /// Restores one stream that nobody has asked for yet, or tries one again that could not be read.
    ///
    /// - Returns: the stream; nil if there is nothing to do now, or if it could not be read.
    mutating func restoreNext(workbench: Workbench, beat: () -> Void) -> StreamState? {
        guard let stream = nextStream(), case .restored(let state) = attempt(stream, workbench, beat) else {
            return nil
        }
        return state
    }

    /// What failed before is tried again at once.
    mutating func forgetPauses() { (retry, pause) = (.min, .min) }

    /// Gives up all that is left, which has nothing new to be stored.
    mutating func abandon() {
        waiting = [:]
        failed = []
        failure = nil
        closeReader()
    }

    private mutating func nextStream() -> Waiting? {
        let now = SteadyClock.now
        if let first = failed.first, now >= retry { return waiting[first] }
        if now < pause { return nil }
        while next < order.count {
            let id = order[next]
            next += 1
            if let stream = waiting[id], !stream.hasFailed { return stream }
        }
        return nil
    }

    private mutating func attempt(_ stream: Waiting, _ workbench: Workbench, _ beat: () -> Void) -> Outcome {
        do {
            let reader = try self.reader ?? history.open()
            self.reader = reader
            let state = try restorer.restore(stream.record, from: reader, workbench: workbench, replayed: beat)
            beat()
            succeeded(stream)
            return .restored(state)
        } catch {
            beat()
            failed(stream, error)
            return .unreadable(error)
        }
    }

    private mutating func succeeded(_ stream: Waiting) {
        waiting[stream.record.id] = nil
        if stream.hasFailed {
            failed.removeAll { $0 == stream.record.id }
            // What kept this one may have kept the others.
            forgetPauses()
            if failed.isEmpty { failure = nil }
            restorer.logger.tell(.restoredAfterAll, ["stream": "\(stream.record.name)"])
        }
        if waiting.isEmpty { closeReader() }
    }

    private mutating func failed(_ stream: Waiting, _ error: any Error) {
        closeReader()
        retry = SteadyClock.now + Self.retryPause
        if stream.hasFailed {
            failed.removeAll { $0 == stream.record.id }
        } else if (error as? StoreError)?.cause != .damaged {
            pause = retry
        }
        if !stream.hasFailed { log.tell(.unrestorable, ["stream": "\(stream.record.name)", "cause": "\(error)"]) }
        failed.append(stream.record.id)
        waiting[stream.record.id]?.hasFailed = true
        failure = error
    }

    private mutating func closeReader() {
        // What a connection that only reads says at its end changes nothing.
        try? reader?.close()
        reader = nil
    }
}
