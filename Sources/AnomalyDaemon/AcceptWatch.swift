import Foundation
import Logging
import NIOCore

/// Stands before a listening socket's other handlers and tells of an accept(2) that failed. SwiftNIO keeps the socket
/// open then, and tries again at once; `AcceptBackoffHandler`, behind this, makes it wait.
final class AcceptWatch: ChannelInboundHandler {
    typealias InboundIn = any Channel

    /// Pause before the next attempt.
    private static let pause = TimeAmount.milliseconds(200)

    private let listener: String
    private let refusals: RefusalLog

    init(listener: String, refusals: RefusalLog) {
        self.listener = listener
        self.refusals = refusals
    }

    /// Both handlers, for one listening socket.
    static func install(on server: any Channel, listener: String, refusals: RefusalLog) throws {
        try server.pipeline.syncOperations.addHandlers([
            AcceptWatch(listener: listener, refusals: refusals),
            AcceptBackoffHandler(shouldForwardIOErrorCaught: false) { isShortage($0) ? pause : nil },
        ])
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        if let error = error as? IOError, Self.isShortage(error) {
            refusals.refuse(
                .resources, nil,
                ["listener": "\(listener)", "cause": "accept: \(String(cString: strerror(error.errnoCode)))"])
        }
        context.fireErrorCaught(error)
    }

    private static func isShortage(_ error: IOError) -> Bool {
        [EMFILE, ENFILE, ENOBUFS, ENOMEM].contains(error.errnoCode)
    }
}
