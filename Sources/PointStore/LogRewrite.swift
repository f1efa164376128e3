import GRDB
import GRDBSQLite

/// Makes sure that what SQLite will read of a write-ahead log is also what the disk holds.
///
/// When the fsync of a commit fails, its frames stay in the file, and the kernel may have given up writing them
/// (https://wiki.postgresql.org/wiki/Fsync_Errors). Within one process the next commit writes all of them anew. Whoever
/// opens the file afterwards, however, reads the frames from the kernel's cache, takes them for committed, and syncs only
/// what it adds itself: a power failure then leaves a hole, and what was confirmed behind it is lost. So after such a
/// failure the log is written over itself and synced before the next process opens the database.
///
/// While a sector is written, a power failure can turn it into rubbish, and most of the log is good. So a copy is made
/// and synced first. A copy that is found complete belongs to a rewrite that was cut short, and is what the log was.
enum LogRewrite {
    /// Follows the database's path.
    static let copySuffix = "-wal-copy"
    /// Bytes that are written at a time. SQLite's file system writes less than 128 KiB at once.
    private static let piece = 1 << 16
    /// Before the content of a copy: its length and its checksum, 8 bytes each.
    private static let headerSize = 16

    /// The caller must hold the writer's lock, and its connection, if there is one, must not be writing: the log is written
    /// over with what it says.
    ///
    /// - parameter isSuspect: Whether the last writer has left frames that a failed fsync was about.
    /// - throws: `DatabaseError` if the log can't be read, written or synced.
    static func run(database path: String, isSuspect: Bool) throws {
        let hasCopy = hasBegun(path)
        let hasLog = StoreFile.exists(path + "-wal")
        guard hasCopy || isSuspect && hasLog else { return }
        // A power failure can take the name of a young database, and leave that of a copy.
        guard StoreFile.exists(path) else {
            if hasCopy { try VFSFile.remove(path + copySuffix) }
            return
        }
        let content: [UInt8]
        if hasCopy, let kept = try decode(VFSFile.copy(of: path, creates: false).contents()) {
            content = kept
        } else if !hasLog {
            // Somebody has removed the log since: what is left of a copy is of no use.
            return try VFSFile.remove(path + copySuffix)
        } else {
            content = try VFSFile.log(of: path, creates: false).contents()
            try write(header(of: content) + content, to: .copy(of: path, creates: true))
        }
        try write(content, to: .log(of: path, creates: true))
        try VFSFile.remove(path + copySuffix)
    }

    /// Whether a rewrite has been cut short. Until it is done, the log must not be looked at.
    static func hasBegun(_ path: String) -> Bool { StoreFile.exists(path + copySuffix) }

    private static func write(_ bytes: [UInt8], to file: VFSFile) throws {
        try bytes.withUnsafeBytes { bytes in
            for start in stride(from: 0, to: bytes.count, by: piece) {
                try file.write(.init(rebasing: bytes[start..<min(bytes.count, start + piece)]), at: start)
            }
        }
        try file.truncate(to: bytes.count)
        try file.sync()
    }

    private static func header(of content: [UInt8]) -> [UInt8] {
        var checksum = Checksum()
        content.withUnsafeBytes { checksum.add($0) }
        return [UInt64(content.count), checksum.value].flatMap { word in
            (0..<8).map { UInt8(truncatingIfNeeded: word >> (8 * UInt64($0))) }
        }
    }

    /// The content of a copy; nil if it is not complete.
    private static func decode(_ copy: [UInt8]) -> [UInt8]? {
        let content = Array(copy.dropFirst(headerSize))
        return copy.starts(with: header(of: content)) && copy.count >= headerSize ? content : nil
    }
}

/// A file beside the database, by way of SQLite's own file system: so that nothing stands between what SQLite reads and
/// what is written here.
private final class VFSFile {
    private let file: UnsafeMutableRawPointer
    /// SQLite keeps the pointer for as long as the file is open.
    private let name: sqlite3_filename
    private var isOpen = false
    private var handle: UnsafeMutablePointer<sqlite3_file> { file.assumingMemoryBound(to: sqlite3_file.self) }
    private var methods: sqlite3_io_methods { handle.pointee.pMethods.pointee }

    /// The write-ahead log of a database.
    ///
    /// - throws: `DatabaseError`.
    static func log(of database: String, creates: Bool) throws -> VFSFile {
        try VFSFile(database + "-wal", SQLITE_OPEN_WAL, database, creates: creates)
    }

    /// The copy of it. SQLite has no such file. Opened as a log, it would get its mode from a file whose name is its own up
    /// to the last hyphen: the log, which need not be there.
    ///
    /// - throws: `DatabaseError`.
    static func copy(of database: String, creates: Bool) throws -> VFSFile {
        try VFSFile(database + LogRewrite.copySuffix, SQLITE_OPEN_SUPER_JOURNAL, database, creates: creates)
    }

    private init(_ path: String, _ type: Int32, _ database: String, creates: Bool) throws {
        guard let vfs = sqlite3_vfs_find(nil) else { throw DatabaseError(resultCode: .SQLITE_MISUSE) }
        // Whoever may read the database may read this.
        let name = "modeof".withCString { key in
            database.withCString { value in
                var parameters: [UnsafePointer<CChar>?] = [key, value]
                return sqlite3_create_filename(path, "", "", 1, &parameters)
            }
        }
        guard let name else { throw DatabaseError(resultCode: .SQLITE_NOMEM) }
        self.name = name
        let size = Int(vfs.pointee.szOsFile)
        file = UnsafeMutableRawPointer.allocate(byteCount: size, alignment: 16)
        file.initializeMemory(as: UInt8.self, repeating: 0, count: size)
        let flags = SQLITE_OPEN_READWRITE | type | (creates ? SQLITE_OPEN_CREATE : 0)
        let code = vfs.pointee.xOpen?(vfs, name, handle, flags, nil)
        isOpen = code == SQLITE_OK
        try VFSFile.check(code)
    }

    deinit {
        if isOpen { _ = methods.xClose?(handle) }
        file.deallocate()
        sqlite3_free_filename(name)
    }

    func contents() throws -> [UInt8] {
        var size: Int64 = 0
        try VFSFile.check(methods.xFileSize?(handle, &size))
        var bytes = [UInt8](repeating: 0, count: Int(size))
        try bytes.withUnsafeMutableBytes { bytes in
            if let start = bytes.baseAddress, size > 0 {
                try VFSFile.check(methods.xRead?(handle, start, Int32(size), 0))
            }
        }
        return bytes
    }

    func write(_ bytes: UnsafeRawBufferPointer, at offset: Int) throws {
        try VFSFile.check(methods.xWrite?(handle, bytes.baseAddress, Int32(bytes.count), Int64(offset)))
    }

    func truncate(to size: Int) throws { try VFSFile.check(methods.xTruncate?(handle, Int64(size))) }

    func sync() throws { try VFSFile.check(methods.xSync?(handle, SQLITE_SYNC_NORMAL)) }

    /// Removes a file for good: not even a power failure brings it back.
    static func remove(_ path: String) throws {
        guard let vfs = sqlite3_vfs_find(nil) else { throw DatabaseError(resultCode: .SQLITE_MISUSE) }
        try check(vfs.pointee.xDelete?(vfs, path, 1))
    }

    private static func check(_ code: Int32?) throws {
        guard let code, code == SQLITE_OK else {
            throw DatabaseError(resultCode: ResultCode(rawValue: code ?? SQLITE_ERROR))
        }
    }
}
