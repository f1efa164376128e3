import GRDB

/// A connection that cannot write, to a file that has been found to be ours and readable.
final class ReadConnection: HistoryReading, Sendable {
    /// Longest wait for a lock; readers meet one only while a crashed writer's WAL is being recovered.
    private static let busySeconds = 5.0

    let path: String
    /// What there is beside points.
    let parts: StoreSchema.Parts
    private let queue: DatabaseQueue
    private let identity: StoreFile.Identity?
    /// True if the file was opened as one that nobody changes.
    private let isImmutable: Bool

    /// - parameter acceptsOutdated: Whether a file is welcome that lacks even what reading needs.
    /// - parameter cache: Pages that are kept in memory at most, in KiB; by default as SQLite does.
    /// - throws: A ``StoreError`` that says why the file cannot be read by this version and this user.
    init(path given: String, acceptsOutdated: Bool = false, cache: Int = 2000) throws {
        let path = try StoreFile.resolve(given, operation: "open")
        try StoreFile.size(path, operation: "open")
        self.path = path
        identity = StoreFile.identity(path)
        try StoreError.naming("open", path) { try PointsTable.register() }
        let kind: StoreSchema.Kind
        (queue, isImmutable, kind) = try StoreError.naming("open", path) { try ReadConnection.open(path, cache: cache) }
        switch kind {
        case .readable(let parts): self.parts = parts
        case .outdated:
            parts = []
            if acceptsOutdated { return }
            throw StoreError(
                operation: "open", path: path, cause: .outdated, detail: "it was written by an older version",
                hint: "start anomalyd on it once")
        case .newer(let migrations):
            throw StoreError(
                operation: "open", path: path, cause: .newer(migrations: migrations),
                detail: "it was written by a newer version (unknown migrations: \(migrations.joined(separator: ", ")))",
                hint: "install that version")
        case .foreign(let id):
            throw StoreError(
                operation: "open", path: path, cause: .foreign,
                detail: "an SQLite database, but not one of anomalyd (application id \(id))", hint: "give another file")
        }
    }

    /// Runs `body` on one snapshot of the database.
    func read<T>(_ operation: String, _ body: (Database) throws -> T) throws -> T {
        try checked(operation) { try queue.read(body) }
    }

    /// Runs `body` on the connection as it is, outside of any transaction.
    func withConnection<T>(_ operation: String, _ body: (Database) throws -> T) throws -> T {
        try checked(operation) { try queue.inDatabase(body) }
    }

    /// Copies all that is there into a database that is empty.
    func backup(to copy: DatabaseQueue) throws {
        try checked("read") { try queue.backup(to: copy) }
    }

    private func checked<T>(_ operation: String, _ body: () throws -> T) throws -> T {
        let result = Result {
            try StoreError.naming(operation, path) {
                try queue.requireOpen()
                return try body()
            }
        }
        // An immutable database is read without locks. If its WAL appeared meanwhile, so has a writer, and neither
        // the rows nor an error can be trusted.
        if isImmutable, StoreFile.exists(path + "-wal") {
            throw StoreError(
                operation: operation, path: path, cause: .busy, detail: "a writer has opened it just now",
                hint: "try again")
        }
        return try result.get()
    }

    /// - throws: A ``StoreError`` with the cause `newerCheckpoint` if there is a checkpoint of a later format.
    func refuseCheckpoints(newerThan format: Int32) throws {
        guard let newer = try read("open", { try CheckpointQueries.newer($0, than: format) }) else { return }
        throw StoreError(
            operation: "open", path: path, cause: .newerCheckpoint(format: newer.format),
            detail:
                "the checkpoint of the stream \"\(newer.stream)\" has format \(newer.format), which a newer version "
                + "wrote; this one knows formats up to \(format)",
            hint: "nothing was changed; install the newer version again, or restore a copy from before it ran")
    }

    /// Whether another file, or none, has the path by now.
    var isReplaced: Bool { StoreFile.identity(path) != identity }

    func close() throws {
        try StoreError.naming("close", path) { try queue.close() }
    }

    private static func open(_ path: String, cache: Int) throws -> (DatabaseQueue, isImmutable: Bool, StoreSchema.Kind)
    {
        do {
            let queue = try DatabaseQueue(path: path, configuration: configuration(cache))
            return (queue, false, try queue.read { try StoreSchema.kind(of: $0) })
        } catch let error as DatabaseError {
            // Somebody with the right to write, such as root in the sqlite3 shell, was the last to close the file
            // and took the WAL away; and we have no right to make one. Then nobody writes: read it as it lies there.
            let codes: [ResultCode] = [.SQLITE_READONLY, .SQLITE_CANTOPEN]
            guard codes.contains(error.resultCode), !StoreFile.exists(path + "-wal") else { throw error }
            let uri = "file:\(escaped(path))?immutable=1"
            let queue = try DatabaseQueue(path: uri, configuration: configuration(cache))
            return (queue, true, try queue.read { try StoreSchema.kind(of: $0) })
        }
    }

    private static func configuration(_ cache: Int) -> Configuration {
        var configuration = Configuration()
        configuration.label = "StoreReader"
        configuration.readonly = true
        configuration.busyMode = .timeout(busySeconds)
        configuration.prepareDatabase { try $0.execute(sql: "PRAGMA cache_size = \(-cache)") }
        return configuration
    }

    /// The path as part of a URI: everything but letters, digits and a few marks as %XX.
    private static func escaped(_ path: String) -> String {
        let digits = Array("0123456789ABCDEF")
        return path.utf8.reduce(into: "") { result, byte in
            switch byte {
            case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "/"), UInt8(ascii: "."), UInt8(ascii: "-"),
                UInt8(ascii: "_"):
                result.append(Character(Unicode.Scalar(byte)))
            default:
                result.append("%")
                result.append(digits[Int(byte >> 4)])
                result.append(digits[Int(byte & 15)])
            }
        }
    }
}
