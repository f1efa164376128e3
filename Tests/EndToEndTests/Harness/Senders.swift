import Foundation

/// Programs of others that send points. They are the machine's own, or those that `Tests/Senders/run` has unpacked.
enum Senders {
    private static let fetched = (0..<4).reduce(URL(filePath: #filePath)) { url, _ in url.deletingLastPathComponent() }
        .appending(components: ".build", "senders").path

    /// Why a test is skipped.
    static let hint = "a sender is missing; Tests/Senders/run brings it, and then runs this"

    /// Whether a test with these programs can run. All can where none may be skipped: what is missing makes them fail.
    static func have(_ names: String...) -> Bool {
        ProcessInfo.processInfo.environment["ANOMALYD_SENDERS"] == "all" || names.allSatisfy { find($0) != nil }
    }

    /// - Throws: `HarnessError` if it is not there.
    static func path(_ name: String) throws -> String {
        guard let path = find(name) else { throw HarnessError("no \(name): \(hint)") }
        return path
    }

    /// A file of one of them, such as a library's folder; of the machine's own where nothing was unpacked.
    static func file(_ path: String) -> String {
        let unpacked = fetched + path
        return access(unpacked, F_OK) == 0 ? unpacked : path
    }

    /// What they need to find their libraries.
    static let environment = [
        "LD_LIBRARY_PATH": libraries, "PYTHONPATH": file("/usr/lib/python3/dist-packages"),
    ]

    /// Where Debian has the libraries of this machine's kind.
    static var libraries: String {
        #if arch(x86_64)
            file("/usr/lib/x86_64-linux-gnu")
        #else
            file("/usr/lib/aarch64-linux-gnu")
        #endif
    }

    private static func find(_ name: String) -> String? {
        let folders = ["/usr/bin", "/usr/sbin", "/bin"]
        return (folders.map { fetched + $0 } + folders).map { "\($0)/\(name)" }.first { access($0, X_OK) == 0 }
    }

    /// A listening socket or a bound one on a free port of this machine.
    static func port(_ type: __socket_type) throws -> (descriptor: Int32, port: UInt16) {
        let descriptor = socket(AF_INET, Int32(type.rawValue | SOCK_CLOEXEC.rawValue), 0)
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
        var size = socklen_t(MemoryLayout<sockaddr_in>.size)
        let status = withUnsafeMutablePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { address in
                guard bind(descriptor, address, size) == 0 else { return Int32(-1) }
                if type == SOCK_STREAM, listen(descriptor, 16) != 0 { return -1 }
                return getsockname(descriptor, address, &size)
            }
        }
        guard status == 0 else { throw systemError("a port of 127.0.0.1") }
        return (descriptor, UInt16(bigEndian: address.sin_port))
    }
}
