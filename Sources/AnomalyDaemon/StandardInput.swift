import FeedProtocol
import Foundation

/// Reads stdin as a feed, on a thread of its own: stdin may be a file, which epoll refuses. Answers to `!sync` and
/// `!ping` go to stdout, or what somebody else reads there who knows neither.
final class StandardInput: Sendable {
    private let pipeline: Pipeline
    private let makeDecoder: @Sendable () -> FeedDecoder
    private let maxFuture: Int64
    private let confirmation: Confirmation?
    private let answers = AnswerPipe()

    init(
        pipeline: Pipeline, maxFuture: Int64, confirmation: Confirmation?,
        makeDecoder: @escaping @Sendable () -> FeedDecoder
    ) {
        self.pipeline = pipeline
        self.maxFuture = maxFuture
        self.confirmation = confirmation
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
            answer: { [confirmation, unowned self] lines, time in
                if confirmation == nil { answer(lines, time) }
            })
        var rsyslog = RsyslogConfirmation()
        if confirmation == .rsyslog { answer(RsyslogConfirmation.ready, .now) }
        let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: 65_536, alignment: 16)
        defer { buffer.deallocate() }
        while true {
            let count = Foundation.read(STDIN_FILENO, buffer.baseAddress, buffer.count)
            if count > 0 {
                let bytes = UnsafeRawBufferPointer(rebasing: buffer[..<count])
                switch confirmation {
                case nil: session.consume(bytes)
                case .rsyslog: rsyslog.consume(bytes, into: &session) { answer($0, $1) }
                }
            } else if count == 0 || errno != EINTR {
                break
            }
        }
        rsyslog.finish(&session)
        session.finish()
        if session.format == .statsd { pipeline.statsD.endInterval() }
    }

    private func answer(_ lines: [UInt8], _ time: FeedSession.AnswerTime) {
        answers.waitForRoom(for: lines.count)
        let send: @Sendable () -> Void = { [answers] in answers.send(lines) }
        switch time {
        case .now: send()
        case .whenCommitted: pipeline.sync(whenCommitted: send)
        case .whenGathered: pipeline.statsD.sync(pipeline, whenCommitted: send)
        }
    }
}
