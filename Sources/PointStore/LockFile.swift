import Glibc

/// The right to be the one writer of a database, held as a flock(2) on `<database>.lock`.
///
/// The kernel releases it however the process ends. The file itself stays: were it unlinked, one process could lock
/// the unlinked file while another locks a new one of the same name. It holds the process id of its holder, for the
/// error message of whoever comes second.
final class LockFile: Sendable {
    private let descriptor: Int32

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
        // What is written is for people; the lock is good without it, even on a full disk.
        let text = Array("\(getpid())\n".utf8)
        if ftruncate(descriptor, 0) == 0 { _ = pwrite(descriptor, text, text.count, 0) }
        self.descriptor = descriptor
    }

    deinit {
        _ = ftruncate(descriptor, 0)
        close(descriptor)
    }

    /// Whether a writer holds the lock, as far as this process may find out; it makes no lock file.
    static func isHeld(database path: String) -> Bool {
        let descriptor = open(path + ".lock", O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { return false }
        defer { close(descriptor) }
        return flock(descriptor, LOCK_SH | LOCK_NB) != 0 && errno == EWOULDBLOCK
    }

    private static func holder(_ descriptor: Int32) -> Int32? {
        var bytes = [UInt8](repeating: 0, count: 16)
        let count = pread(descriptor, &bytes, bytes.count, 0)
        guard count > 0 else { return nil }
        return Int32(String(decoding: bytes.prefix(count).prefix { $0 != UInt8(ascii: "\n") }, as: UTF8.self))
    }

    private static func isHeld(by process: Int32?, database path: String) -> StoreError {
        let holder = process.map { "process \($0)" } ?? "another process"
        return StoreError(
            operation: "open", path: path, cause: .locked(process: process), detail: "\(holder) writes to it already",
            hint: "a database has one writer; stop that one or give another file")
    }
}
