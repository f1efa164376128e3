import CSystemd
import Glibc

/// The sockets that the service manager passed to this process (sd_listen_fds_with_names(3)).
public struct PassedSockets: Sendable {
    /// In the order of the socket units' `Listen…=` lines; empty when nothing was passed.
    public let all: [PassedSocket]

    /// Takes over what was passed. Sets CLOEXEC on each, and removes `$LISTEN_FDS` and its companions from the
    /// environment, so that neither a second call nor a child finds them again.
    ///
    /// Call it once, at the start of the program: it changes the environment, which must not happen while another
    /// thread reads it, and a descriptor that somebody closed meanwhile could by now be another file.
    ///
    /// - Throws: ``SystemdError`` when the environment promises descriptors that are not open, or makes no sense.
    public static func take() throws(SystemdError) -> PassedSockets {
        var names: UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>?
        let count = sd_listen_fds_with_names(1, &names)
        guard count >= 0 else {
            throw SystemdError(
                operation: "take the passed sockets", object: "$LISTEN_FDS, $LISTEN_FDNAMES", code: -count,
                expected: "open file descriptors from \(SD_LISTEN_FDS_START) on, and one name for each")
        }
        var sockets: [PassedSocket] = []
        defer {
            for index in 0..<Int(count) { free(names?[index]) }
            free(names)
        }
        for index in 0..<Int(count) {
            let name = names?[index].map { String(cString: $0) } ?? "unknown"
            try sockets.append(PassedSocket(descriptor: SD_LISTEN_FDS_START + Int32(index), name: name))
        }
        return PassedSockets(all: sockets)
    }

    /// Those of one name, in order: a unit with several `Listen…=` lines passes several under one name.
    public func named(_ name: String) -> [PassedSocket] {
        all.filter { $0.name == name }
    }
}
