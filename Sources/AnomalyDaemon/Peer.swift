import Glibc
import NIOCore

/// Who is at the other end of a Unix socket, for logs and (later) permissions.
enum Peer {
    /// `struct ucred` of unix(7), which Swift's Glibc module does not show.
    private struct Credentials {
        var pid: Int32
        var uid: UInt32
        var gid: UInt32
    }

    /// Such as "feed.sock#12 pid 4711 uid 1000". The kernel vouches for pid and uid as of the time of connect(2).
    static func describe(_ channel: any Channel, listener: String, number: Int) -> String {
        let name = "\(listener.split(separator: "/").last ?? "socket")#\(number)"
        guard let provider = channel as? any SocketOptionProvider else { return name }
        let future: EventLoopFuture<Credentials> = provider.unsafeGetSocketOption(
            level: SocketOptionLevel(SOL_SOCKET), name: SocketOptionName(SO_PEERCRED))
        // On the channel's own event loop the answer is there already.
        let result = NIOLoopBoundBox<Credentials?>(nil, eventLoop: channel.eventLoop)
        future.assumeIsolated().whenSuccess { result.value = $0 }
        return result.value.map { "\(name) pid \($0.pid) uid \($0.uid)" } ?? name
    }
}
