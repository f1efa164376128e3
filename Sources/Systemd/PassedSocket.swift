import CSystemd
import Glibc

/// A file descriptor that the service manager opened for us.
public struct PassedSocket: Sendable, Hashable {
    /// What can be done with it.
    public enum Kind: Sendable, Hashable {
        /// A listening Unix stream socket.
        case unixStream
        /// A Unix datagram socket.
        case unixDatagram
        /// A listening TCP socket, IPv4 or IPv6.
        case tcp
        /// A UDP socket, IPv4 or IPv6.
        case udp
        /// A stream connection that was accepted before: by the manager (`Accept=yes`), or by an earlier process of
        /// this service, which left it in the descriptor store.
        case connection
        /// None of these: a FIFO or a file, such as one of memory from the descriptor store.
        case other
    }

    /// Open, with CLOEXEC set; whoever takes it closes it.
    public let descriptor: Int32
    /// `FileDescriptorName=` of the socket unit, by default the unit's name; "unknown" where the manager gave no names.
    public let name: String
    public let kind: Kind

    /// - Throws: ``SystemdError`` when the descriptor cannot be examined.
    init(descriptor: Int32, name: String) throws(SystemdError) {
        self.descriptor = descriptor
        self.name = name
        kind = try Self.kind(of: descriptor)
    }

    /// Whether this is a Unix socket bound to exactly this path.
    public func isBound(to path: String) -> Bool {
        // A length of 0 tells libsystemd to take the path up to its NUL.
        sd_is_socket_unix(descriptor, 0, -1, path, 0) > 0
    }

    /// The path that this Unix socket is bound to; nil for other sockets, and those without one.
    public var path: String? {
        var address = sockaddr_un()
        var size = socklen_t(MemoryLayout<sockaddr_un>.size)
        let found = withUnsafeMutablePointer(to: &address) { address in
            address.withMemoryRebound(to: sockaddr.self, capacity: 1) { getsockname(descriptor, $0, &size) == 0 }
        }
        guard found, address.sun_family == sa_family_t(AF_UNIX) else { return nil }
        let path = withUnsafeBytes(of: &address.sun_path) { String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self) }
        return path.isEmpty ? nil : path
    }

    private static func kind(of descriptor: Int32) throws(SystemdError) -> Kind {
        // The third argument: 1 = listening only, -1 = either.
        let stream = Int32(SOCK_STREAM.rawValue)
        let datagram = Int32(SOCK_DGRAM.rawValue)
        if try holds(sd_is_socket_unix(descriptor, stream, 1, nil, 0), descriptor) { return .unixStream }
        if try holds(sd_is_socket_unix(descriptor, datagram, -1, nil, 0), descriptor) { return .unixDatagram }
        if try holds(sd_is_socket_inet(descriptor, AF_UNSPEC, stream, 1, 0), descriptor) { return .tcp }
        if try holds(sd_is_socket_inet(descriptor, AF_UNSPEC, datagram, -1, 0), descriptor) { return .udp }
        if try holds(sd_is_socket(descriptor, AF_UNSPEC, stream, 0), descriptor) { return .connection }
        return .other
    }

    private static func holds(_ result: Int32, _ descriptor: Int32) throws(SystemdError) -> Bool {
        guard result >= 0 else {
            throw SystemdError(
                operation: "examine a passed socket", object: "file descriptor \(descriptor)", code: -result,
                expected: "an open file descriptor")
        }
        return result > 0
    }
}
