import FeedProtocol
import Glibc

/// The reader of standard output has gone, as `head` does: a reason to stop, not to complain.
package struct OutputClosed: Error {}

/// Standard output with a buffer, or bytes kept in memory.
///
/// Bytes go out when `capacity` of them have gathered, when `flush()` is called, and never otherwise: whoever waits
/// must flush before. Writing itself does not throw, so that formatting stays plain.
package final class Output {
    private static let capacity = 1 << 16
    private let descriptor: Int32?
    /// What has not been written yet; everything, when there is no descriptor.
    package private(set) var bytes: [UInt8] = []

    /// - Parameter descriptor: where the bytes go; nil keeps them in `bytes`.
    package init(descriptor: Int32?) {
        self.descriptor = descriptor
        bytes.reserveCapacity(Self.capacity + 4096)
    }

    /// Whether people see the bytes as they are.
    package var isTerminal: Bool { descriptor.map { isatty($0) == 1 } ?? false }

    /// What has been gathered, as text.
    package var text: String { String(decoding: bytes, as: UTF8.self) }

    package func write(_ byte: UInt8) {
        bytes.append(byte)
    }

    package func write(_ text: some StringProtocol) {
        bytes.append(contentsOf: text.utf8)
    }

    package func write(_ moreBytes: some Collection<UInt8>) {
        bytes.append(contentsOf: moreBytes)
    }

    /// A time in UTC as RFC 3339 has it, with microseconds: `2026-11-23T14:00:05.000000Z`.
    ///
    /// - Parameter time: microseconds since 1970.
    package func write(rfc3339 time: Int64) {
        RFC3339.append(time, to: &bytes)
    }

    /// `count` spaces; none if it is negative.
    package func pad(_ count: Int) {
        guard count > 0 else { return }
        bytes.append(contentsOf: repeatElement(UInt8(ascii: " "), count: count))
    }

    /// Takes back the spaces at the end of the line.
    package func trimSpaces() {
        while bytes.last == UInt8(ascii: " ") { bytes.removeLast() }
    }

    /// To be called between records: passes the buffer on if it is full.
    ///
    /// - Throws: `OutputClosed` if nobody reads any more, `Failure` for any other error of write(2).
    package func checkpoint() throws {
        if bytes.count >= Self.capacity { try flush() }
    }

    /// Passes on all that has been written.
    ///
    /// - Throws: as `checkpoint()`.
    package func flush() throws {
        guard let descriptor else { return }
        defer { bytes.removeAll(keepingCapacity: true) }
        try bytes.withUnsafeBytes { buffer in
            var rest = buffer[...]
            while !rest.isEmpty {
                let written = Glibc.write(descriptor, UnsafeRawBufferPointer(rebasing: rest).baseAddress, rest.count)
                if written >= 0 {
                    rest = rest.dropFirst(written)
                } else if errno == EAGAIN {
                    var writable = pollfd(fd: descriptor, events: Int16(POLLOUT), revents: 0)
                    _ = poll(&writable, 1, -1)
                } else if errno == EPIPE {
                    throw OutputClosed()
                } else if errno != EINTR {
                    throw Failure(.failure, "cannot write to standard output: \(String(cString: strerror(errno)))")
                }
            }
        }
    }

    /// Sleeps, but not longer than the reader of the output is there.
    ///
    /// A follower may have nothing to write for days; without this it would stay for as long after its `head` or
    /// `less` has gone.
    ///
    /// - Parameter other: a descriptor that ends the sleep when something can be read from it, or it has an end.
    /// - Returns: whether that was so.
    /// - Throws: `OutputClosed` if nobody reads any more.
    @discardableResult
    package func sleep(milliseconds: Int32, or other: Int32? = nil) throws -> Bool {
        guard let descriptor else { return false }
        // poll(2) passes over negative ones.
        var states = [
            pollfd(fd: descriptor, events: 0, revents: 0), pollfd(fd: other ?? -1, events: Int16(POLLIN), revents: 0),
        ]
        guard poll(&states, 2, milliseconds) > 0 else { return false }
        if Int32(states[0].revents) & (POLLERR | POLLHUP | POLLNVAL) != 0 { throw OutputClosed() }
        return states[1].revents != 0
    }
}
