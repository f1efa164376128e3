import Glibc

/// Unix stream sockets by path.
public enum UnixSocket {
    /// A connection to who listens at `path`. Ends the program if there is nobody.
    public static func connect(to path: String) -> Int32 {
        let descriptor = make()
        let code = withAddress(path) { Glibc.connect(descriptor, $0, $1) }
        if code != 0 { Failure.end("cannot connect to \(path)", errno: errno) }
        return descriptor
    }

    /// A socket that listens at `path`, where there must be nothing yet.
    public static func listen(at path: String) -> Int32 {
        let descriptor = make()
        guard withAddress(path, { bind(descriptor, $0, $1) }) == 0, Glibc.listen(descriptor, 64) == 0 else {
            Failure.end("cannot listen at \(path)", errno: errno)
        }
        return descriptor
    }

    private static func make() -> Int32 {
        let descriptor = socket(AF_UNIX, Int32(SOCK_STREAM.rawValue), 0)
        if descriptor < 0 { Failure.end("cannot make a socket", errno: errno) }
        return descriptor
    }

    private static func withAddress(_ path: String, _ body: (UnsafePointer<sockaddr>, socklen_t) -> Int32) -> Int32 {
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        let capacity = MemoryLayout.size(ofValue: address.sun_path)
        guard path.utf8.count < capacity else {
            Failure.end("the socket's path is longer than \(capacity - 1) bytes: \(path)")
        }
        withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: path.utf8) }
        return withUnsafePointer(to: &address) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) { body($0, socklen_t(MemoryLayout<sockaddr_un>.size)) }
        }
    }
}
