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

    /// `errno` as a failure.
    static func failure(_ operation: String, _ path: String) -> Failure {
        let number = errno
        let status: ExitStatus = number == EACCES || number == EPERM ? .notPermitted : .failure
        return Failure(status, "cannot \(operation) \(path): \(String(cString: strerror(number)))")
    }
}
