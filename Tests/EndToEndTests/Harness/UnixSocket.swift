import Glibc

/// Sockets with paths.
enum UnixSocket {
    /// A new socket at a path that must be free; it listens if it is a stream socket.
    static func bound(to path: String, type: __socket_type) throws -> Int32 {
        let descriptor = try open(type)
        guard withAddress(path, { bind(descriptor, $0, $1) }) == 0 else { throw systemError("bind \(path)") }
        if type == SOCK_STREAM {
            guard listen(descriptor, 128) == 0 else { throw systemError("listen \(path)") }
        }
        return descriptor
    }

    /// A stream socket that is connected to the one at a path.
    static func connected(to path: String) throws -> Int32 {
        let descriptor = try open(SOCK_STREAM)
        guard withAddress(path, { connect(descriptor, $0, $1) }) == 0 else {
            defer { close(descriptor) }
            throw systemError("connect \(path)")
        }
        return descriptor
    }

    private static func open(_ type: __socket_type) throws -> Int32 {
        let descriptor = socket(AF_UNIX, Int32(type.rawValue | SOCK_CLOEXEC.rawValue), 0)
        guard descriptor >= 0 else { throw systemError("socket") }
        return descriptor
    }

    private static func withAddress(_ path: String, _ body: (UnsafePointer<sockaddr>, socklen_t) -> Int32) -> Int32 {
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        withUnsafeMutableBytes(of: &address.sun_path) { field in
            precondition(path.utf8.count < field.count, "\(path) is too long for a Unix socket")
            field.copyBytes(from: path.utf8)
        }
        return withUnsafePointer(to: &address) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                body($0, socklen_t(MemoryLayout<sockaddr_un>.size))
            }
        }
    }
}
