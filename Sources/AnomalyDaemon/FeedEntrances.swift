import AnomalyConfiguration
import FeedProtocol
import Foundation
import Logging
import NIOCore
import Systemd

/// All ways by which a feed comes in: connections that the process before has left, sockets that the service manager
/// passed, sockets of our own, and stdin.
struct FeedEntrances: Sendable {
    /// Name of the passed sockets that are no feed (`FileDescriptorName=`).
    static let controlName = "control"

    let pipeline: Pipeline
    let listeners: Listeners
    let feed: DaemonConfiguration.Feed
    let options: AnomalyDaemon.Options
    /// Nil if the service manager keeps no connections.
    let store: ConnectionStore?
    let logger: Logger

    /// Opens them.
    ///
    /// - Parameters:
    ///   - left: connections of the process before.
    ///   - inputEnded: called when stdin has ended, if nothing else is listened to.
    /// - Returns: what must be stopped before the pipeline is.
    /// - Throws: `ListenError`.
    func open(
        left: [ConnectionStore.Heirloom], inputEnded: @escaping @Sendable () -> Void
    ) async throws -> [DatagramFeed] {
        let format = format(named: nil)
        // First, so that they are served before clients that come now.
        await resume(left, format)
        let passed = options.passedSockets.filter { ![Self.controlName, WebEntrance.socketName].contains($0.name) }
        for socket in passed where socket.kind == .unixStream || socket.kind == .tcp {
            try await listeners.adopt(
                descriptor: socket.descriptor, name: socket.name,
                configure: configure(self.format(named: socket.name), .accepted))
        }
        let datagrams = passed.filter { $0.kind == .unixDatagram || $0.kind == .udp }.map { socket in
            listeners.announce(path: socket.path ?? socket.name)
            return DatagramFeed(
                descriptor: socket.descriptor, name: socket.name, pipeline: pipeline, maxFuture: feed.maxFuture,
                decoder: decoder(self.format(named: socket.name)))
        }
        for socket in passed where isUseless(socket) {
            logger.tell(.passedUnused, ["name": "\(socket.name)", "descriptor": "\(socket.descriptor)"])
            close(socket.descriptor)
        }
        for listener in feed.listeners where !options.passedSockets.contains(where: { $0.isBound(to: listener.path) }) {
            try options.createParent(of: listener.path)
            try await listeners.bind(
                path: listener.path, mode: feed.socketMode,
                configure: configure(self.format(named: listener.format), .accepted))
        }
        datagrams.forEach { $0.start() }
        if options.readsStandardInput {
            let endsWithInput = listeners.paths.isEmpty
            StandardInput(pipeline: pipeline, maxFuture: feed.maxFuture, confirmation: options.confirmation) {
                decoder(format)
            }.start {
                if endsWithInput { inputEnded() }
            }
        }
        return datagrams
    }

    /// The format of this name, or that of `feed.format`. A socket that systemd passes may be called after a format; what
    /// else it is called says nothing.
    private func format(named name: String?) -> FeedFormat {
        name.flatMap(FeedFormat.init) ?? FeedFormat(rawValue: feed.format) ?? .auto
    }

    private func isUseless(_ socket: PassedSocket) -> Bool {
        switch socket.kind {
        case .unixStream, .tcp, .unixDatagram, .udp: false
        case .connection, .other: !ConnectionStore.hasKept(socket)
        }
    }

    private func resume(_ left: [ConnectionStore.Heirloom], _ format: FeedFormat) async {
        if left.isEmpty { return }
        for connection in left {
            let saved = connection.saved
            let format = saved.flatMap { FeedFormat(rawValue: $0.format) } ?? format
            do {
                try await listeners.resume(
                    descriptor: connection.descriptor, listener: saved?.listener ?? "feed", number: connection.number,
                    configure: configure(format, saved.map(FeedHandler.Origin.left) ?? .orphaned))
            } catch {
                // It was told if it may not come in; else the client has left.
                store?.drop(name: connection.name)
            }
        }
        logger.tell(
            .connectionsResumed,
            ["connections": "\(left.count)", "interrupted": "\(left.count { $0.saved == nil })"])
    }

    private func decoder(_ format: FeedFormat, _ state: FeedDecoder.State = FeedDecoder.State()) -> FeedDecoder {
        FeedDecoder(
            format: format, stream: options.stream,
            options: FeedOptions(
                timeUnit: FeedTimeUnit(rawValue: feed.timeUnit),
                fields: FeedOptions.Fields(rawValue: feed.fields) ?? .streams),
            maxLine: feed.maxLine, state: state)
    }

    private func configure(_ format: FeedFormat, _ origin: FeedHandler.Origin) -> Listeners.Configure {
        var state = FeedDecoder.State()
        var founded = 0
        switch origin {
        case .accepted: break
        case .left(let saved): (state, founded) = (saved.decoder, saved.founded)
        case .orphaned: (state.lines, state.isSkipping) = (1, true)
        }
        return { [self, state, founded] channel, visitor, left in
            let keeper = store.map { store in
                ConnectionKeeper(
                    store, name: ConnectionStore.name(ofConnection: visitor.number), isKept: origin.isKept)
            }
            if let keeper { try channel.pipeline.syncOperations.addHandler(keeper) }
            let handler = FeedHandler(
                pipeline: pipeline, loop: channel.eventLoop, visitor: visitor, origin: origin, keeper: keeper,
                left: left
            ) { handOn, answer in
                FeedSession(
                    decoder: decoder(format, state), peer: "\(visitor.peer)", founded: founded, pipeline: pipeline,
                    maxFuture: feed.maxFuture, handOn: handOn, answer: answer)
            }
            try channel.pipeline.syncOperations.addHandler(handler)
        }
    }
}
