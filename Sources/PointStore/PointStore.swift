public import AnomalyDetection
import GRDB

/// The one writer of a database.
///
/// ```swift
/// let store = try PointStore(path: "/var/lib/anomalyd/anomaly.db")
/// var commit = Commit()
/// commit.streams.append(StreamRecord(id: 1, name: "cpu", channels: 1, created: now))
/// commit.points.append(PointRow(stream: 1, channel: 0, sequence: 1, time: now, value: 0.5, ...))
/// try store.commit(&commit)
/// commit.removeAll()
/// ```
///
/// Calls from several threads are safe and run one after the other; meant is one thread that commits. Everything
/// throws ``StoreError``; what a closure of the caller's throws passes unchanged.
public final class PointStore: HistoryReading, @unchecked Sendable {
    // @unchecked: `statements` is used on the queue of `queue` only, `isClosed` and `lock` by `close` only.

    /// How much a commit does for durability.
    public enum Synchronous: String, Sendable, CaseIterable {
        /// A commit survives a power failure: the log is synced before the call returns.
        case full
        /// A commit survives the death of the process. A power failure may take the newest ones, whole; the log is synced
        /// only before it is copied into the database.
        case normal
    }

    public struct Options: Sendable {
        public var synchronous = Synchronous.full
        /// Create missing parent directories (mode 0700), for a person's own run.
        public var createsDirectory = false
        /// How long a commit waits when another program, such as a `sqlite3` shell, is writing; at least zero.
        public var busyTimeout = Duration.seconds(5)
        /// Newest format of checkpoints that the caller can decode. A database that has a newer one is refused: its
        /// streams could only be begun anew, and their states be overwritten.
        public var newestFormat = Int32.max
        /// Pages of the WAL after which it is copied into the database.
        package var checkpointPages = WriteConnection.checkpointPages

        public init() {}
    }

    /// The file, absolute and without symbolic links.
    public let path: String

    private let queue: DatabaseQueue
    private var statements: CommitStatements?
    private var lock: LockFile?

    /// Opens the database for writing; creates it, and brings an older one up to date.
    ///
    /// Nothing is written to a file that is refused.
    ///
    /// - throws: A ``StoreError`` with the cause `locked` if there is a writer already; `foreign`, `newer`,
    ///   `newerCheckpoint` or `damaged` for a file that this version must not write to; `missing` if its directory does
    ///   not exist; `notPermitted`, `full` and the like as the operating system says.
    public init(path given: String, options: Options = Options()) throws {
        if options.createsDirectory { try StoreFile.createDirectory(of: given) }
        let path = try StoreFile.resolve(given, operation: "open")
        // Looked at through a connection that cannot write, so that a file that is not for us stays as it is.
        if StoreFile.exists(path), try StoreFile.size(path, operation: "open") > 0 {
            let look = try ReadConnection(path: path, acceptsOutdated: true)
            try look.refuseCheckpoints(newerThan: options.newestFormat)
            try look.close()
        }
        let lock = try LockFile(database: path)
        try StoreCreation.ifMissing(path)
        queue = try StoreError.naming("open", path) {
            let queue = try WriteConnection.open(path, options: options)
            try StoreSchema.migrator.migrate(queue)
            return queue
        }
        self.path = path
        self.lock = lock
    }

    deinit { try? close() }

    /// Stores the whole batch, or nothing of it, in one transaction.
    ///
    /// The points are put into the order of the key (stream, time, channel) first, so that the inserts walk through
    /// the table once; apart from that the batch is left as it is, whether or not the call succeeds. When it returns,
    /// the batch is as durable as ``Options/synchronous`` says.
    ///
    /// - returns: What became of the late points.
    /// - throws: A ``StoreError``. If its ``StoreError/isTransient`` is true, the same batch may be committed again
    ///   later, also after a failed fsync: what the kernel then gave up on (https://wiki.postgresql.org/wiki/Fsync_Errors)
    ///   is no part of the log yet, and the next attempt writes all of it anew, to the same place. The cause `conflict`
    ///   means that the batch has a stream or a point that is stored already.
    @discardableResult
    public func commit(_ commit: inout Commit) throws -> LateOutcome {
        if commit.isEmpty { return LateOutcome() }
        commit.sortPoints()
        return try StoreError.naming("commit to", path) {
            try queue.requireOpen()
            return try queue.writeWithoutTransaction { database in
                let statements = try self.statements ?? CommitStatements(database)
                self.statements = statements
                var outcome = LateOutcome()
                try database.inTransaction(.immediate) {
                    outcome = try statements.write(commit, path: path)
                    return .commit
                }
                return outcome
            }
        }
    }

