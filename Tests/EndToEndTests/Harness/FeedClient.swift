import Glibc

/// A client on a Unix stream socket, of the feed or the control kind. Its calls block, but not for ever.
final class FeedClient {
    private let descriptor: Int32
    private var received: [UInt8] = []
    /// Where in `received` the next line begins.
    private var position = 0
    private var syncs = 0

    /// - Parameter timeout: after it, a call that waits for the other end throws.
    init(_ path: String, timeout: Duration = patience) throws {
        descriptor = try UnixSocket.connected(to: path)
        var time = timeValue(timeout)
        for option in [SO_RCVTIMEO, SO_SNDTIMEO] {
            setsockopt(descriptor, SOL_SOCKET, option, &time, socklen_t(MemoryLayout<timeval>.size))
        }
    }

    deinit { close(descriptor) }

    func send(_ text: String) throws { try send(Array(text.utf8)) }

    func send(_ bytes: some Collection<UInt8>) throws {
        let sent = Array(bytes).withUnsafeBytes { sendSome($0) }
        guard sent == bytes.count else { throw systemError("send, after \(sent) of \(bytes.count) bytes") }
    }

    /// Sends as much as the other end takes within the timeout.
    ///
    /// - Returns: the number of bytes that were sent.
    func sendSome(_ bytes: UnsafeRawBufferPointer) -> Int {
        var sent = 0
        while sent < bytes.count {
            let count = Glibc.send(
                descriptor, bytes.baseAddress.map { $0 + sent }, bytes.count - sent, Int32(MSG_NOSIGNAL))
            if count < 0 { break }
            sent += count
        }
        return sent
    }

    /// Waits until the daemon has stored, or rejected, everything sent so far.
    func sync() throws {
        syncs += 1
        try send("!sync \(syncs)\n")
        let answer = try readLine()
        guard answer == "!synced \(syncs)" else {
            throw HarnessError("the answer to !sync \(syncs) is \(answer ?? "end of input")")
        }
    }

    /// Waits until the daemon has read everything sent so far; it need not be stored.
    func ping() throws {
        try send("!ping x\n")
        let answer = try readLine()
        guard answer == "!pong x" else { throw HarnessError("the answer to !ping x is \(answer ?? "end of input")") }
    }

    /// The next line without its end; nil at the end of input, also if the other end has died.
    func readLine() throws -> String? {
        while true {
            if let end = received[position...].firstIndex(of: UInt8(ascii: "\n")) {
                defer { position = end + 1 }
                return String(decoding: received[position..<end], as: UTF8.self)
            }
            received.removeSubrange(..<position)
            position = 0
            var buffer = [UInt8](repeating: 0, count: 65_536)
            let count = recv(descriptor, &buffer, buffer.count, 0)
            if count == 0 || count < 0 && errno == ECONNRESET { return nil }
            guard count > 0 else { throw systemError("receive") }
            received += buffer[..<count]
        }
    }

    /// All lines up to the end of input.
    func readLines() throws -> [String] {
        var lines: [String] = []
        while let line = try readLine() { lines.append(line) }
        return lines
    }

    /// Tells the other end that nothing more will come; answers can still be read.
    func endSending() { shutdown(descriptor, Int32(SHUT_WR)) }
}
