import Glibc
import Synchronization

/// The right to be the one writer of a database, held as a flock(2) on `<database>.lock`.
///
/// The kernel releases it however the process ends. The file itself stays: were it unlinked, one process could lock
/// the unlinked file while another locks a new one of the same name. It holds the process id of its holder, for the
/// error message of whoever comes second, and a mark if the holder's commits fail.
final class LockFile: Sendable {
    /// The second line while something of the write-ahead log may not be on the disk. A power failure may forget it: what
    /// is read after that has come from the disk.
    private static let mark = "unsynced"

    private let descriptor: Int32
    private let isMarked: Mutex<Bool>

    /// - throws: A ``StoreError`` with the cause `locked` if another writer, of this or another process, holds it.
    init(database path: String) throws {
        let file = path + ".lock"
        // 0600: whoever can open the file could hold the lock, so readers must not.
        let descriptor = open(file, O_CREAT | O_RDWR | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else {
            throw StoreError(operation: "open", path: path, errno: errno, object: "lock file \(file)")
        }
        while flock(descriptor, LOCK_EX | LOCK_NB) != 0 {
            let code = errno
            if code == EINTR { continue }
            defer { close(descriptor) }
            guard code == EWOULDBLOCK else {
                throw StoreError(operation: "open", path: path, errno: code, object: "lock file \(file)")
            }
            throw LockFile.isHeld(by: LockFile.holder(descriptor), database: path)
        }
        self.descriptor = descriptor
        let isMarked = LockFile.lines(descriptor).dropFirst().first == LockFile.mark[...]
        self.isMarked = Mutex(isMarked)
        write(process: getpid(), isMarked: isMarked)
    }

    deinit {
        write(process: nil, isMarked: isUnsynced)
        // Closing alone would not let go of it as long as a child of this process has not come to exec(2).
        flock(descriptor, LOCK_UN)
        close(descriptor)
    }

    /// Whether something of the write-ahead log may not be on the disk: remembered by the next process, too.
    private(set) var isUnsynced: Bool {
        get { isMarked.withLock { $0 } }
        set {
            isMarked.withLock { isMarked in
                if newValue == isMarked { return }
                isMarked = newValue
                write(process: getpid(), isMarked: newValue)
            }
        }
    }

    /// Runs `body`, which writes to the database. While that fails, the log must be rewritten before somebody else opens
    /// the database; when it succeeds again, all that failed has been written anew, unless `mayHaveHoles` says that there
    /// is more.
    func tracking<T>(mayHaveHoles: () -> Bool = { false }, _ body: () throws -> T) throws -> T {
        do {
            let result = try body()
            isUnsynced = mayHaveHoles()
            return result
        } catch {
            isUnsynced = true
            throw error
        }
    }

    /// The lock is good without it. A disk that is full has room for it, as the file has a block of its own already.
    private func write(process: Int32?, isMarked: Bool) {
        let text = Array("\(process.map { "\($0)" } ?? "")\n\(isMarked ? LockFile.mark + "\n" : "")".utf8)
        if pwrite(descriptor, text, text.count, 0) == text.count { _ = ftruncate(descriptor, off_t(text.count)) }
    }

    /// Whether a writer holds the lock, as far as this process may find out; it makes no lock file.
    static func isHeld(database path: String) -> Bool {
        let descriptor = open(path + ".lock", O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { return false }
        defer { close(descriptor) }
        return flock(descriptor, LOCK_SH | LOCK_NB) != 0 && errno == EWOULDBLOCK
    }

    private static func holder(_ descriptor: Int32) -> Int32? { lines(descriptor).first.flatMap { Int32($0) } }

    private static func lines(_ descriptor: Int32) -> [Substring] {
        var bytes = [UInt8](repeating: 0, count: 64)
        let count = pread(descriptor, &bytes, bytes.count, 0)
        return String(decoding: bytes.prefix(max(0, count)), as: UTF8.self)
            .split(separator: "\n", omittingEmptySubsequences: false)
    }

    private static func isHeld(by process: Int32?, database path: String) -> StoreError {
        let holder = process.map { "process \($0)" } ?? "another process"
        return StoreError(
            operation: "open", path: path, cause: .locked(process: process), detail: "\(holder) writes to it already",
            hint: "a database has one writer; stop that one or give another file")
    }
}
