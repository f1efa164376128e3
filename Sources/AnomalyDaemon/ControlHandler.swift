import ControlProtocol
import NIOCore

/// One control connection: a request a line, a reply a line.
final class ControlHandler: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer
    typealias OutboundOut = ByteBuffer

    private let status: @Sendable () -> DaemonStatus
    private var received: [UInt8] = []

    init(status: @escaping @Sendable () -> DaemonStatus) { self.status = status }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        received.append(contentsOf: unwrapInboundIn(data).readableBytesView)
        while let end = received.firstIndex(of: UInt8(ascii: "\n")) {
            reply(to: received[..<end], context)
            received.removeSubrange(...end)
        }
        if received.count > ControlLine.maxLength { context.close(promise: nil) }
    }

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        if case ChannelEvent.inputClosed = event { context.close(promise: nil) }
        context.fireUserInboundEventTriggered(event)
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) { context.close(promise: nil) }

    private func reply(to line: ArraySlice<UInt8>, _ context: ChannelHandlerContext) {
        let reply: ControlReply
        do throws(ControlError) {
            switch try ControlLine.decodeRequest(line) {
            case .status: reply = .status(status())
            }
        } catch {
            reply = .error(error)
        }
        guard let bytes = try? ControlLine.encode(reply) else { return context.close(promise: nil) }
        context.writeAndFlush(wrapOutboundOut(context.channel.allocator.buffer(bytes: bytes)), promise: nil)
    }
}
