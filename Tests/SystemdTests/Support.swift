import Glibc
import Testing

// The environment belongs to the whole process, and so does descriptor 3. So that no other test sees either changed,
// each test here that touches them does so in a process of its own (an exit test).

/// A Unix socket at a path in a directory of its own under /tmp.
struct UnixSocket {
    let path: String
    let descriptor: Int32

    init(_ type: __socket_type) throws {
        var template = Array("/tmp/systemd-tests.XXXXXX".utf8CString)
        let directory = try #require(mkdtemp(&template))
        path = String(cString: directory) + "/socket"
        descriptor = socket(AF_UNIX, Int32(type.rawValue), 0)
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: path.utf8) }
        let bound = withUnsafePointer(to: &address) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                bind(descriptor, $0, socklen_t(MemoryLayout<sockaddr_un>.size))
            }
        }
        try #require(bound == 0)
        if type == SOCK_STREAM { try #require(listen(descriptor, 1) == 0) }
    }

    /// The datagrams that wait, oldest first.
    func received() -> [String] {
        var texts: [String] = []
        var buffer = [UInt8](repeating: 0, count: 8192)
        while true {
            let count = recv(descriptor, &buffer, buffer.count, Int32(MSG_DONTWAIT))
            guard count >= 0 else { return texts }
            texts.append(String(decoding: buffer[..<count], as: UTF8.self))
        }
    }

    /// The oldest datagram that waits, and the descriptor that came with it; −1 if none did.
    func receivedWithDescriptor() -> (text: String, descriptor: Int32) {
        var buffer = [UInt8](repeating: 0, count: 8192)
        // A header and one descriptor: CMSG_SPACE(sizeof(int)) of cmsg(3).
        var control = [UInt64](repeating: 0, count: 4)
        var header = msghdr()
        let count = buffer.withUnsafeMutableBytes { bytes in
            control.withUnsafeMutableBytes { control in
                var part = iovec(iov_base: bytes.baseAddress, iov_len: bytes.count)
                return withUnsafeMutablePointer(to: &part) { part in
                    header.msg_iov = part
                    header.msg_iovlen = 1
                    header.msg_control = control.baseAddress
                    header.msg_controllen = control.count
                    return recvmsg(descriptor, &header, Int32(MSG_DONTWAIT))
                }
            }
        }
        let hasDescriptor = header.msg_controllen >= MemoryLayout<cmsghdr>.size + 4
        let passed = hasDescriptor ? control.withUnsafeBytes { $0.load(fromByteOffset: 16, as: Int32.self) } : -1
        return (String(decoding: buffer[..<max(0, count)], as: UTF8.self), passed)
    }

    func remove() {
        close(descriptor)
        unlink(path)
        rmdir(String(path.dropLast("/socket".count)))
    }
}

/// A listening TCP socket on the loopback, at a port that the kernel chooses.
func listeningTCPSocket() throws -> Int32 {
    let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
    // Unbound, so the kernel chooses an address at listen().
    try #require(listen(descriptor, 1) == 0)
    return descriptor
}
