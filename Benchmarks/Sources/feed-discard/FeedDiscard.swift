import BenchmarkSupport
import Glibc

/// Stands in for the daemon: takes one connection after the other, throws away what comes, and answers a `!sync` that
/// ends what it has read. What `feed-load` reaches here is what it can reach at all.
@main
enum FeedDiscard {
    static let usage = """
        usage: feed-discard --socket PATH
        Serves until it is killed.
        """

    static func main() {
        let arguments = Arguments(known: ["socket"], usage: usage)
        let listener = UnixSocket.listen(at: arguments.string("socket"))
        // As much as the daemon's event loop reads at once.
        let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: 1 << 16, alignment: 16)
        while true {
            let client = accept(listener, nil, nil)
            if client < 0 { Failure.end("cannot accept a connection", errno: errno) }
            serve(client, buffer)
            close(client)
        }
    }

    private static func serve(_ client: Int32, _ buffer: UnsafeMutableRawBufferPointer) {
        // The end of what came before: a `!sync` may be split.
        var tail: [UInt8] = []
        while true {
            let count = read(client, buffer.baseAddress, buffer.count)
            if count <= 0 { return }
            tail += buffer[..<count].suffix(64)
            tail = tail.suffix(64)
            guard tail.last == UInt8(ascii: "\n"), let line = tail.dropLast().split(separator: UInt8(ascii: "\n")).last,
                line.starts(with: "!sync ".utf8)
            else { continue }
            let answer = Array("!synced ".utf8) + line.dropFirst(6) + [UInt8(ascii: "\n")]
            _ = write(client, answer, answer.count)
        }
    }
}
