// With Hummingbird in the target, the compiler takes glibc's structures for libdispatch's.
import CDispatch
import ControlProtocol
import Foundation
import Logging
import PointStore
import Synchronization

/// How storing does, for status and systemd, and the watch over the write-ahead log.
final class StorageReporter: Sendable {
    private let pipeline: Pipeline
    private let database: String
    private let logger: Logger
    private let watch = Mutex(WALWatch())

    init(pipeline: Pipeline, database: String, logger: Logger) {
        self.pipeline = pipeline
        self.database = database
        self.logger = logger
    }

    private var statistics: Statistics { pipeline.statistics }
    private var writer: Writer { pipeline.writer }

    var databaseBytes: Int64 { size("") + walBytes }
    private var walBytes: Int64 { size("-wal") }

    var report: DaemonStatus.Storage {
        let trouble = statistics.writerTrouble.withLock { $0 }
        let raw = pipeline.shards.map(\.queue.weight)
        return DaemonStatus.Storage(
            waitingRows: writer.queue.weight + Int(writer.inHand.now), waitingPoints: raw.reduce(0, +),
            isFull: raw.contains { $0 >= Shard.queuedPoints }, walBytes: walBytes, trouble: trouble?.cause,
            troubleSince: trouble?.since, setAside: setAside)
    }

    /// What keeps the daemon from storing, in a line for systemd; nil while nothing does.
    var troubleText: String? {
        let report = report
        guard let trouble = report.trouble, let since = report.troubleSince else { return nil }
        let seconds = max(0, (WallClock.now - since) / 1_000_000)
        let waiting = report.waitingRows + report.waitingPoints
        return "Not storing: \(trouble); for \(seconds) s, \(waiting) \(waiting == 1 ? "point waits" : "points wait")"
            + (report.isFull ? ", and so do clients" : "")
    }

    /// What somebody should see to.
    var notes: [String] {
        [setAside.map(DamageNote.text), statistics.walTrouble.withLock { $0 }].compactMap(\.self)
    }

    /// As long as it lies there: whoever has dealt with it will have moved it.
    private var setAside: String? {
        statistics.setAside.withLock { $0 }.flatMap { access($0, F_OK) == 0 ? $0 : nil }
    }

    /// To be called about once a second.
    func tick() {
        let bytes = walBytes
        switch watch.withLock({ $0.look(bytes: bytes, now: SteadyClock.now) }) {
        case .nothing: return
        case .tooLarge:
            let readers = LockHolder.others(holding: .reading, on: database)
            let text = Self.complaint(bytes: bytes, readers: readers)
            logger.tell(
                .logGrows,
                [
                    "file": "\(database)-wal", "bytes": "\(bytes)",
                    "readers": "\(readers.map(\.description).joined(separator: ", "))", "cause": "\(text)",
                ])
            statistics.walTrouble.withLock { $0 = text }
        case .over:
            logger.tell(.logBegunAnew, ["file": "\(database)-wal"])
            statistics.walTrouble.withLock { $0 = nil }
        }
    }

    private static func complaint(bytes: Int64, readers: [LockHolder]) -> String {
        let who =
            readers.isEmpty
            ? "a program; to find it, try: fuser -v on the -shm file beside the database"
            : readers.map(\.description).joined(separator: ", ")
        return "The write-ahead log has \(bytes >> 20) MiB because a transaction that reads from the database "
            + "does not end. It is held open by \(who)"
    }

    private func size(_ suffix: String) -> Int64 {
        var info = stat()
        return stat(database + suffix, &info) == 0 ? Int64(info.st_size) : 0
    }
}
