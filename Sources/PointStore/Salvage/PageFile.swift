import Glibc

/// The pages of a database as they lie on the disk, with what its write-ahead log has instead of them. Nothing is
/// believed of their content.
///
/// To be opened only in processes that have no SQLite connection to the file: closing it would drop their locks.
final class PageFile {
    /// Bytes of a page, and those of them that SQLite uses.
    let pageSize: Int
    let usableSize: Int
    /// Pages are numbered from 1 to this.
    let pageCount: Int
    let log: WALFrames
    /// Pages that the disk did not give.
    private(set) var unreadable = 0

    private let database: FileBytes
    private let wal: FileBytes?
    private let logHeader: [UInt8]?

    /// - throws: A ``StoreError`` if the file cannot be read, or is plainly the database of another program.
    init(path: String, operation: String) throws {
        database = try FileBytes(path: path, database: path, operation: operation)
        let header = database.read(0, 100) ?? [UInt8](repeating: 0, count: 100)
        func word(_ offset: Int) -> Int { (0..<4).reduce(0) { $0 << 8 | Int(header[offset + $1]) } }
        let isIntact = header.starts(with: "SQLite format 3\0".utf8)
        let applicationID = word(68)
        if isIntact, applicationID != Int(StoreSchema.applicationID) {
            throw StoreError(
                operation: operation, path: path, cause: .foreign,
                detail: "an SQLite database, but not one of anomalyd (application id \(applicationID))")
        }
        let size = Int(header[16]) << 8 | Int(header[17])
        let given = size == 1 ? 65_536 : size
        // Ours all have the page size of `WriteConnection`.
        let isPageSize = isIntact && given >= 512 && given & (given - 1) == 0
        pageSize = isPageSize ? given : WriteConnection.pageSize
        usableSize = pageSize - (isIntact && header[20] < 32 ? Int(header[20]) : 0)
        wal =
            StoreFile.exists(path + "-wal")
            ? try FileBytes(path: path + "-wal", database: path, operation: operation) : nil
        logHeader = wal?.read(0, WALFrames.headerSize)
        log = WALFrames(size: wal?.size ?? 0, pageSize: pageSize) { [wal] in wal?.read($0, $1) }
        let inFile = (database.size + pageSize - 1) / pageSize
        pageCount = max(inFile, log.databasePages, log.pages.keys.max() ?? 0)
    }

    /// The newest content of a page; nil if there is none. A page that is cut off is filled with zeros.
    func page(_ number: Int) -> [UInt8]? {
        guard (1...max(1, pageCount)).contains(number) else { return nil }
        if let offset = log.pages[number], let content = wal?.read(offset, pageSize) { return content }
        let offset = (number - 1) * pageSize
        let count = min(pageSize, database.size - offset)
        guard count > 0 else { return nil }
        guard let content = database.read(offset, count) else {
            unreadable += 1
            return nil
        }
        return content + [UInt8](repeating: 0, count: pageSize - count)
    }

    /// Bytes of a page that SQLite uses and that are really there: fewer where the file was cut off.
    func extent(of number: Int) -> Int {
        log.pages[number] != nil ? usableSize : min(usableSize, max(0, database.size - (number - 1) * pageSize))
    }

    /// Whether nobody has begun the log anew since it was read.
    var hasSameLog: Bool { wal?.read(0, WALFrames.headerSize) == logHeader }

    /// The pages that hold nothing any more, as far as the list of them can be followed.
    func freePages() -> Set<Int> {
        func word(_ page: [UInt8], _ offset: Int) -> Int { (0..<4).reduce(0) { $0 << 8 | Int(page[offset + $1]) } }
        var free: Set<Int> = []
        guard var trunk = page(1).map({ word($0, 32) }) else { return free }
        while trunk > 0, free.insert(trunk).inserted, let content = page(trunk) {
            let count = word(content, 4)
            guard count <= usableSize / 4 - 2 else { break }
            for index in 0..<count { free.insert(word(content, 8 + 4 * index)) }
            trunk = word(content, 0)
        }
        return free
    }

    /// Whether a page is one of those that tell what the others are for (`auto_vacuum`).
    func isPointerMap(_ number: Int) -> Bool {
        number >= 2 && (number - 2) % (usableSize / 5 + 1) == 0
    }
}

/// A file that is open for reading.
private final class FileBytes {
    let size: Int
    private let descriptor: Int32

    init(path: String, database: String, operation: String) throws {
        descriptor = open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else {
            throw StoreError(operation: "salvage", path: database, errno: errno, object: "file \(path)")
        }
        var status = stat()
        fstat(descriptor, &status)
        size = Int(status.st_size)
    }

    deinit { close(descriptor) }

    /// Nil if not so many bytes can be read there.
    func read(_ offset: Int, _ count: Int) -> [UInt8]? {
        guard offset >= 0, offset + count <= size else { return nil }
        var bytes = [UInt8](repeating: 0, count: count)
        var done = 0
        while done < count {
            let got = bytes.withUnsafeMutableBytes {
                pread(descriptor, $0.baseAddress.map { $0 + done }, count - done, off_t(offset + done))
            }
            if got < 0, errno == EINTR { continue }
            if got <= 0 { return nil }
            done += got
        }
        return bytes
    }
}
