import FeedProtocol
import Foundation

/// Reads a datagram socket as a feed, on a thread of its own. Each datagram holds whole lines; the last one needs no
/// line feed. While a shard's queue is full nothing is read: a Unix sender then waits, and of UDP the kernel drops what
/// it has no room for.
final class DatagramFeed: Sendable {
    /// Longest datagram, in bytes. Longer ones, of which there are only Unix ones, are rejected.
    private static let longest = 262_144
    /// Time after which the thread sees that it shall stop, in milliseconds.
    private static let patience: Int32 = 100

    private let descriptor: Int32
    private let name: String
    private let pipeline: Pipeline
    private let maxFuture: Int64
    private let decoder: FeedDecoder
    private let state = Monitor((isStopping: false, isOver: false))

    /// - Parameter decoder: a new one.
    init(descriptor: Int32, name: String, pipeline: Pipeline, maxFuture: Int64, decoder: FeedDecoder) {
        self.descriptor = descriptor
        self.name = name
        self.pipeline = pipeline
        self.maxFuture = maxFuture
        self.decoder = decoder
    }

    func start() {
        StageThread.start("datagrams") { [self] in
            read()
            state.change { $0.isOver = true }
        }
    }

    /// Reads no more: what is in the socket stays there for the next process. All that was read has been handed on when
    /// this returns, unless that takes longer than `seconds`.
    func stop(within seconds: TimeInterval) {
        state.change { $0.isStopping = true }
        state.wait(until: Date(timeIntervalSinceNow: seconds), for: { $0.isOver }, then: { _ in })
    }

    private func read() {
        var asks = false
        var session = FeedSession(
            decoder: decoder, peer: name, founded: 0, pipeline: pipeline, maxFuture: maxFuture,
            handOn: { [pipeline] batch, shard in
                pipeline.shards[shard].queue.push(.points(batch), weight: batch.count)
            },
            answer: { _, _ in asks = true })
        let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: Self.longest, alignment: 16)
        defer { buffer.deallocate() }
        while !state.with({ $0.isStopping }) {
            var poll = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
            guard Foundation.poll(&poll, 1, Self.patience) > 0 else { continue }
            // MSG_TRUNC: how long it really is.
            let count = recv(
                descriptor, buffer.baseAddress, buffer.count, Int32(MSG_TRUNC | MSG_DONTWAIT))
            if count < 0 { continue }
            guard count <= buffer.count else {
                session.reject(FeedLineError(.tooLong, "expected a datagram of at most \(Self.longest) bytes"))
                continue
            }
            session.consume(UnsafeRawBufferPointer(rebasing: buffer[..<count]))
            session.finish()
            if asks {
                session.reject(FeedLineError(.command, "expected a connection: nobody can be answered to a datagram"))
                asks = false
            }
        }
    }
}
