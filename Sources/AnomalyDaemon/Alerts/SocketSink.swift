import Logging
import NIOCore
import Synchronization

/// Tells whoever follows, over a Unix socket: a line for each anomaly. A follower that does not read is dropped; the others
/// never wait for it.
final class SocketSink: AlertSink {
    /// Bytes that may wait for a follower that reads, and for one that has read nothing for `patience` microseconds.
    private static let mostWaiting = 64 << 20
    private static let mostUnread = 8 << 20
    private static let patience: Int64 = 5_000_000
    /// Bytes that are written at once, so that it is seen whether somebody reads.
    private static let piece = 1 << 16

    private struct Follower {
        let channel: any Channel
        var waiting = 0
        /// Steady time at which something was read last.
        var lastRead = SteadyClock.now

        var isStuck: Bool {
            waiting > SocketSink.mostWaiting
                || waiting > SocketSink.mostUnread && SteadyClock.now - lastRead > SocketSink.patience
        }
    }

    let kind = "socket"
    private let link: Mutex<String>
    private let log: RationedLog
    private let followers = Mutex<[ObjectIdentifier: Follower]>([:])
    private let droppedCount = Atomic<Int64>(0)

    init(link: String, logger: Logger) {
        self.link = Mutex(link)
        log = RationedLog(logger)
    }

    /// Another `alerts.link` from now on.
    func change(link: String) { self.link.withLock { $0 = link } }

    var count: Int { followers.withLock { $0.count } }
    /// Those that were dropped.
    var dropped: Int64 { droppedCount.now }

    func deliver(_ notification: AlertNotification, done: @escaping @Sendable (AlertOutcome) -> Void) {
        let channels = followers.withLock { $0.values.map(\.channel) }
        if !channels.isEmpty {
            let news = notification.entries.filter { $0.event != .ongoing }
            for channel in channels { write(news, to: channel) }
        }
        done(.told)
    }

    /// Lets somebody follow, who is told first of what is open. To be called where `deliver` is, so that nothing is missed
    /// or told twice.
    func add(_ channel: any Channel, open: [AlertNotification.Entry]) {
        let id = ObjectIdentifier(channel)
        followers.withLock { $0[id] = Follower(channel: channel) }
        channel.closeFuture.whenComplete { [self] _ in followers.withLock { $0[id] = nil } }
        write(open, to: channel)
    }

    /// Drops those that have not read for too long. To be called every now and then.
    func dropStuck() {
        let stuck = followers.withLock { followers in
            let stuck = followers.filter { $0.value.isStuck }
            for id in stuck.keys { followers[id] = nil }
            return stuck.values.map(\.channel)
        }
        for channel in stuck {
            droppedCount.add(1)
            log.tell(.followerDropped, ["followers": "\(count)", "dropped": "\(dropped)"])
            channel.close(promise: nil)
        }
    }

    private func write(_ entries: [AlertNotification.Entry], to channel: any Channel) {
        var lines = ByteBuffer()
        let link = link.withLock { $0 }
        for entry in entries {
            lines.writeBytes(AlertObject(entry, link: link).line)
            if lines.readableBytes >= Self.piece {
                write(lines, to: channel)
                lines = ByteBuffer()
            }
        }
        if lines.readableBytes > 0 { write(lines, to: channel) }
    }

    private func write(_ lines: ByteBuffer, to channel: any Channel) {
        let (id, bytes) = (ObjectIdentifier(channel), lines.readableBytes)
        let isHere = followers.withLock { followers in
            guard followers[id] != nil else { return false }
            if followers[id]?.waiting == 0 { followers[id]?.lastRead = SteadyClock.now }
            followers[id]?.waiting += bytes
            return true
        }
        guard isHere else { return }
        channel.writeAndFlush(lines).whenComplete { [self] _ in
            followers.withLock { followers in
                followers[id]?.waiting -= bytes
                followers[id]?.lastRead = SteadyClock.now
            }
        }
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
