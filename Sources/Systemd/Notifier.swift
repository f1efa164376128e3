import CSystemd
import Glibc
import Synchronization

/// Tells the service manager how this process is (sd_notify(3)).
///
/// Where nobody listens, that is, where `$NOTIFY_SOCKET` was unset at `init`, every call does nothing.
///
/// A notification that cannot be delivered is no reason to stop working, so no call throws. The first failure of a
/// row is handed to `onFailure`, so that it stands in the log once and not at each keep-alive; a success in between
/// makes the next failure news again.
///
///     let notifier = Notifier { logger.warning("\($0)") }
///     notifier.ready(status: "listening")
///
/// Safe to use from several threads. A call is one datagram; it can block while the manager does not read.
public final class Notifier: Sendable {
    /// Longest status text sent, in bytes of UTF-8: the manager ignores a notification above PIPE_BUF (4096 bytes).
    public static let maxStatusBytes = 2048

    /// The manager's socket, nil when there is none to notify.
    public let address: String?

    private let onFailure: @Sendable (SystemdError) -> Void
    private let isFailing = Atomic(false)

    /// - Parameter onFailure: is called by the thread whose notification failed.
    public init(onFailure: @escaping @Sendable (SystemdError) -> Void) {
        address = environment("NOTIFY_SOCKET")
        self.onFailure = onFailure
    }

    /// The service is up. Sent once; the manager starts what waits for us.
    public func ready(status: String? = nil) { send("READY=1", status: status) }

    /// The service has begun to read its configuration again; `ready` says that it is done.
    public func reloading() {
        var time = timespec()
        clock_gettime(CLOCK_MONOTONIC, &time)
        let now = Int64(time.tv_sec) * 1_000_000 + Int64(time.tv_nsec) / 1000
        // The time is what Type=notify-reload (systemd 253) wants.
        send("RELOADING=1\nMONOTONIC_USEC=\(now)", status: nil)
    }

    /// The service has begun to shut down.
    public func stopping(status: String? = nil) { send("STOPPING=1", status: status) }

    /// One line for people, shown by `systemctl status`. Control characters become spaces, and what is longer than
    /// ``maxStatusBytes`` is cut.
    public func status(_ text: String) { send(nil, status: text) }

    /// The service is alive; due at least once in each ``Watchdog/interval``.
    public func watchdog() { send("WATCHDOG=1", status: nil) }

    /// Asks for `time` more, from now on, to finish starting or stopping. Repeat before it is over.
    public func extendTimeout(by time: Duration) {
        // More than a year is a mistake of the caller's, and would overflow.
        let (seconds, attoseconds) = min(max(time, .zero), .seconds(365 * 86400)).components
        send("EXTEND_TIMEOUT_USEC=\(seconds * 1_000_000 + attoseconds / 1_000_000_000_000)", status: nil)
    }

    // MARK: The descriptor store

    /// Descriptors that the manager keeps for the next process of this service at most (`FileDescriptorStoreMax=`): 0
    /// where it keeps none or does not say. systemd 254 and newer say it in `$FDSTORE`; for older ones the unit has to.
    public static var storeCapacity: Int { environment("FDSTORE").flatMap { Int($0) } ?? 0 }

    /// Lets the manager keep a copy of a descriptor, which it hands to the next process of this service among the
    /// passed sockets. It keeps it until ``unstore(name:)`` or until the service has stopped for good, even if the
    /// other end of a connection is closed.
    ///
    /// - Parameter name: at most 255 ASCII characters without control characters and colons; not that of another one,
    ///   or both are removed together.
    /// - Returns: whether the manager was reached. One whose store is full closes its copy and does not tell.
    @discardableResult
    public func store(_ descriptor: Int32, name: String) -> Bool {
        send("FDSTORE=1") {
            // Without FDPOLL=0 the manager drops a connection whose other end is closed, with all that is unread in it.
            sd_pid_notify_with_fds(0, 0, "FDSTORE=1\nFDPOLL=0\nFDNAME=\(name)", [descriptor], 1)
        }
    }

    /// Lets the manager close its copies of that name.
    public func unstore(name: String) { send("FDSTOREREMOVE=1\nFDNAME=\(name)", status: nil) }

    /// Waits until the manager has acted on all that was sent before.
    ///
    /// - Returns: whether it has, within that time.
    @discardableResult
    public func barrier(within time: Duration) -> Bool {
        let (seconds, attoseconds) = time.components
        return send("BARRIER=1") {
            sd_notify_barrier(0, UInt64(seconds) * 1_000_000 + UInt64(attoseconds / 1_000_000_000_000))
        }
    }

    private func send(_ assignment: String?, status: String?) {
        var lines: [String] = []
        if let assignment { lines.append(assignment) }
        if let status { lines.append("STATUS=" + Self.line(status)) }
        send(assignment ?? "STATUS=") { sd_notify(0, lines.joined(separator: "\n")) }
    }

    /// - Returns: whether it was delivered.
    @discardableResult
    private func send(_ what: String, _ body: () -> Int32) -> Bool {
        guard let address else { return false }
        let result = body()
        if result >= 0 {
            isFailing.store(false, ordering: .relaxed)
        } else if !isFailing.exchange(true, ordering: .relaxed) {
            onFailure(
                SystemdError(
                    operation: "send " + what, object: address, code: -result,
                    expected: "the service manager's datagram socket in $NOTIFY_SOCKET"))
        }
        return result >= 0
    }

    /// A line feed in a status would begin an assignment of its own, such as `MAINPID=`.
    private static func line(_ text: String) -> String {
        var line = ""
        var bytes = 0
        for scalar in text.unicodeScalars {
            bytes += UTF8.width(scalar)
            guard bytes <= maxStatusBytes else { break }
            line.unicodeScalars.append(scalar.properties.generalCategory == .control ? " " : scalar)
        }
        return line
    }
}
