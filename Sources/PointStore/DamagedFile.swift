import Glibc

/// A damaged database that gives up its name. Its files are kept as they are: nothing here deletes or overwrites.
enum DamagedFile {
    /// What belongs to a database, the database itself last.
    private static let suffixes = [LogRewrite.copySuffix, "-wal", "-shm", ""]

    /// Gives a database and its companions other names beside it, `PATH.damaged-2026-11-25T12:34:56Z` with `-wal` and
    /// `-shm`, under which SQLite still takes them for one database.
    ///
    /// First all get their new names in addition, and only then lose the old ones, the database before its WAL: were
    /// the daemon killed in between, a WAL left alone belongs to no database and is not applied to a new one, while a
    /// database left alone would be opened without the commits in its WAL.
    ///
    /// - returns: The new path of the database.
    /// - throws: A ``StoreError``; the database still has its old name then.
    static func setAside(_ path: String) throws -> String {
        let aside = try freeName(for: path)
        for suffix in suffixes where StoreFile.exists(path + suffix) {
            guard link(path + suffix, aside + suffix) == 0 else {
                throw StoreError(
                    operation: "set aside", path: path, errno: errno, object: "hard link \(aside)\(suffix)",
                    hint: "rename the file and its -wal and -shm by hand, and start anomalyd again")
            }
        }
        for suffix in suffixes.reversed() where unlink(path + suffix) != 0 && errno != ENOENT {
            throw StoreError(operation: "set aside", path: path, errno: errno, object: "old name \(path)\(suffix)")
        }
        synchroniseDirectory(of: path)
        return aside
    }

    /// A name that neither a file nor a companion of one has.
    private static func freeName(for path: String) throws -> String {
        let base = "\(path).damaged-\(timestamp())"
        for number in 1...1000 {
            let name = number == 1 ? base : "\(base).\(number)"
            if suffixes.allSatisfy({ !StoreFile.exists(name + $0) }) { return name }
        }
        throw StoreError(
            operation: "set aside", path: path, cause: .other, detail: "all names like \(base).2 are taken",
            hint: "move the damaged files elsewhere")
    }

    /// Now, in UTC, as RFC 3339 has it.
    private static func timestamp() -> String {
        var now = time(nil)
        var parts = tm()
        gmtime_r(&now, &parts)
        var text = [CChar](repeating: 0, count: 32)
        let length = strftime(&text, text.count, "%Y-%m-%dT%H:%M:%SZ", &parts)
        return String(decoding: text.prefix(length).map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }

    /// Names are as durable as their directory. A file system that cannot do this has nothing better to offer.
    private static func synchroniseDirectory(of path: String) {
        let descriptor = open(StoreFile.directory(of: path), O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        guard descriptor >= 0 else { return }
        _ = fsync(descriptor)
        close(descriptor)
    }
}
