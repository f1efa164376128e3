import Glibc
import NIOCore

/// Who is at the other end of a connection.
extension WebContext {
    /// `struct ucred` of unix(7), which Swift's Glibc module does not show.
    private struct Credentials: Sendable {
        var pid: Int32 = 0
        var uid = UInt32.max
        var gid = UInt32.max
    }

    /// The user of the process that has connected, as the kernel vouches for it; nil where nobody does, as over TCP. Of
    /// what a proxy passes on, it is the proxy's.
    public var user: UInt32? {
        get async {
            guard let socket = channel as? any SocketOptionProvider, channel.localAddress?.protocol == .unix else {
                return nil
            }
            let found: Credentials? = try? await socket.unsafeGetSocketOption(
                level: .socket, name: NIOBSDSocket.Option(rawValue: SO_PEERCRED)
            ).get()
            return found.flatMap { $0.uid == .max ? nil : $0.uid }
        }
    }
}
