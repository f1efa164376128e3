import CSystemd
import Glibc

/// A file without a name that lies in memory (memfd_create(2)): what one process of a service leaves to the next one in
/// the descriptor store.
public enum MemoryFile {
    /// MFD_CLOEXEC of linux/memfd.h.
    private static let closeOnExec: UInt32 = 1

    /// - Parameter name: for people, in /proc.
    /// - Returns: a descriptor, which the caller closes.
    /// - Throws: ``SystemdError`` if there is no memory or no descriptor left.
    public static func make(_ name: String, _ bytes: [UInt8]) throws(SystemdError) -> Int32 {
        let descriptor = memfd_create(name, closeOnExec)
        guard descriptor >= 0 else { throw failure("make", name) }
        var written = 0
        while written < bytes.count {
            let count = bytes.withUnsafeBytes {
                pwrite(descriptor, $0.baseAddress! + written, $0.count - written, written)
            }
            guard count > 0 else {
                defer { close(descriptor) }
                throw failure("write", name)
            }
            written += count
        }
        return descriptor
    }

    /// All that is in it, from its beginning; the descriptor stays open.
    ///
    /// - Throws: ``SystemdError`` if it can't be read.
    public static func read(_ descriptor: Int32) throws(SystemdError) -> [UInt8] {
        var status = stat()
        guard fstat(descriptor, &status) == 0 else { throw failure("examine", "file descriptor \(descriptor)") }
        let size = Int(status.st_size)
        var isWhole = true
        let bytes = [UInt8](unsafeUninitializedCapacity: size) { buffer, count in
            while count < size {
                let more = pread(descriptor, buffer.baseAddress! + count, size - count, count)
                guard more > 0 else {
                    isWhole = false
                    return
                }
                count += more
            }
        }
        guard isWhole else { throw failure("read", "file descriptor \(descriptor)") }
        return bytes
    }

    private static func failure(_ operation: String, _ name: String) -> SystemdError {
        SystemdError(
            operation: "\(operation) a file in memory", object: name, code: errno,
            expected: "free memory and descriptors")
    }
}
