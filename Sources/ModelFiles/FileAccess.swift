import Glibc

/// Whole files, in and out.
enum FileAccess {
    /// - Throws: also if it is no regular file (a pipe could keep a daemon waiting for ever) or longer than `limit`.
    static func read(_ path: String, limit: Int) throws(ModelFileError) -> [UInt8] {
        func failure(_ number: Int32) -> ModelFileError { error(ModelFile.operation, path, number) }
        let descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
        guard descriptor >= 0 else { throw failure(errno) }
        defer { close(descriptor) }
        var status = stat()
        guard fstat(descriptor, &status) == 0 else { throw failure(errno) }
        guard status.st_mode & S_IFMT == S_IFREG else {
            throw ModelFileError(
                operation: ModelFile.operation, file: path, cause: .inputOutput, detail: "it is no regular file")
        }
        let size = Int(status.st_size)
        guard size <= limit else {
            throw ModelFileError(
                operation: ModelFile.operation, file: path, cause: .mismatch,
                detail: "\(FileFault("the file", found: "\(size) bytes long", expected: "at most \(limit)"))")
        }
        var failed: Int32 = 0
        // What is appended meanwhile is none of ours.
        let bytes = [UInt8](unsafeUninitializedCapacity: size) { buffer, count in
            while count < size {
                let got = Glibc.read(descriptor, buffer.baseAddress! + count, size - count)
                if got < 0, errno == EINTR { continue }
                if got < 0 { failed = errno }
                if got <= 0 { break }
                count += got
            }
        }
        if failed != 0 { throw failure(failed) }
        return bytes
    }

    static func write(_ bytes: [UInt8], to path: String) throws(ModelFileError) {
        let operation = "write the model"
        var status = stat()
        let exists = stat(path, &status) == 0
        if exists, status.st_mode & S_IFMT != S_IFREG {
            throw ModelFileError(
                operation: operation, file: path, cause: .inputOutput,
                detail: "it is there and no regular file, expected a name that is free or a file to replace")
        }
        // Through a symbolic link, so that the link stays one.
        let target = exists ? resolved(path) : path
        let folder = target.lastIndex(of: "/").map { target[...$0] } ?? "./"
        let temporary = "\(folder).anomalyd-\(getpid())-\(UInt32.random(in: 0 ... .max)).tmp"
        let descriptor = open(temporary, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o666)
        guard descriptor >= 0 else { throw error(operation, path, errno) }
        var number = fill(descriptor, bytes)
        if exists, number == 0 { _ = fchmod(descriptor, status.st_mode & 0o777) }
        if close(descriptor) != 0, number == 0 { number = errno }
        if number == 0, rename(temporary, target) != 0 { number = errno }
        guard number == 0 else {
            unlink(temporary)
            throw error(operation, path, number)
        }
        // The new name shall survive a power failure, too. Some file systems can't, and lose nothing by it.
        let directory = open(String(folder), O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        if directory >= 0 {
            fsync(directory)
            close(directory)
        }
    }

    /// - Returns: an errno; 0 if all is on the disk.
    private static func fill(_ descriptor: Int32, _ bytes: [UInt8]) -> Int32 {
        bytes.withUnsafeBytes { buffer in
            var written = 0
            while written < buffer.count {
                let count = Glibc.write(descriptor, buffer.baseAddress! + written, buffer.count - written)
                if count < 0, errno == EINTR { continue }
                if count < 0 { return errno }
                written += count
            }
            return fsync(descriptor) == 0 ? 0 : errno
        }
    }

    private static func resolved(_ path: String) -> String {
        guard let pointer = realpath(path, nil) else { return path }
        defer { free(pointer) }
        return String(cString: pointer)
    }

    private static func error(_ operation: String, _ path: String, _ number: Int32) -> ModelFileError {
        let cause: ModelFileError.Cause =
            switch number {
            case ENOENT, ENOTDIR: .missing
            case EACCES, EPERM, EROFS: .notPermitted
            default: .inputOutput
            }
        return ModelFileError(operation: operation, file: path, cause: cause, detail: String(cString: strerror(number)))
    }
}