    /// Stores a piece of hindsight in one transaction, in place of the hindsight that its range had before.
    ///
    /// - returns: The number of its run, which the run's other pieces must bear.
    /// - throws: A ``StoreError``. Nothing is stored then. The cause `conflict` means that the piece contradicts itself
    ///   or the database, such as with a time at which there is no point.
    public func store(_ piece: HindsightPiece) throws -> Int64 {
        try StoreError.naming("store hindsight of stream \(piece.stream) in", path) {
            try queue.requireOpen()
            return try queue.writeWithoutTransaction { database in
                var run: Int64 = 0
                try database.inTransaction(.immediate) {
                    run = try HindsightWriting.write(piece, to: database, path: path)
                    return .commit
                }
                return run
            }
        }
    }

    /// All streams, by id.
    public func streams() throws -> [StreamRecord] {
        try read("read the streams of") { try StreamQueries.streams($0) }
    }

    /// The streams with an anomaly that is not over.
    public func streamsWithOpenAnomalies() throws -> Set<Int32> {
        try read("read the open anomalies of") { try AnomalyQueries.streamsWithOpen($0) }
    }

    /// How far each stream has come; streams without points are absent.
    public func newest() throws -> [Int32: StreamPosition] {
        try read("read the newest points of") { try StreamQueries.newest($0) }
    }

    /// How far the stream has come; nil if it has no points.
    public func newest(of stream: Int32) throws -> StreamPosition? {
        try position(of: stream)
    }

    /// How many points of all streams wait.
    public func pendingPoints() throws -> Int {
        try read("count the waiting points of") { database in
            try PendingQueries.counts(database).values.reduce(0) { $0 + Int($1) }
        }
    }

    /// The newest good checkpoint of a stream; nil if it has none.
    ///
    /// Two are kept. If the checksum of the newer one is wrong or it cannot be read, the older one is taken.
    ///
    /// - parameters:
    ///   - sequence: Only checkpoints before this are considered. Whoever cannot decode a state asks for the one
    ///     before its sequence number.
    ///   - onDamage: Called for each checkpoint that had to be passed over, with an error that says which and why.
    public func checkpoint(
        of stream: Int32, before sequence: Int64 = .max, onDamage: (StoreError) -> Void = { _ in }
    ) throws -> CheckpointRecord? {
        try goodCheckpoint(of: stream, before: sequence, onDamage: onDamage)
    }

    /// Calls `body` with each stored point of a stream whose sequence number is above `sequence`, in order. Late points
    /// that were kept have none and are left out.
    ///
    /// The points are read in pages, and `body` runs between two reads: it may take its time, and call the store.
    public func replay(
        of stream: Int32, after sequence: Int64,
        _ body: (_ sequence: Int64, _ time: Int64, _ values: [Double], _ flags: PointFlags) throws -> Void
    ) throws {
        try eachPoint(of: stream, after: sequence, body)
    }

    /// Copies the WAL into the database, closes it and lets go of the lock. Later calls of other methods throw;
    /// calling `close` again does nothing.
    public func close() throws {
        if lock == nil { return }
        try StoreError.naming("close", path) {
            queue.writeWithoutTransaction { _ in statements = nil }
            try queue.close()
        }
        lock = nil
    }

    func read<T>(_ operation: String, _ body: (Database) throws -> T) throws -> T {
        try StoreError.naming(operation, path) {
            try queue.requireOpen()
            return try queue.read(body)
        }
    }
}
