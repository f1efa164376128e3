import Glibc

/// Whole files.
enum FileBytes {
    /// All bytes of a file, or of whatever else can be opened and has an end.
    ///
    /// - Throws: `Failure` that names the file and the cause.
    static func read(_ path: String) throws(Failure) -> [UInt8] {
        let descriptor = open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { throw failure("read", path) }
        defer { close(descriptor) }
        var status = stat()
        var bytes: [UInt8] = []
        if fstat(descriptor, &status) == 0 { bytes.reserveCapacity(Int(status.st_size)) }
        var chunk = [UInt8](repeating: 0, count: 1 << 18)
        while true {
            let count = Glibc.read(descriptor, &chunk, chunk.count)
            if count == 0 { return bytes }
            if count > 0 {
                bytes += chunk[..<count]
            } else if errno != EINTR {
                throw failure("read", path)
            }
        }
    }

    static func exists(_ path: String) -> Bool { access(path, F_OK) == 0 }

    /// Puts `bytes` in the place of a file in one step: whoever reads it sees the old ones or the new ones, also after a
    /// power failure. A symbolic link is replaced.
    ///
    /// - Throws: as `read(_:)`.
    static func replace(_ path: String, with bytes: [UInt8]) throws(Failure) {
        let draft = "\(path).\(getpid()).tmp"
        let descriptor = open(draft, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o666)
        guard descriptor >= 0 else { throw failure("write", path) }
        let output = Output(descriptor: descriptor)
        output.write(bytes)
        let isWritten = (try? output.flush()) != nil && fsync(descriptor) == 0
        guard close(descriptor) == 0, isWritten, rename(draft, path) == 0 else {
            let failure = failure("write", path)
            unlink(draft)
            throw failure
        }
    }

    /// `errno` as a failure.
    static func failure(_ operation: String, _ path: String) -> Failure {
        let number = errno
        let status: ExitStatus = number == EACCES || number == EPERM ? .notPermitted : .failure
        return Failure(status, "cannot \(operation) \(path): \(String(cString: strerror(number)))")
    }
}
