public import AnomalyDetection
import GRDB
import Synchronization

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
    // @unchecked: `statements` and `keeper` are used on the queue of `queue` only, `setAside` by `replaceDamaged` only;
    // `meantime` is set before the first commit.

    /// How much a commit does for durability.
    public enum Synchronous: String, Sendable, CaseIterable {
        /// A commit survives a power failure: the log is synced before the call returns.
        case full
        /// A commit survives the death of the process. A power failure may take the newest ones, whole; the log is synced
        /// only before it is copied into the database.
        case normal
    }

    /// Bytes of the WAL after which it is copied into the database, and which it keeps.
    public static let walCheckpointBytes = Int64(WriteConnection.checkpointPages * WriteConnection.pageSize)

    /// Values in a table of an older version that go into chunks when the hot table does.
    private static let rowsSealedAtOnce = 200_000

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
        /// Values in the hot table from which on some of it should be sealed.
        package var hotValues = HotTable.mostValues

        /// Keeps the log and the hot table as small as what is kept asks for.
        public mutating func fit(_ retention: Retention) {
            checkpointPages = Int(retention.walBytes) / WriteConnection.pageSize
            hotValues = retention.hotValues
        }

        public init() {}
    }

    /// The file, absolute and without symbolic links.
    public let path: String
    /// Whoever writes has brought the database up to date.
    var parts: StoreSchema.Parts { .current }
    /// When the last writer wrote, in microseconds since 1970; nil if there was none.
    public let lastWritten: Int64?

    /// Called every few rows in the midst of commits and of sealing, by whoever commits, who may let others go first in it. To
    /// be set before the first commit.
    public var meantime: () -> Void = {}

    private let options: Options
    /// Another one once a damaged database has been replaced.
    private let currentQueue: Mutex<DatabaseQueue>
    private var queue: DatabaseQueue { currentQueue.withLock { $0 } }
    private let foundDamage = Mutex<StoreError?>(nil)
    /// Where the damaged database lies that is being replaced.
    private var setAside: String?
    private var statements: CommitStatements?
    private var keeper: LogKeeper
    let hot: HotTable
    private let lock: Mutex<LockFile?>

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
        lastWritten = [path, path + "-wal"].compactMap { StoreFile.modified($0) }.max()
        let early = LogRewrite.hasBegun(path) ? try LockFile(database: path) : nil
        if early != nil { try StoreError.naming("open", path) { try LogRewrite.run(database: path, isSuspect: true) } }
        // Looked at through a connection that cannot write, so that a file that is not for us stays as it is.
        if StoreFile.exists(path), try StoreFile.size(path, operation: "open") > 0 {
            let look = try ReadConnection(path: path, acceptsOutdated: true)
            try look.read("open") { try OpeningCheck.run($0, path: path) }
            try look.refuseCheckpoints(newerThan: options.newestFormat)
            try look.close()
        }
        let lock = try early ?? LockFile(database: path)
        let queue: DatabaseQueue
        (queue, keeper) = try PointStore.open(path, options, lock)
        currentQueue = Mutex(queue)
        hot = HotTable(mostValues: options.hotValues)
        let hot = hot
        try StoreError.naming("open", path) { hot.set(try queue.read { try HotSlices(of: $0) }) }
        self.path = path
        self.options = options
        self.lock = Mutex(lock)
    }

    private static func open(
        _ path: String, _ options: Options, _ lock: LockFile?
    ) throws -> (DatabaseQueue, LogKeeper) {
        try StoreCreation.ifMissing(path)
        return try StoreError.naming("open", path) {
            try LogRewrite.run(database: path, isSuspect: lock?.isUnsynced == true)
            return try tracking(lock) {
                let queue = try WriteConnection.open(path, options: options, copiesLog: false)
                try StoreSchema.migrator.migrate(queue)
                let keeper = LogKeeper(options)
                queue.writeWithoutTransaction { keeper.begin($0) }
                return (queue, keeper)
            }
        }
    }

    /// Renames a database that was found damaged when it was opened, so that a new one can be begun at its path.
    ///
    /// - returns: Where it and its `-wal` and `-shm` lie now.
    /// - throws: A ``StoreError``, with the cause `locked` if somebody writes to the database.
    public static func setAsideDamaged(_ given: String) throws -> String {
        let path = try StoreFile.resolve(given, operation: "set aside")
        let lock = try LockFile(database: path)
        return try withExtendedLifetime(lock) { try DamagedFile.setAside(path) }
    }

    /// The first sign of damage that a call met since the database was opened or replaced. A checkpoint whose checksum
    /// is wrong is none: there is an older one.
    public var damage: StoreError? { foundDamage.withLock { $0 } }

    /// Takes note of damage that somebody else has met who reads the database.
    public func note(_ damage: StoreError) { foundDamage.withLock { $0 = $0 ?? damage } }

    /// Renames the damaged database, and goes on with an empty one at its path.
    ///
    /// What was stored is in the renamed files, which nothing has been changed in. May be called again if it throws.
    ///
    /// - returns: Where the damaged database lies now.
    /// - throws: A ``StoreError``. If it says that there is no space, say, the same call may succeed later.
    public func replaceDamaged() throws -> String {
        let aside = try setAside ?? DamagedFile.setAside(path)
        if setAside == nil {
            setAside = aside
            let damaged = queue
            damaged.writeWithoutTransaction { _ in statements = nil }
            // Once a database is not found under its name any more, SQLite does not copy its WAL into it
            // (databaseIsUnmoved in pager.c). What closing complains of is the damage.
            try? damaged.close()
        }
        let (replacement, keeper) = try PointStore.open(path, options, lock.withLock { $0 })
        currentQueue.withLock { $0 = replacement }
        self.keeper = keeper
        hot.empty(HotSlices.allStreams)
        foundDamage.withLock { $0 = nil }
        setAside = nil
        return aside
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
        return try writing("commit to") { database in
            try StoreError.naming("commit to", path, on: database) {
                let statements = try self.statements ?? CommitStatements(database, meantime: meantime)
                self.statements = statements
                var (outcome, added) = (LateOutcome(), HotSlices())
                do {
                    try database.inTransaction(.immediate) {
                        (outcome, added) = try statements.write(commit, path: path)
                        return .commit
                    }
                } catch {
                    statements.forget()
                    throw error
                }
                hot.add(added)
                return outcome
            }
        }
    }

    /// Whether so many points lie in the hot table that some should be sealed.
    public var shouldSeal: Bool { hot.ripe != nil }

    /// Moves all points of the hot table into chunks, in one transaction; and of points that an older version has stored,
    /// each with a row of its own, as many as take a short time.
    ///
    /// - throws: A ``StoreError``. Nothing has changed then, and ``shouldSeal`` asks for it again when as many points again
    ///   have been stored.
    public func seal() throws {
        try seal(HotSlices.allStreams, rows: Self.rowsSealedAtOnce)
    }

    /// As ``seal()``, of those streams whose points are the most; does nothing unless ``shouldSeal``.
    ///
    /// So nobody waits for long: all of a large table is half a second's work.
    public func sealSome() throws {
        if let streams = hot.ripe { try seal(streams, rows: Self.rowsSealedAtOnce / 16) }
    }

    private func seal(_ streams: ClosedRange<Int32>, rows: Int) throws {
        hot.empty(streams)
        try writing("seal the points of") { database in
            try StoreError.naming("seal the points of", path, on: database) {
                try database.inTransaction(.immediate) {
                    let sealing = try Sealing(database, meantime: meantime)
                    try sealing.sealHot(streams)
                    try sealing.sealRows(limit: rows)
                    return .commit
                }
            }
        }
    }

    /// Stores a piece of hindsight in one transaction, in place of the hindsight that its range had before.
    ///
    /// - returns: The number of its run, which the run's other pieces must bear.
    /// - throws: A ``StoreError``. Nothing is stored then. The cause `conflict` means that the piece contradicts itself
    ///   or the database, such as with a time at which there is no point.
    public func store(_ piece: HindsightPiece) throws -> Int64 {
        try writing("store hindsight of stream \(piece.stream) in") { database in
            var run: Int64 = 0
            try database.inTransaction(.immediate) {
                run = try HindsightWriting.write(piece, to: database, path: path)
                return .commit
            }
            return run
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

    /// Until when streams are mute, by their ids.
    public func mutedStreams() throws -> [Int32: Int64] {
        let said = try read("read the orders in") { try FeedbackQueries.orders($0) }
        return Dictionary(grouping: said, by: \.record.stream).compactMapValues { StreamOrders($0).standing.mutedUntil }
    }

    /// How far each stream has come; streams without points are absent.
    public func newest() throws -> [Int32: StreamPosition] {
        try read("read the newest points of") { try StreamQueries.newest($0, parts: parts) }
    }

    /// How far the stream has come, also if its points have expired; nil if it has had none.
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

    /// Gives back the memory in which pages of the database are kept.
    public func shrinkMemory() { queue.releaseMemory() }

    /// Copies the WAL into the database, closes it and lets go of the lock. Later calls of other methods throw;
    /// calling `close` again does nothing.
    public func close() throws {
        guard let held = lock.withLock({ $0 }) else { return }
        try held.tracking(mayHaveHoles: { keeper.mayHaveHoles }) {
            try StoreError.naming("close", path) {
                queue.writeWithoutTransaction { database in
                    statements = nil
                    keeper.end(database, path)
                }
                // The last one who closes copies the log, whatever is in it, but for those who can only read.
                let last = keeper.mayHaveHoles ? try? ReadConnection(path: path) : nil
                try queue.close()
                try? last?.close()
            }
        }
        lock.withLock { $0 = nil }
    }

    func read<T>(_ operation: String, _ body: (Database) throws -> T) throws -> T {
        try noticing(operation) { try $0.read(body) }
    }

    /// Whether what was written last may not be on the disk.
    var isUnsynced: Bool { lock.withLock { $0?.isUnsynced ?? false } }

    /// - Parameter notices: whether damage that is met is taken note of.
    func writing<T>(_ operation: String, notices: Bool = true, _ body: (Database) throws -> T) throws -> T {
        try noticing(operation, notices: notices) { queue in
            try queue.writeWithoutTransaction { database in
                try Self.tracking(lock.withLock { $0 }, mayHaveHoles: { keeper.mayHaveHoles }) {
                    try keeper.keeping(database, path) { try body(database) }
                }
            }
        }
    }

    private static func tracking<T>(
        _ lock: LockFile?, mayHaveHoles: () -> Bool = { false }, _ body: () throws -> T
    ) throws -> T {
        if let lock { try lock.tracking(mayHaveHoles: mayHaveHoles, body) } else { try body() }
    }

    /// Runs `body`, whose commits need not be synced by themselves.
    func relaxing<T>(_ database: Database, _ body: () throws -> T) throws -> T {
        try keeper.relaxing(database, body)
    }

    /// Copies the log into the file, as far as readers allow: only then is the file shorter.
    func copyLog() throws {
        try writing("copy the log of") { database in
            try StoreError.naming("copy the log of", path, on: database) { try keeper.copy(database) }
        }
    }

    /// Runs `body` on the open connection, and takes note of damage.
    private func noticing<T>(
        _ operation: String, notices: Bool = true, _ body: (DatabaseQueue) throws -> T
    ) throws -> T {
        do {
            return try StoreError.naming(operation, path) {
                let queue = queue
                try queue.requireOpen()
                return try body(queue)
            }
        } catch let error as StoreError where notices && error.remedy == .setAside {
            note(error)
            throw error
        }
    }
}
