import FeedProtocol
import Foundation
import NIOCore

/// One feed connection on its event loop: bytes in, batches to the shards, answers out.
///
/// It stops reading while a shard's queue is full, while the client does not read its answers, and while too many of
/// its commands wait for theirs; the kernel's buffer then fills and the client waits. Nothing is dropped.
///
/// Bytes can come all the same: SwiftNIO asks for a read before it happens, so others may fill the queue meanwhile, and
/// when a client leaves it hands out all that is left in the socket. They are held until there is room, at most a read
/// and a socket's buffer; and as long as they are, the client counts as one, even if it has left.
final class FeedHandler: ChannelDuplexHandler {
    typealias InboundIn = ByteBuffer
    typealias OutboundIn = ByteBuffer
    typealias OutboundOut = ByteBuffer
    typealias MakeSession = (
        _ handOn: @escaping (PointBatch, Int) -> Void, _ answer: @escaping ([UInt8], FeedSession.AnswerTime) -> Void
    ) -> FeedSession

    /// Bytes of answers that may wait for a commit before the connection is read no further. What one read asks for
    /// comes on top.
    private static let mostUnanswered = 65_536
    /// Bytes of waiting answers that weigh as much as a point in the queues.
    private static let bytesAPoint = 32
    /// Held bytes that are handed on at once.
    private static let piece = 65_536

    /// How it began.
    enum Origin {
        case accepted
        /// An earlier process has left it, as it is said there.
        case left(SavedConnection)
        /// An earlier process has died with it.
        case orphaned

        /// Whether the service manager has a copy of its descriptor.
        var isKept: Bool {
            if case .accepted = self { false } else { true }
        }
    }

    private let pipeline: Pipeline
    private let isOrphaned: Bool
    /// What the process before has left of it; nil once that is taken over.
    private var saved: SavedConnection?
    private let visitor: Listeners.Visitor
    /// Nil if the service manager keeps no connections.
    private let keeper: ConnectionKeeper?
    private let makeSession: MakeSession
    private let left: () -> Void
    private let loop: any EventLoop
    private var session: FeedSession?
    private var context: ChannelHandlerContext?
    /// What was read and waits for room in the queues.
    private var held: ByteBuffer?
    /// Shard queues that were full when we last looked and have not called back.
    private var fullQueues = 0
    private var wantsRead = false
    /// Bytes of answers that have not left yet.
    private var unanswered = 0
    /// Those of them that are on their way.
    private var leaving = ByteBuffer()
    private var hasAsked = false
    /// The daemon stops: whatever still comes is held for the next process.
    private var isSealed = false
    private var inputClosed = false
    private var isRemoved = false

    /// - Parameters:
    ///   - loop: that of the channel.
    ///   - left: called once, when the client has left and all its bytes are handed on.
    ///   - makeSession: makes the session with what it shall do with batches and answers.
    init(
        pipeline: Pipeline, loop: any EventLoop, visitor: Listeners.Visitor, origin: Origin, keeper: ConnectionKeeper?,
        left: @escaping () -> Void, makeSession: @escaping MakeSession
    ) {
        self.pipeline = pipeline
        self.loop = loop
        self.visitor = visitor
        switch origin {
        case .accepted: isOrphaned = false
        case .left(let connection): (isOrphaned, saved) = (false, connection)
        case .orphaned: isOrphaned = true
        }
        self.keeper = keeper
        self.left = left
        self.makeSession = makeSession
    }

    func channelActive(context: ChannelHandlerContext) {
        self.context = context
        pipeline.statistics.connections.add(1)
        session = makeSession(
            { [unowned self] batch, shard in handOn(batch, to: shard) },
            { [unowned self] lines, time in answer(lines, time) })
        goOn()
        context.fireChannelActive()
    }

