import Foundation
import NIOCore

/// Sees to it that the service manager keeps a feed connection as long as it lives, and no longer
/// (`ConnectionStore`).
final class ConnectionKeeper: ChannelDuplexHandler {
    typealias InboundIn = ByteBuffer
    typealias OutboundIn = ByteBuffer

    /// Connections that live shorter are not worth a message to the manager, who has other things to do: some clients
    /// make one for each line.
    private static let probation = TimeAmount.seconds(1)

    /// What it is kept under.
    let name: String
    private let store: ConnectionStore
    private var isKept: Bool
    private var mayBeKept = true
    private var timer: Scheduled<Void>?

    /// - Parameter isKept: whether the manager has it already.
    init(_ store: ConnectionStore, name: String, isKept: Bool) {
        self.store = store
        self.name = name
        self.isKept = isKept
    }

    func channelActive(context: ChannelHandlerContext) {
        if !isKept, mayBeKept {
            timer = context.eventLoop.assumeIsolated().scheduleTask(in: Self.probation) { [self] in
                guard mayBeKept, let descriptor = Self.duplicate(context.channel) else { return }
                isKept = store.keep(descriptor, name: name)
            }
        }
        context.fireChannelActive()
    }

    func close(context: ChannelHandlerContext, mode: CloseMode, promise: EventLoopPromise<Void>?) {
        // The manager's copy would leave the client without an end until the manager drops it.
        if isKept, mode == .all { Self.withDescriptor(context.channel) { shutdown($0, Int32(SHUT_RDWR)) } }
        context.close(mode: mode, promise: promise)
    }

    func channelInactive(context: ChannelHandlerContext) {
        end()
        context.fireChannelInactive()
    }

    /// The client waits for answers: should the process die, it must not come back.
    func end() {
        mayBeKept = false
        timer?.cancel()
        if isKept { store.drop(name: name) }
        isKept = false
    }

    /// Who has the descriptor that a connection lives on by when it is closed here.
    enum Copy {
        case manager
        /// The caller, who closes it.
        case caller(Int32)
    }

    /// The next process shall have it: from now on it can be closed here without being closed for the client. Nil if
    /// there are no descriptors left.
    func leave(_ channel: any Channel) -> Copy? {
        let copy = isKept ? .manager : Self.duplicate(channel).map(Copy.caller)
        mayBeKept = false
        isKept = false
        timer?.cancel()
        return copy
    }

    private static func duplicate(_ channel: any Channel) -> Int32? {
        let copy = withDescriptor(channel) { fcntl($0, F_DUPFD_CLOEXEC, 3) }
        return copy.flatMap { $0 >= 0 ? $0 : nil }
    }

    @discardableResult
    private static func withDescriptor<Result>(_ channel: any Channel, _ body: (Int32) -> Result) -> Result? {
        try? channel.pipeline.syncOperations.withUnsafeTransportIfAvailable(of: CInt.self) { body($0) }
    }
}
