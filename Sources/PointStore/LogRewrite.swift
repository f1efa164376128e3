import GRDB
import GRDBSQLite

/// Makes sure that what SQLite will read of a write-ahead log is also what the disk holds.
///
/// When the fsync of a commit fails, its frames stay in the file, and the kernel may have given up writing them
/// (https://wiki.postgresql.org/wiki/Fsync_Errors). Within one process the next commit writes all of them anew. Whoever
/// opens the file afterwards, however, reads the frames from the kernel's cache, takes them for committed, and syncs only
/// what it adds itself: a power failure then leaves a hole, and what was confirmed behind it is lost. So before the file
/// is opened, the log is written over itself and synced, which is nothing after a clean end and 64 MiB at most otherwise.
enum LogRewrite {
    /// Bytes that are written at a time. SQLite's file system writes less than 128 KiB at once.
    private static let piece = 1 << 16

    /// The caller must hold the writer's lock, and no connection may be open.
    ///
    /// - throws: `DatabaseError` if the log can't be read, written or synced.
    static func run(database path: String) throws {
        let log = path + "-wal"
        guard StoreFile.exists(log), let vfs = sqlite3_vfs_find(nil) else { return }
        // Through SQLite's own file system, so that nothing stands between what it reads and what is written here.
        let file = UnsafeMutableRawPointer.allocate(
            byteCount: Int(vfs.pointee.szOsFile), alignment: MemoryLayout<Int64>.alignment
        ).initializeMemory(as: UInt8.self, repeating: 0, count: Int(vfs.pointee.szOsFile))
        defer { file.deallocate() }
        try file.withMemoryRebound(to: sqlite3_file.self, capacity: 1) { file in
            let flags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_WAL
            // The name must be followed by parameters, of which there are none: a second NUL.
            let name = Array(log.utf8) + [0, 0, 0]
            try name.withUnsafeBufferPointer { name in
                try name.withMemoryRebound(to: CChar.self) { name in
                    try check(vfs.pointee.xOpen?(vfs, name.baseAddress, file, flags, nil))
                    guard let methods = file.pointee.pMethods else { return }
                    defer { _ = methods.pointee.xClose?(file) }
                    try rewrite(file, methods.pointee)
                }
            }
        }
    }

    private static func rewrite(_ file: UnsafeMutablePointer<sqlite3_file>, _ methods: sqlite3_io_methods) throws {
        var size: Int64 = 0
        try check(methods.xFileSize?(file, &size))
        if size == 0 { return }
        let buffer = UnsafeMutableRawPointer.allocate(byteCount: piece, alignment: 16)
        defer { buffer.deallocate() }
        for start in stride(from: 0, to: size, by: piece) {
            let count = Int32(min(Int64(piece), size - start))
            try check(methods.xRead?(file, buffer, count, start))
            try check(methods.xWrite?(file, buffer, count, start))
        }
        try check(methods.xSync?(file, SQLITE_SYNC_NORMAL))
    }

    private static func check(_ code: Int32?) throws {
        guard let code, code == SQLITE_OK else {
            throw DatabaseError(resultCode: ResultCode(rawValue: code ?? SQLITE_ERROR))
        }
    }
}