    /// Goes on where the process before has stopped.
    private func goOn() {
        if isOrphaned {
            session?.reject(
                FeedLineError(
                    .interrupted,
                    "expected a daemon that has read this line from its beginning; it died, and the rest "
                        + "of the line is skipped"))
        }
        guard let saved else { return }
        self.saved = nil
        hasAsked = saved.hasAsked
        if hasAsked { keeper?.end() }
        if !saved.answers.isEmpty { answer(Array(saved.answers), .now) }
        if !saved.held.isEmpty { consume(ByteBuffer(bytes: saved.held)) }
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        var bytes = unwrapInboundIn(data)
        if held != nil {
            held?.writeBuffer(&bytes)
        } else if isSealed {
            hold(bytes)
        } else {
            consume(bytes)
        }
    }

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        if case ChannelEvent.inputClosed = event {
            inputClosed = true
            if held == nil { inputEnded() }
        }
        context.fireUserInboundEventTriggered(event)
    }

    func channelInactive(context: ChannelHandlerContext) {
        self.context = nil
        pipeline.statistics.connections.add(-1)
        context.fireChannelInactive()
    }

    func handlerRemoved(context: ChannelHandlerContext) {
        isRemoved = true
        if held == nil { inputEnded() }
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        // A reset connection and the like. The client is gone; what it sent before stays.
        context.close(promise: nil)
    }

    // MARK: Bytes

    private func consume(_ bytes: ByteBuffer) {
        var bytes = bytes
        while bytes.readableBytes > 0 {
            guard fullQueues == 0, queuesHaveRoom() else { return hold(bytes) }
            let piece = bytes.readSlice(length: min(Self.piece, bytes.readableBytes))
            piece?.withUnsafeReadableBytes { session?.consume($0) }
        }
    }

    private func hold(_ bytes: ByteBuffer) {
        pipeline.statistics.heldFeeds.add(1)
        held = bytes
    }

    /// No more will come: the client has ended its input, or left altogether, and all of it is handed on.
    private func inputEnded() {
        session?.abandon()
        if isRemoved {
            session = nil
            left()
        } else if let context {
            closeWhenAnswered(context)
        }
    }

    // MARK: Back-pressure

    func read(context: ChannelHandlerContext) {
        if mayRead(context) { context.read() } else { wantsRead = true }
    }

    func channelWritabilityChanged(context: ChannelHandlerContext) {
        resume()
        context.fireChannelWritabilityChanged()
    }

    private func mayRead(_ context: ChannelHandlerContext) -> Bool {
        held == nil && fullQueues == 0 && unanswered < Self.mostUnanswered && context.channel.isWritable
            && queuesHaveRoom()
    }

    /// Goes on where something stood in the way: with what is held, and then with reading.
    private func resume() {
        if let bytes = held {
            if fullQueues > 0 || isSealed { return }
            held = nil
            consume(bytes)
            pipeline.statistics.heldFeeds.add(-1)
            if held != nil { return }
            if inputClosed || isRemoved { inputEnded() }
        }
        guard wantsRead, let context, mayRead(context) else { return }
        // The daemon stops, and reads no more, by taking this option away.
        guard let options = context.channel.syncOptions, (try? options.getOption(.autoRead)) == true else { return }
        wantsRead = false
        context.read()
    }

    /// Asked before each piece, as others fill the queues, too: when a full one has been emptied, all who wait for it
    /// are called, and there may not be room for all.
    private func queuesHaveRoom() -> Bool {
        for shard in pipeline.shards where !shard.queue.hasRoom(orCall: queueEmptied()) { fullQueues += 1 }
        return fullQueues == 0
    }

    private func handOn(_ batch: PointBatch, to shard: Int) {
        let hasRoom = pipeline.shards[shard].queue.pushWithoutWaiting(
            .points(batch), weight: batch.count, whenEmptied: queueEmptied())
        if !hasRoom { fullQueues += 1 }
    }

    /// What a queue that is full now shall call.
    private func queueEmptied() -> @Sendable () -> Void {
        let loop = loop
        let handler = NIOLoopBound(self, eventLoop: loop)
        return {
            loop.execute {
                handler.value.fullQueues -= 1
                handler.value.resume()
            }
        }
    }

    // MARK: Answers

    private func answer(_ lines: [UInt8], _ time: FeedSession.AnswerTime) {
        // Who has left gets none.
        guard let context else { return }
        if time != .now, !mayConfirm(context) { return }
        unanswered += lines.count
        switch time {
        case .now: write(lines, context)
        case .whenCommitted: pipeline.sync(weight: 1 + lines.count / Self.bytesAPoint, whenCommitted: confirm(lines))
        case .whenGathered: pipeline.statsD.sync(pipeline, whenCommitted: confirm(lines))
        }
    }

    /// What writes an answer, on whatever thread it is called.
    private func confirm(_ lines: [UInt8]) -> @Sendable () -> Void {
        let loop = loop
        let handler = NIOLoopBound(self, eventLoop: loop)
        return {
            loop.execute {
                let handler = handler.value
                if let context = handler.context { handler.write(lines, context) }
            }
        }
    }

    /// The client asks whether all is stored that it has sent. Ends a connection of which nobody knows.
    private func mayConfirm(_ context: ChannelHandlerContext) -> Bool {
        if isOrphaned {
            context.close(promise: nil)
            return false
        }
        if !hasAsked { keeper?.end() }
        hasAsked = true
        return true
    }

    private func write(_ lines: [UInt8], _ context: ChannelHandlerContext) {
        let buffer = context.channel.allocator.buffer(bytes: lines)
        leaving.writeBytes(lines)
        context.writeAndFlush(wrapOutboundOut(buffer)).assumeIsolated().whenComplete { [self] _ in
            unanswered -= lines.count
            leaving.moveReaderIndex(forwardBy: lines.count)
            if leaving.readableBytes == 0 { leaving.clear() }
            guard let context = self.context else { return }
            if inputClosed { closeWhenAnswered(context) } else { resume() }
        }
    }

    /// Closing would drop what the client has not read yet, so it waits for the last answer to leave.
    private func closeWhenAnswered(_ context: ChannelHandlerContext) {
        if unanswered == 0, held == nil { context.close(promise: nil) }
    }

    // MARK: From one process to the next

    /// From now on nothing is handed on any more. For a feed connection; runs on its event loop.
    static func seal(_ channel: any Channel) { handler(channel)?.isSealed = true }

    /// Leaves a sealed connection to the next process: it is closed here, and lives on by another descriptor. Runs on
    /// its event loop.
    ///
    /// - Returns: nil if that can't be.
    static func leave(_ channel: any Channel) -> (saved: SavedConnection, copy: ConnectionKeeper.Copy)? {
        handler(channel)?.leave(channel)
    }

    private static func handler(_ channel: any Channel) -> FeedHandler? {
        try? channel.pipeline.syncOperations.handler(type: FeedHandler.self)
    }

    private func leave(_ channel: any Channel) -> (SavedConnection, ConnectionKeeper.Copy)? {
        guard let context, let session, let keeper,
            let waiting = try? channel.syncOptions?.getOption(.bufferedWritableBytes),
            let copy = keeper.leave(channel)
        else { return nil }
        var saved = SavedConnection(
            name: keeper.name, listener: visitor.listener, format: session.format.rawValue,
            founded: session.founded ?? 0,
            hasAsked: hasAsked)
        saved.decoder = session.state
        if let held { saved.held = Data(held.readableBytesView) }
        // Of a write that is done in part, the channel keeps the rest.
        saved.answers = Data(leaving.readableBytesView.suffix(waiting))
        // Nobody is to hear that a line lacks its end.
        self.session = nil
        context.close(promise: nil)
        return (saved, copy)
    }
}
