import FeedProtocol
import Foundation
import Logging
import NIOCore

/// Who is at the other end of a connection. For Unix sockets the kernel vouches for it, as of the time of connect(2);
/// a TCP connection has no user.
struct Peer: Sendable, CustomStringConvertible {
    /// `struct ucred` of unix(7), which Swift's Glibc module does not show; nor the number of SO_PEERGROUPS.
    private struct Credentials {
        var pid: Int32 = 0
        var uid = UInt32.max
        var gid = UInt32.max
    }
    private static let peerGroups: Int32 = 59
    /// NGROUPS_MAX of limits.h.
    private static let mostGroups = 65_536

    /// The listener and the number of the connection, such as "feed.sock#12".
    let name: String
    let pid: Int32?
    let uid: UInt32?
    /// The primary group, and then all supplementary ones; empty without a user.
    let groups: [UInt32]

    /// - Parameter channel: accepted from the listener; this runs on its event loop.
    init(_ channel: any Channel, listener: String, number: Int) {
        name = "\(listener.split(separator: "/").last ?? "socket")#\(number)"
        let found = try? channel.pipeline.syncOperations.withUnsafeTransportIfAvailable(of: CInt.self) { descriptor in
            (Self.credentials(of: descriptor), Self.supplementaryGroups(of: descriptor))
        }
        if let (credentials, groups) = found, credentials.uid != .max {
            pid = credentials.pid
            uid = credentials.uid
            self.groups = [credentials.gid] + groups
        } else {
            pid = nil
            uid = nil
            groups = []
        }
    }

    /// Such as "feed.sock#12 pid 4711 uid 1000".
    var description: String {
        guard let pid, let uid else { return name }
        return "\(name) pid \(pid) uid \(uid)"
    }

    /// For a message about this peer alone. Looks up the command's name, which only a process that is still there, and
    /// not hidden from the daemon (`ProtectProc=`), has.
    var metadata: Logger.Metadata {
        var metadata: Logger.Metadata = ["peer": "\(name)"]
        if let pid, let uid {
            metadata["pid"] = "\(pid)"
            metadata["uid"] = "\(uid)"
            metadata["gid"] = "\(groups.first ?? 0)"
            // Anybody may give a process any name.
            if let name = FileManager.default.contents(atPath: "/proc/\(pid)/comm"), !name.isEmpty {
                metadata["command"] = "\(name.dropLast().withUnsafeBytes { FeedExcerpt.printable($0) })"
            }
        }
        return metadata
    }

    private static func credentials(of descriptor: Int32) -> Credentials {
        var credentials = Credentials()
        var size = socklen_t(MemoryLayout<Credentials>.size)
        _ = getsockopt(descriptor, SOL_SOCKET, SO_PEERCRED, &credentials, &size)
        return credentials
    }

    private static func supplementaryGroups(of descriptor: Int32) -> [UInt32] {
        var room = 32
        while room <= mostGroups {
            var size = socklen_t(room * MemoryLayout<UInt32>.stride)
            var failed = false
            let groups = [UInt32](unsafeUninitializedCapacity: room) { buffer, count in
                failed = getsockopt(descriptor, SOL_SOCKET, peerGroups, buffer.baseAddress, &size) != 0
                count = failed ? 0 : Int(size) / MemoryLayout<UInt32>.stride
            }
            if !failed { return groups }
            if errno != ERANGE { return [] }
            room *= 8
        }
        return []
    }
}
