import AnomalyDetection
import Logging
import PointStore

/// The streams of a shard that are to be brought into memory from the store: those that it knew at the start, and those
/// that have slept and are woken. Belongs to the shard's thread.
///
/// A stream is restored before its next point is stepped: so none of its points is stored in between, and what the store
/// has of it is all that the last run, or the time before its sleep, has left, whenever it is read.
struct RestoreBacklog {
    /// Pause before a stream that could not be read is tried again, in microseconds.
    static let retryPause: Int64 = 1_000_000

    /// What came of asking for a stream.
    enum Outcome {
        case restored(Restored)
        /// It is not here: it has been restored before, or is new.
        case absent
        /// It can't be read now. Its points must wait.
        case unreadable(any Error)
    }

    struct Restored {
        var state: StreamState
        /// What it was while it slept; nil if it is restored for the first time in this run.
        var sleep: SleepingStream?
    }

    private struct Waiting {
        var id: Int32
        var place: Int32
        var sleep: SleepingStream?
        var hasFailed = false
        /// Whether the background comes to it.
        var isListed = false

        /// The number of the database that has it.
        var database: Int { Int(sleep?.database ?? 0) }
    }

    /// Time without use after which the connection is closed, in microseconds.
    private static let idleTime: Int64 = 10_000_000

    private let history: HistoryPath
    private let directory: StreamDirectory
    private let restorer: StreamRestorer
    /// A connection of its own, so that reading makes no commit wait, to the database with this number. Opened when it is
    /// needed; opened anew after an error, so that nothing of it is remembered.
    private var reader: (store: StoreReader, database: Int)?
    /// Steady time of its last use.
    private var lastRead = Int64.min
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

    init(history: HistoryPath, directory: StreamDirectory, restorer: StreamRestorer) {
        self.history = history
        self.directory = directory
        self.restorer = restorer
        log = RationedLog(restorer.logger)
    }

    /// A stream that the store knows, to be restored when it is asked for or in the background.
    mutating func append(_ id: Int32, at place: Int32) {
        waiting[id] = Waiting(id: id, place: place)
        list(id)
    }

    /// A stream that sleeps.
    ///
    /// - Parameter inBackground: whether it is to be woken even if nobody asks for it.
    mutating func append(_ sleep: SleepingStream, at place: Int32, inBackground: Bool) {
        waiting[sleep.id] = Waiting(id: sleep.id, place: place, sleep: sleep)
        if inBackground { list(sleep.id) }
    }

    private mutating func list(_ id: Int32) {
        if waiting[id]?.isListed != false { return }
        waiting[id]?.isListed = true
        order.append(id)
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
        if let failure, SteadyClock.now < (stream.hasFailed ? retry : pause) {
            list(id)
            return .unreadable(failure)
        }
        return attempt(stream, workbench, beat)
    }

    /// Restores one stream that nobody has asked for yet, or tries one again that could not be read.
    ///
    /// - Returns: the stream; nil if there is nothing to do now, or if it could not be read.
    mutating func restoreNext(workbench: Workbench, beat: () -> Void) -> Restored? {
        guard let stream = nextStream(), case .restored(let restored) = attempt(stream, workbench, beat) else {
            return nil
        }
        return restored
    }

    /// The detector of a stream in memory after what was said of it.
    ///
    /// - Throws: ``NotChanged`` if it can't be done.
    mutating func successor(
        after said: FeedbackRecord, _ detector: Detector, of stream: StreamRecord, workbench: Workbench
    ) throws(NotChanged) -> Detector {
        do {
            return try restorer.successor(after: said, detector, stream, { try store(history.newest) }, workbench)
        } catch let error as NotChanged {
            throw error
        } catch {
            closeReader()
            throw NotChanged(cause: "\(error)")
        }
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
        (order, next) = ([], 0)
        return nil
    }

    private mutating func attempt(_ stream: Waiting, _ workbench: Workbench, _ beat: () -> Void) -> Outcome {
        do {
            let record = record(of: stream.id)
            var restorer = restorer
            restorer.database = stream.database
            let state = try restorer.restore(
                record, at: stream.place, from: try store(stream.database), workbench: workbench, replayed: beat)
            if let sleep = stream.sleep { state.silence = sleep.silence }
            beat()
            succeeded(stream)
            return .restored(Restored(state: state, sleep: stream.sleep))
        } catch {
            beat()
            failed(stream, error)
            return .unreadable(error)
        }
    }

    private func record(of id: Int32) -> StreamRecord {
        guard let record = directory.record(of: id) else {
            preconditionFailure("stream \(id) is to be restored but is not in the directory")
        }
        return record
    }

    private mutating func store(_ database: Int) throws -> StoreReader {
        lastRead = SteadyClock.now
        if let reader, reader.database == database { return reader.store }
        closeReader()
        let store = try history.open(database)
        reader = (store, database)
        return store
    }

    /// Closes the connection if it has not been used for long.
    mutating func tidy(_ now: Int64) {
        if reader != nil, waiting.isEmpty, now - lastRead > Self.idleTime { closeReader() }
    }

    private mutating func succeeded(_ stream: Waiting) {
        waiting[stream.id] = nil
        if stream.hasFailed {
            failed.removeAll { $0 == stream.id }
            // What kept this one may have kept the others.
            forgetPauses()
            if failed.isEmpty { failure = nil }
            restorer.logger.tell(.restoredAfterAll, ["stream": "\(record(of: stream.id).name)"])
        }
        // Dictionaries don't shrink by themselves, and this one may have held all streams.
        if waiting.isEmpty, waiting.capacity > 64 { waiting = [:] }
    }

    private mutating func failed(_ stream: Waiting, _ error: any Error) {
        closeReader()
        retry = SteadyClock.now + Self.retryPause
        if stream.hasFailed {
            failed.removeAll { $0 == stream.id }
        } else if (error as? StoreError)?.cause != .damaged {
            pause = retry
        }
        if !stream.hasFailed {
            log.tell(.unrestorable, ["stream": "\(record(of: stream.id).name)", "cause": "\(error)"])
        }
        failed.append(stream.id)
        waiting[stream.id]?.hasFailed = true
        failure = error
    }

    private mutating func closeReader() {
        // What a connection that only reads says at its end changes nothing.
        try? reader?.store.close()
        reader = nil
    }
}
