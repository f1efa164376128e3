import Foundation
import Synchronization

/// The service manager's end of `$NOTIFY_SOCKET`. A thread of its own reads it all the time, for the kernel holds only
/// a few datagrams, and a daemon that waits for room would look as if it were stuck.
final class NotifySocket: Sendable {
    struct Message: Sendable {
        var text: String
        var time: ContinuousClock.Instant
    }

    let path: String
    private let descriptor: Int32
    private let received = Mutex<[Message]>([])

    init(path: String) throws {
        self.path = path
        descriptor = try UnixSocket.bound(to: path, type: SOCK_DGRAM)
        // The reader looks up now and then whether the socket is still wanted.
        var timeout = timeValue(.milliseconds(100))
        setsockopt(descriptor, SOL_SOCKET, SO_RCVTIMEO, &timeout, socklen_t(MemoryLayout<timeval>.size))
        Thread.detachNewThread { [weak self, descriptor] in
            var buffer = [UInt8](repeating: 0, count: 8192)
            while true {
                let count = recv(descriptor, &buffer, buffer.count, 0)
                guard let self else { break }
                if count >= 0 { add(String(decoding: buffer[..<count], as: UTF8.self)) }
            }
            close(descriptor)
        }
    }

    /// Everything received, oldest first; a datagram of several lines is several messages.
    // A copy that shares nothing: ThreadSanitizer does not see that an array is let go of before the next message is
    // appended in place.
    var messages: [Message] { received.withLock { received in received.map { $0 } } }

    /// Whether this line has been received.
    func has(_ line: String) -> Bool { received.withLock { $0.contains { $0.text == line } } }

    func forgetAll() { received.withLock { $0 = [] } }

    private func add(_ datagram: String) {
        let now = ContinuousClock.now
        received.withLock { received in
            for line in datagram.split(separator: "\n") { received.append(Message(text: String(line), time: now)) }
        }
    }
}
