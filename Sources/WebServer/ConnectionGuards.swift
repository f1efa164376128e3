import Glibc
import NIOCore
import NIOHTTPTypes

/// Stands before a listening socket's other handlers and keeps accept(2) that fails, for want of descriptors or memory,
/// from ending the server; it lets the socket rest for a while instead. Clients wait in the kernel's backlog.
final class AcceptGuard: ChannelInboundHandler {
    typealias InboundIn = any Channel

    private static let rest = TimeAmount.milliseconds(200)

    private let refuse: @Sendable (String) -> Void

    /// - Parameter refuse: is told the cause.
    init(refuse: @escaping @Sendable (String) -> Void) { self.refuse = refuse }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        // Not handed on: the stream of connections would end with it.
        guard let error = error as? IOError, [EMFILE, ENFILE, ENOBUFS, ENOMEM].contains(error.errnoCode) else { return }
        refuse("accept: \(String(cString: strerror(error.errnoCode)))")
        let channel = context.channel
        try? channel.syncOptions?.setOption(.autoRead, value: false)
        channel.eventLoop.scheduleTask(in: Self.rest) {
            // Closed meanwhile, it can't be set, and need not.
            try? channel.syncOptions?.setOption(.autoRead, value: true)
        }
    }
}

/// Closes a connection whose request has a longer body than any may have, whether somebody reads it or not.
final class BodyGuard: ChannelInboundHandler, RemovableChannelHandler {
    typealias InboundIn = HTTPRequestPart
    typealias InboundOut = HTTPRequestPart

    private var read = 0

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        switch unwrapInboundIn(data) {
        case .head: read = 0
        case .body(let bytes): read += bytes.readableBytes
        case .end: break
        }
        if read > WebServer.largestBody { return context.close(promise: nil) }
        context.fireChannelRead(data)
    }
}

/// Closes a connection that has not taken what was written to it for too long.
final class ReaderGuard: ChannelInboundHandler, RemovableChannelHandler {
    typealias InboundIn = HTTPRequestPart
    typealias InboundOut = HTTPRequestPart

    private let timeout: TimeAmount
    private var end: Scheduled<Void>?

    init(timeout: TimeAmount) { self.timeout = timeout }

    func channelWritabilityChanged(context: ChannelHandlerContext) {
        end?.cancel()
        end = nil
        if !context.channel.isWritable {
            let channel = context.channel
            end = context.eventLoop.scheduleTask(in: timeout) { channel.close(promise: nil) }
        }
        context.fireChannelWritabilityChanged()
    }

    func channelInactive(context: ChannelHandlerContext) {
        end?.cancel()
        context.fireChannelInactive()
    }
}
