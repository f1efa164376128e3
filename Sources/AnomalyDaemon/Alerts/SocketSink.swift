import Logging
import NIOCore
import Synchronization

/// Tells whoever follows, over a Unix socket: a line for each anomaly. A follower that does not read is dropped; the others
/// never wait for it.
final class SocketSink: AlertSink {
    /// Bytes that may wait for a follower: all anomalies that are open, and some news.
    static let mostWaiting = 8 << 20

    let kind = "socket"
    private let link: String
    private let log: RationedLog
    private let followers = Mutex<[ObjectIdentifier: any Channel]>([:])
    private let droppedCount = Atomic<Int64>(0)

    init(link: String, logger: Logger) {
        self.link = link
        log = RationedLog(logger)
    }

    var count: Int { followers.withLock { $0.count } }
    /// Those that were dropped.
    var dropped: Int64 { droppedCount.now }

    func deliver(_ notification: AlertNotification, done: @escaping @Sendable (AlertOutcome) -> Void) {
        let news = notification.entries.filter { $0.event != .ongoing }
        let channels = followers.withLock { Array($0.values) }
        if !channels.isEmpty, !news.isEmpty {
            let lines = ByteBuffer(bytes: news.flatMap { AlertObject($0, link: link).line })
            for channel in channels { write(lines, to: channel) }
        }
        done(.told)
    }

    /// Lets somebody follow, who is told first of what is open. To be called where `deliver` is, so that nothing is missed
    /// or told twice.
    func add(_ channel: any Channel, open: [AlertNotification.Entry]) {
        let id = ObjectIdentifier(channel)
        followers.withLock { $0[id] = channel }
        channel.closeFuture.whenComplete { [self] _ in followers.withLock { $0[id] = nil } }
        write(ByteBuffer(bytes: open.flatMap { AlertObject($0, link: link).line }), to: channel)
    }

    private func write(_ lines: ByteBuffer, to channel: any Channel) {
        guard channel.isWritable else { return drop(channel) }
        channel.writeAndFlush(lines, promise: nil)
    }

    private func drop(_ channel: any Channel) {
        // Once: it is closed in a moment.
        guard followers.withLock({ $0.removeValue(forKey: ObjectIdentifier(channel)) }) != nil else { return }
        droppedCount.add(1)
        log.tell(.followerDropped, ["followers": "\(count)", "dropped": "\(dropped)"])
        channel.close(promise: nil)
    }
}

/// A follower's connection: what it says is not heard.
final class FollowerHandler: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer
    typealias OutboundOut = ByteBuffer

    private let left: @Sendable () -> Void

    init(left: @escaping @Sendable () -> Void) { self.left = left }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {}

    func channelInactive(context: ChannelHandlerContext) {
        left()
        context.fireChannelInactive()
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) { context.close(promise: nil) }
}
