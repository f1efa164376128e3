import FeedProtocol
import NIOCore

/// One feed connection on its event loop: bytes in, batches to the shards, `!sync` answers out.
///
/// It stops reading while a shard's queue is full or the client does not read its answers; the kernel's buffer then
/// fills and the client waits. Nothing is dropped.
final class FeedHandler: ChannelDuplexHandler {
    typealias InboundIn = ByteBuffer
    typealias OutboundIn = ByteBuffer
    typealias OutboundOut = ByteBuffer

    private let pipeline: Pipeline
    private let makeSession: (@escaping (PointBatch, Int) -> Void, @escaping (FeedCommand) -> Void) -> FeedSession
    private var session: FeedSession?
    private var context: ChannelHandlerContext?
    /// Shard queues that were full when we last pushed and have not called back.
    private var fullQueues = 0
    private var wantsRead = false
    /// Commands whose answers have not left yet.
    private var unanswered = 0
    private var inputClosed = false

    /// - Parameter makeSession: makes the session with what it shall do with batches and commands.
    init(
        pipeline: Pipeline,
        makeSession: @escaping (@escaping (PointBatch, Int) -> Void, @escaping (FeedCommand) -> Void) -> FeedSession
    ) {
        self.pipeline = pipeline
        self.makeSession = makeSession
    }

    func channelActive(context: ChannelHandlerContext) {
        self.context = context
        pipeline.statistics.connections.add(1)
        session = makeSession(
            { [unowned self] batch, shard in handOn(batch, to: shard) },
            { [unowned self] command in answer(command) })
        context.fireChannelActive()
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        unwrapInboundIn(data).withUnsafeReadableBytes { session?.consume($0) }
    }

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        if case ChannelEvent.inputClosed = event {
            inputClosed = true
            session?.abandon()
            closeWhenAnswered(context)
        }
        context.fireUserInboundEventTriggered(event)
    }

    func channelInactive(context: ChannelHandlerContext) {
        if !inputClosed { session?.abandon() }
        session = nil
        self.context = nil
        pipeline.statistics.connections.add(-1)
        context.fireChannelInactive()
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        // A reset connection and the like. The client is gone; what it sent before stays.
        context.close(promise: nil)
    }

    // MARK: Back-pressure

    func read(context: ChannelHandlerContext) {
        if mayRead(context) { context.read() } else { wantsRead = true }
    }

    func channelWritabilityChanged(context: ChannelHandlerContext) {
        resume(context)
        context.fireChannelWritabilityChanged()
    }

    private func mayRead(_ context: ChannelHandlerContext) -> Bool {
        fullQueues == 0 && context.channel.isWritable
    }

    private func resume(_ context: ChannelHandlerContext) {
        if wantsRead && mayRead(context) {
            wantsRead = false
            context.read()
        }
    }

    private func handOn(_ batch: PointBatch, to shard: Int) {
        guard let context else { return }
        let loop = context.eventLoop
        let handler = NIOLoopBound(self, eventLoop: loop)
        let hasRoom = pipeline.shards[shard].queue.pushWithoutWaiting(.points(batch), weight: batch.count) {
            loop.execute {
                let handler = handler.value
                handler.fullQueues -= 1
                if let context = handler.context { handler.resume(context) }
            }
        }
        if !hasRoom { fullQueues += 1 }
    }

    // MARK: Answers

    private func answer(_ command: FeedCommand) {
        guard let context else { return }
        unanswered += 1
        switch command {
        case .ping(let token): write("!pong ", token, context)
        case .sync(let token):
            let loop = context.eventLoop
            let handler = NIOLoopBound(self, eventLoop: loop)
            pipeline.sync {
                loop.execute {
                    let handler = handler.value
                    if let context = handler.context { handler.write("!synced ", token, context) }
                }
            }
        }
    }

    private func write(_ word: String, _ token: [UInt8], _ context: ChannelHandlerContext) {
        var buffer = context.channel.allocator.buffer(capacity: word.utf8.count + token.count + 1)
        buffer.writeString(word)
        buffer.writeBytes(token)
        buffer.writeInteger(UInt8(ascii: "\n"))
        // Closing would drop what the client has not read yet, so it waits for the last answer to leave.
        context.writeAndFlush(wrapOutboundOut(buffer)).assumeIsolated().whenComplete { [self] _ in
            unanswered -= 1
            if inputClosed, let context = self.context { closeWhenAnswered(context) }
        }
    }

    private func closeWhenAnswered(_ context: ChannelHandlerContext) {
        if unanswered == 0 { context.close(promise: nil) }
    }
}
