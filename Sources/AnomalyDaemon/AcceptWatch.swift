import Foundation
import Logging
import NIOCore

/// Stands before a listening socket's other handlers and tells of an accept(2) that failed, for want of descriptors or
/// memory. Then it lets the socket rest for a while; clients wait in the kernel's backlog.
///
/// Without it SwiftNIO tries again at once, for ever. Its own `AcceptBackoffHandler` does not help: it holds back the
/// next read, but after an error the last one still counts as pending, so that no next one is asked for.
final class AcceptWatch: ChannelInboundHandler {
    typealias InboundIn = any Channel

    private static let rest = TimeAmount.milliseconds(200)

    private let listener: String
    private let refusals: RefusalLog

    init(listener: String, refusals: RefusalLog) {
        self.listener = listener
        self.refusals = refusals
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        if let error = error as? IOError, [EMFILE, ENFILE, ENOBUFS, ENOMEM].contains(error.errnoCode) {
            refusals.refuse(
                .resources, nil,
                ["listener": "\(listener)", "cause": "accept: \(String(cString: strerror(error.errnoCode)))"])
            let channel = context.channel
            try? channel.syncOptions?.setOption(.autoRead, value: false)
            channel.eventLoop.scheduleTask(in: Self.rest) {
                // Closed meanwhile, it can't be set, and need not.
                try? channel.syncOptions?.setOption(.autoRead, value: true)
            }
        }
        context.fireErrorCaught(error)
    }
}
