import Glibc

/// A place of `http.listen`: `ADDRESS:PORT` with an IP address, in brackets if it is one of IPv6, or `unix:PATH`.
public enum HTTPAddress: Sendable, Equatable {
    /// An IP address, without brackets.
    case tcp(host: String, port: Int)
    case unix(path: String)

    /// Nil if it is neither. Names are not looked up: what `localhost` is depends on who answers for it.
    public init?(_ text: String) {
        if text.hasPrefix("unix:") {
            let path = String(text.dropFirst("unix:".count))
            guard path.hasPrefix("/"), path.utf8.count <= 107, !path.utf8.contains(0) else { return nil }
            self = .unix(path: path)
            return
        }
        guard let colon = text.lastIndex(of: ":"), let port = Self.port(text[text.index(after: colon)...]) else {
            return nil
        }
        var host = text[..<colon]
        let isBracketed = host.hasPrefix("[") && host.hasSuffix("]") && host.count > 2
        if isBracketed { host = host.dropFirst().dropLast() }
        guard Self.bytes(of: String(host), isBracketed ? AF_INET6 : AF_INET) != nil else { return nil }
        self = .tcp(host: String(host), port: port)
    }

    /// Whether only this machine reaches it.
    public var isLoopback: Bool {
        guard case .tcp(let host, _) = self else { return true }
        if let four = Self.bytes(of: host, AF_INET) { return four[0] == 127 }
        guard let six = Self.bytes(of: host, AF_INET6) else { return false }
        let isMapped = six.prefix(10).allSatisfy { $0 == 0 } && six[10] == 0xFF && six[11] == 0xFF
        return isMapped ? six[12] == 127 : six == Array(repeating: 0, count: 15) + [1]
    }

    private static func port(_ text: Substring) -> Int? {
        guard (1...5).contains(text.utf8.count), text.utf8.allSatisfy({ (0x30...0x39).contains($0) }),
            let port = Int(text), port <= 65_535
        else { return nil }
        return port
    }

    private static func bytes(of host: String, _ family: Int32) -> [UInt8]? {
        var bytes = [UInt8](repeating: 0, count: family == AF_INET ? 4 : 16)
        return inet_pton(family, host, &bytes) == 1 ? bytes : nil
    }
}

extension DaemonConfiguration.HTTP {
    /// The places of ``listen``.
    public var addresses: [HTTPAddress] { listen.compactMap(HTTPAddress.init) }
}
