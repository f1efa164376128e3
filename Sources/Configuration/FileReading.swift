import Glibc

/// Why a file could not be read.
struct FileFailure: Error {
    let number: Int32

    var isMissing: Bool { number == ENOENT || number == ENOTDIR }
    var cause: String { strerror(of: number) }
}

/// What the C library says of an error's number.
func strerror(of number: Int32) -> String { String(cString: strerror(number)) }

/// The first bytes of a file, at most `limit`. Pipes will do as well.
func readFile(_ path: String, limit: Int) throws(FileFailure) -> [UInt8] {
    let descriptor = open(path, O_RDONLY | O_CLOEXEC)
    guard descriptor >= 0 else { throw FileFailure(number: errno) }
    defer { close(descriptor) }
    var bytes: [UInt8] = []
    var chunk = [UInt8](repeating: 0, count: 65_536)
    while bytes.count < limit {
        let count = read(descriptor, &chunk, min(chunk.count, limit - bytes.count))
        if count == 0 { break }
        if count < 0 {
            if errno == EINTR { continue }
            throw FileFailure(number: errno)
        }
        bytes += chunk[..<count]
    }
    return bytes
}
