import BenchmarkSupport
import Glibc

/// One connection to the feed: how much of its lines is sent, and whether the daemon has answered the `!sync` after
/// the last one. The socket never blocks.
struct Connection {
    /// Bytes given to one write(2) at most.
    private static let chunk = 1 << 18

    let descriptor: Int32
    let points: Int
    private let bytes: [UInt8]
    private var sent = 0
    private var received: [UInt8] = []

    init(_ lines: FeedLines, path: String) {
        points = lines.points
        bytes = lines.bytes
        descriptor = UnixSocket.connect(to: path)
        guard fcntl(descriptor, F_SETFL, O_NONBLOCK) == 0 else {
            Failure.end("cannot make \(path) non-blocking", errno: errno)
        }
    }

    var isSent: Bool { sent == bytes.count }
    var isSynced: Bool { received.count == FeedLines.answer.count }

    /// Whether something may be sent when `share` (0…1) of all is due.
    func hasDue(_ share: Double) -> Bool { sent < due(share) }

    private func due(_ share: Double) -> Int { share >= 1 ? bytes.count : Int(Double(bytes.count) * share) }

    /// Writes what is due until the socket takes no more.
    mutating func send(_ share: Double) {
        let end = due(share)
        while sent < end {
            let count = bytes.withUnsafeBytes {
                Glibc.send(descriptor, $0.baseAddress! + sent, min(Self.chunk, end - sent), Int32(MSG_NOSIGNAL))
            }
            if count < 0 {
                if errno == EAGAIN { return }
                Failure.end("cannot send on", errno: errno)
            }
            sent += count
        }
    }

    /// Reads the answer. Ends the program if it is another one than expected.
    mutating func receive() {
        var buffer = [UInt8](repeating: 0, count: 256)
        let count = read(descriptor, &buffer, buffer.count)
        if count < 0 && errno == EAGAIN { return }
        if count < 0 { Failure.end("cannot read the answer to !sync", errno: errno) }
        if count == 0 { Failure.end("the daemon closed the connection before it answered !sync") }
        received.append(contentsOf: buffer[..<count])
        guard FeedLines.answer.starts(with: received) else {
            Failure.end("expected !synced feed-load, found \(String(decoding: received, as: UTF8.self))")
        }
    }
}
