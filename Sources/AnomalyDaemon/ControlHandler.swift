import ControlProtocol
import NIOCore

/// One control connection: a request a line, a reply a line, one after the other.
final class ControlHandler: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer
    typealias OutboundOut = ByteBuffer

    private let status: @Sendable () -> DaemonStatus
    private let models: ModelImport
    private let hindsight: HindsightIntake
    private var received: [UInt8] = []
    /// How many of them are known to be no line feed: a line of megabytes comes in many pieces.
    private var scanned = 0
    private var context: ChannelHandlerContext?
    /// A request is being worked on; what comes meanwhile waits.
    private var isBusy = false
    private var inputClosed = false

    init(status: @escaping @Sendable () -> DaemonStatus, models: ModelImport, hindsight: HindsightIntake) {
        self.status = status
        self.models = models
        self.hindsight = hindsight
    }

    func channelActive(context: ChannelHandlerContext) {
        self.context = context
        context.fireChannelActive()
    }

    func channelInactive(context: ChannelHandlerContext) {
        self.context = nil
        context.fireChannelInactive()
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        received.append(contentsOf: unwrapInboundIn(data).readableBytesView)
        answerNext(context)
    }

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        if case ChannelEvent.inputClosed = event {
            inputClosed = true
            answerNext(context)
        }
        context.fireUserInboundEventTriggered(event)
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) { context.close(promise: nil) }

    private func answerNext(_ context: ChannelHandlerContext) {
        while !isBusy, let end = received[scanned...].firstIndex(of: UInt8(ascii: "\n")) {
            let line = received[..<end]
            received.removeSubrange(...end)
            scanned = 0
            answer(line, context)
        }
        if !isBusy { scanned = received.count }
        // Two lines' worth: one that is not whole yet, behind one that is being worked on.
        let limit = ControlLine.maxRequestLength
        if received.count > 2 * limit || !isBusy && received.count > limit {
            context.close(promise: nil)
        } else if inputClosed, !isBusy {
            context.close(promise: nil)
        }
    }

    private func answer(_ line: ArraySlice<UInt8>, _ context: ChannelHandlerContext) {
        do throws(ControlError) {
            switch try ControlLine.decodeRequest(line) {
            case .status: write(.status(status()), context)
            case .importModel(let request): models.take(request, answer: answerer(context))
            case .hindsight(let request): hindsight.take(request, answer: answerer(context))
            }
        } catch {
            write(.error(error), context)
        }
    }

    /// What gives the answer to the request at hand, from any thread.
    private func answerer(_ context: ChannelHandlerContext) -> @Sendable (ControlReply) -> Void {
        isBusy = true
        let loop = context.eventLoop
        let handler = NIOLoopBound(self, eventLoop: loop)
        return { reply in loop.execute { handler.value.finish(with: reply) } }
    }

    private func finish(with reply: ControlReply) {
        isBusy = false
        guard let context else { return }
        write(reply, context)
        answerNext(context)
    }

    private func write(_ reply: ControlReply, _ context: ChannelHandlerContext) {
        guard let bytes = try? ControlLine.encode(reply) else { return context.close(promise: nil) }
        context.writeAndFlush(wrapOutboundOut(context.channel.allocator.buffer(bytes: bytes)), promise: nil)
    }
}
