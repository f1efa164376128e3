import Glibc

/// The database as a file: where it really is, and how it comes into being.
enum StoreFile {
    /// Owner writes, group reads. SQLite gives `-wal` and `-shm` the mode and owner of the database.
    static let mode: mode_t = 0o640

    /// The absolute path without symbolic links, so that two names of one database have one lock file.
    ///
    /// - throws: A ``StoreError`` if the parent directory does not exist or may not be searched.
    static func resolve(_ path: String, operation: String) throws -> String {
        if let resolved = realPath(path) { return resolved }
        let (directory, name) = split(path)
        guard let parent = realPath(directory) else {
            throw StoreError(
                operation: operation, path: path, errno: errno, object: "directory \(directory)",
                hint: errno == ENOENT ? "create the directory first" : nil)
        }
        return parent == "/" ? "/\(name)" : "\(parent)/\(name)"
    }

    /// Creates the directories that `path` lies in, as the XDG specification wants them: for their owner only.
    static func createDirectory(of path: String) throws {
        let directory = split(path).directory
        if access(directory, F_OK) == 0 { return }
        try createDirectory(of: directory)
        guard mkdir(directory, 0o700) == 0 || errno == EEXIST else {
            throw StoreError(operation: "create", path: path, errno: errno, object: "directory \(directory)")
        }
    }

    /// Creates an empty file, with this mode whatever the umask is. There must be none.
    static func createEmpty(_ file: String, mode: mode_t, for path: String) throws {
        // Never open a file that may be a live database: closing it would drop every POSIX lock that SQLite holds
        // on it in this process (https://www.sqlite.org/howtocorrupt.html, 2.2). With O_EXCL the file is new.
        let descriptor = open(file, O_CREAT | O_EXCL | O_RDWR | O_CLOEXEC, mode)
        guard descriptor >= 0 else { throw StoreError(operation: "create", path: path, errno: errno, object: file) }
        defer { close(descriptor) }
        guard fchmod(descriptor, mode) == 0 else {
            throw StoreError(operation: "create", path: path, errno: errno, object: file)
        }
    }

    /// Who may do what with the file.
    static func mode(of path: String) throws -> mode_t {
        var status = stat()
        guard stat(path, &status) == 0 else { throw StoreError(operation: "open", path: path, errno: errno) }
        return status.st_mode & 0o777
    }

    /// Bytes of the file.
    ///
    /// - throws: A ``StoreError`` if it does not exist, is not a regular file or may not be read.
    @discardableResult
    static func size(_ path: String, operation: String) throws -> Int {
        var status = stat()
        guard stat(path, &status) == 0 else {
            let hint = errno == ENOENT ? "anomalyd creates it when it starts" : nil
            throw StoreError(operation: operation, path: path, errno: errno, hint: hint)
        }
        guard status.st_mode & S_IFMT == S_IFREG else {
            throw StoreError(operation: operation, path: path, cause: .foreign, detail: "not a regular file")
        }
        guard access(path, R_OK) == 0 else {
            throw StoreError(
                operation: operation, path: path, errno: errno,
                hint: "the group of the file may read it; add the user to that group")
        }
        return Int(status.st_size)
    }

    /// When its content was changed last, in microseconds since 1970; nil if there is no such file.
    static func modified(_ path: String) -> Int64? {
        var status = stat()
        guard stat(path, &status) == 0 else { return nil }
        return Int64(status.st_mtim.tv_sec) * 1_000_000 + Int64(status.st_mtim.tv_nsec) / 1000
    }

    /// True also of a symbolic link that leads nowhere.
    static func isLink(_ path: String) -> Bool {
        var status = stat()
        return lstat(path, &status) == 0 && status.st_mode & S_IFMT == S_IFLNK
    }

    /// What tells one file from another, whatever its name; nil if there is none.
    static func identity(_ path: String) -> Identity? {
        var status = stat()
        guard stat(path, &status) == 0 else { return nil }
        return Identity(device: UInt64(status.st_dev), inode: UInt64(status.st_ino))
    }

    struct Identity: Sendable, Equatable {
        var device: UInt64
        var inode: UInt64
    }

    /// The directory that `path` lies in.
    static func directory(of path: String) -> String { split(path).directory }

    static func exists(_ path: String) -> Bool { access(path, F_OK) == 0 }

    private static func realPath(_ path: String) -> String? {
        guard let resolved = realpath(path, nil) else { return nil }
        defer { free(resolved) }
        return String(cString: resolved)
    }

    private static func split(_ path: String) -> (directory: String, name: String) {
        guard let slash = path.utf8.lastIndex(of: UInt8(ascii: "/")) else { return (".", path) }
        let directory = path[..<slash]
        return (directory.isEmpty ? "/" : String(directory), String(path[path.utf8.index(after: slash)...]))
    }
}
