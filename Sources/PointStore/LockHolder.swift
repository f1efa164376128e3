import Glibc

/// A process that holds one of SQLite's locks on a database, as the kernel tells it.
///
/// SQLite's locks are POSIX locks on single bytes of the `-shm` file: https://www.sqlite.org/walformat.html, 2.3.2.
public struct LockHolder: Sendable, Hashable {
    public var process: Int32
    /// Its name, if it may be read.
    public var name: String?

    /// What is locked.
    public enum Lock: Sendable {
        /// The right to write.
        case writing
        /// A snapshot that is being read. It keeps the WAL from being begun anew.
        case reading

        var bytes: ClosedRange<Int64> { self == .writing ? 120...120 : 123...127 }
    }

    /// The other processes that hold such a lock on the database at `path`, by number. Empty also if it can't be found
    /// out.
    public static func others(holding lock: Lock, on path: String) -> [LockHolder] {
        var info = stat()
        guard stat(path + "-shm", &info) == 0, let table = text(of: "/proc/locks") else { return [] }
        return others(holding: lock, inode: UInt64(info.st_ino), in: table).sorted { $0.process < $1.process }
    }

    /// Lines like `1: POSIX  ADVISORY  READ 4242 fe:00:1311 123 123` (proc_locks(5)).
    static func others(holding lock: Lock, inode: UInt64, in table: String) -> Set<LockHolder> {
        var holders: Set<LockHolder> = []
        for line in table.split(separator: "\n") {
            let fields = line.split(separator: " ")
            guard fields.count == 8, fields[1] == "POSIX", let process = Int32(fields[4]), process != getpid(),
                process > 0, fields[5].split(separator: ":").last.flatMap({ UInt64($0) }) == inode,
                let first = Int64(fields[6]), lock.bytes.contains(first)
            else { continue }
            let name = text(of: "/proc/\(process)/comm")?.split(separator: "\n").first.map(String.init)
            holders.insert(LockHolder(process: process, name: name))
        }
        return holders
    }

    private static func text(of file: String) -> String? {
        guard let stream = fopen(file, "re") else { return nil }
        defer { fclose(stream) }
        var bytes: [UInt8] = []
        var chunk = [UInt8](repeating: 0, count: 65_536)
        while case let count = fread(&chunk, 1, chunk.count, stream), count > 0 { bytes += chunk[..<count] }
        return String(decoding: bytes, as: UTF8.self)
    }
}

extension LockHolder: CustomStringConvertible {
    public var description: String { name.map { "process \(process) (\($0))" } ?? "process \(process)" }
}
