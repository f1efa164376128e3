import FeedProtocol
import Foundation

/// Reads stdin as a feed, on a thread of its own: stdin may be a file, which epoll refuses. Answers to `!sync` and
/// `!ping` go to stdout.
final class StandardInput: Sendable {
    private let pipeline: Pipeline
    private let makeDecoder: @Sendable () -> FeedDecoder
    private let maxFuture: Int64
    private let answers = AnswerPipe()

    init(pipeline: Pipeline, maxFuture: Int64, makeDecoder: @escaping @Sendable () -> FeedDecoder) {
        self.pipeline = pipeline
        self.maxFuture = maxFuture
        self.makeDecoder = makeDecoder
    }

    /// Starts reading; `ended` is called once the input has ended, all of it is committed and all answers are written.
    func start(ended: @escaping @Sendable () -> Void) {
        StageThread.start("stdin") { [self] in
            read()
            pipeline.sync { [answers] in answers.whenWritten(ended) }
        }
    }

    private func read() {
        var session = FeedSession(
            decoder: makeDecoder(), peer: "stdin", founded: nil, pipeline: pipeline, maxFuture: maxFuture,
            handOn: { [pipeline] batch, shard in
                pipeline.shards[shard].queue.push(.points(batch), weight: batch.count)
            },
            answer: { [pipeline, answers] lines, time in
                answers.waitForRoom(for: lines.count)
                switch time {
                case .now: answers.send(lines)
                case .whenCommitted: pipeline.sync { answers.send(lines) }
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
}
