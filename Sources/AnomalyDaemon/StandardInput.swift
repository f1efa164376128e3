import FeedProtocol
import Foundation

/// Reads stdin as a feed, on a thread of its own: stdin may be a file, which epoll refuses. Answers to `!sync` and
/// `!ping` go to stdout.
final class StandardInput: Sendable {
    private let pipeline: Pipeline
    private let makeDecoder: @Sendable () -> FeedDecoder
    private let maxFuture: Int64

    init(pipeline: Pipeline, maxFuture: Int64, makeDecoder: @escaping @Sendable () -> FeedDecoder) {
        self.pipeline = pipeline
        self.maxFuture = maxFuture
        self.makeDecoder = makeDecoder
    }

    /// Starts reading; `ended` is called once the input has ended and all of it is committed.
    func start(ended: @escaping @Sendable () -> Void) {
        let thread = Thread { [self] in
            read()
            pipeline.sync(whenCommitted: ended)
        }
        thread.name = "stdin"
        thread.start()
    }

    private func read() {
        var session = FeedSession(
            decoder: makeDecoder(), peer: "stdin", pipeline: pipeline, maxFuture: maxFuture,
            handOn: { [pipeline] message, shard in
                guard case .points(let batch) = message else { return }
                pipeline.shards[shard].queue.push(message, weight: batch.count)
            },
            command: { [pipeline] command in
                switch command {
                case .ping(let token): Self.answer("!pong ", token)
                case .sync(let token): pipeline.sync { Self.answer("!synced ", token) }
                }
            })
        let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: 65_536, alignment: 16)
        defer { buffer.deallocate() }
        while true {
            let count = Foundation.read(STDIN_FILENO, buffer.baseAddress, buffer.count)
            if count > 0 {
                session.consume(UnsafeRawBufferPointer(rebasing: buffer[..<count]))
            } else if count == 0 || errno != EINTR {
                break
            }
        }
        session.finish()
    }

    private static func answer(_ word: String, _ token: [UInt8]) {
        let line = Array(word.utf8) + token + [UInt8(ascii: "\n")]
        // Nobody listening on stdout is no reason to stop (SIGPIPE is ignored).
        _ = line.withUnsafeBytes { write(STDOUT_FILENO, $0.baseAddress, $0.count) }
    }
}
