public import NIOCore

/// Where a server listens, and whom it answers.
public struct WebSettings: Sendable {
    /// Where to listen.
    public enum Address: Sendable, Equatable, CustomStringConvertible {
        /// An IP address, without brackets, and a port; port 0 is any that is free.
        case tcp(host: String, port: Int)
        /// A Unix socket, and its permission bits. A socket file that nobody listens on is replaced.
        case unix(path: String, mode: UInt32)
        /// A listening socket that somebody else made, by its descriptor, and what messages call it. Its file, if it
        /// has one, stays.
        case passed(descriptor: CInt, name: String)

        public var description: String {
            switch self {
            case .tcp(let host, let port): host.contains(":") ? "http://[\(host)]:\(port)" : "http://\(host):\(port)"
            case .unix(let path, _): path
            case .passed(_, let name): name
            }
        }
    }

    public var addresses: [Address]
    /// Names besides `localhost` and IP addresses by which a browser may have found the server over TCP.
    public var hosts: Set<String> = []
    /// What `Authorization: Bearer` must bring for whatever changes something; nothing may be changed if nil.
    public var token: String?
    /// Connections at once, all addresses together.
    public var mostConnections = 128
    /// Time after which a connection without a request, or with one that does not come to its end, is closed, and one
    /// whose answer is not read.
    public var timeout = TimeAmount.seconds(60)

    public init(addresses: [Address]) { self.addresses = addresses }
}

/// Why a connection or a request was not served, in a word that can be counted.
public enum WebRefusal: String, Sendable, CaseIterable {
    /// There are as many connections as there may be.
    case connections = "max-connections"
    /// accept(2) failed, for want of descriptors or memory.
    case resources = "no-resources"
    /// The `Host:` is not one of ours.
    case host
    /// Something was to be changed, without the token.
    case token
}

/// Why an address can't be listened on.
public struct WebServerError: Error, CustomStringConvertible {
    public let address: WebSettings.Address
    public let cause: String
    public var description: String { "cannot listen on \(address): \(cause)" }
}
