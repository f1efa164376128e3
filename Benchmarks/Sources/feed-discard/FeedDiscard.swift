import BenchmarkSupport
import Glibc

/// Stands in for the daemon: throws away what comes on any number of connections, and answers a `!sync` that ends what
/// it has read. What `feed-load` reaches here is what it can reach at all.
@main
enum FeedDiscard {
    static let usage = """
        usage: feed-discard --socket PATH
        Serves until it is killed.
        """

    /// What one connection sent last: a `!sync` may be split.
    private typealias Tail = ArraySlice<UInt8>

    static func main() {
        let arguments = Arguments(known: ["socket"], usage: usage)
        let listener = UnixSocket.listen(at: arguments.string("socket"))
        // As much as the daemon's event loop reads at once.
        let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: 1 << 16, alignment: 16)
        var waits = [pollfd(fd: listener, events: Int16(POLLIN), revents: 0)]
        var tails: [Tail] = [[]]
        while true {
            if poll(&waits, nfds_t(waits.count), -1) < 0 { Failure.end("cannot wait for the sockets", errno: errno) }
            // Backwards, so that what is removed moves nothing that is still to come.
            for index in waits.indices.dropFirst().reversed() where waits[index].revents != 0 {
                if !serve(waits[index].fd, &tails[index], buffer) {
                    close(waits[index].fd)
                    waits.remove(at: index)
                    tails.remove(at: index)
                }
            }
            if waits[0].revents != 0 {
                let client = accept(listener, nil, nil)
                if client < 0 { Failure.end("cannot accept a connection", errno: errno) }
                waits.append(pollfd(fd: client, events: Int16(POLLIN), revents: 0))
                tails.append([])
            }
        }
    }

    /// Reads once from a client that has something; false at its end.
    private static func serve(_ client: Int32, _ tail: inout Tail, _ buffer: UnsafeMutableRawBufferPointer) -> Bool {
        let count = read(client, buffer.baseAddress, buffer.count)
        if count <= 0 { return false }
        tail = (tail + buffer[..<count].suffix(64)).suffix(64)
        let newline = UInt8(ascii: "\n")
        if tail.last == newline, let line = tail.dropLast().split(separator: newline).last,
            line.starts(with: "!sync ".utf8)
        {
            let answer = Array("!synced ".utf8) + line.dropFirst(6) + [newline]
            _ = write(client, answer, answer.count)
        }
        return true
    }
}
