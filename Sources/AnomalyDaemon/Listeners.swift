import FeedProtocol
import Foundation
import Logging
import NIOCore
import NIOPosix
import Synchronization

/// Why a socket can't be listened on.
struct ListenError: Error, CustomStringConvertible {
    let path: String
    let cause: String
    var description: String { "cannot listen on \(path): \(cause)" }
}

/// The sockets that the daemon accepts connections on, and those connections.
///
/// One connection too many is accepted and closed at once, and so is one of a user that may not come. The alternative,
/// to accept no more until another one leaves, would let clients wait for answers in the kernel's backlog without
/// knowing why.
final class Listeners: Sendable {
    /// Gets a new connection, who has come, and what to call, once, when the connection no longer counts as one, unless
    /// it throws. Runs on the connection's event loop.
    typealias Configure = @Sendable (any Channel, Visitor, _ left: @escaping @Sendable () -> Void) throws -> Void

    /// A connection, and how it came.
    struct Visitor {
        var peer: Peer
        /// Name of the listener.
        var listener: String
        /// Counts the connections.
        var number: Int
    }

    /// A client that was turned away.
    private struct TurnedAway: Error {}

    /// Largest piece that is read from a connection at once, in bytes. The buffer stays as long as the connection, and
    /// a Unix socket holds little more by default.
    private static let largestRead = 65_536

    private let group: any EventLoopGroup
    private let door: Mutex<Door>
    private let refusals: RefusalLog
    private let logger: Logger
    private let servers = Mutex<[(channel: any Channel, path: String, isOurs: Bool)]>([])
    private let others = Mutex<[String]>([])
    private let connections = Mutex<[ObjectIdentifier: any Channel]>([:])
    /// Clients that count as connected.
    private let served = Mutex(0)
    private let accepted = Atomic<Int>(0)

    init(group: any EventLoopGroup, door: Door, refusals: RefusalLog, logger: Logger) {
        self.group = group
        self.door = Mutex(door)
        self.refusals = refusals
        self.logger = logger
    }

    /// Connections that are served at once.
    var mostConnections: Int { door.withLock { $0.mostConnections } }

    /// Lets others in from now on, or fewer; who is in stays.
    func change(_ door: Door) { self.door.withLock { $0 = door } }

    /// Paths that are listened on.
    var paths: [String] { servers.withLock { $0.map(\.path) } + others.withLock { $0 } }

    /// Names a path among `paths` that others read from.
    func announce(path: String) { others.withLock { $0.append(path) } }

    /// Binds a Unix socket and serves each connection with what `configure` installs.
    ///
    /// - Throws: `ListenError`, also if another process listens there. A socket file that nobody listens on is
    ///   replaced.
    func bind(path: String, mode: UInt32, configure: @escaping Configure) async throws {
        if FileManager.default.fileExists(atPath: path), await isAlive(path) {
            throw ListenError(path: path, cause: "another process listens there")
        }
        do {
            let server = try await bootstrap(path, configure).bind(
                unixDomainSocketPath: path, cleanupExistingSocketFile: true
            ).get()
            servers.withLock { $0.append((server, path, true)) }
            guard chmod(path, mode_t(mode)) == 0 else {
                throw ListenError(path: path, cause: "cannot set its mode: \(String(cString: strerror(errno)))")
            }
        } catch let error as ListenError {
            throw error
        } catch {
            throw ListenError(path: path, cause: "\(error)")
        }
    }

    /// Serves a listening socket that somebody else made; its file, if it has one, stays.
    func adopt(descriptor: Int32, name: String, configure: @escaping Configure) async throws {
        do {
            let server = try await bootstrap(name, configure).withBoundSocket(descriptor).get()
            let path = server.localAddress?.pathname ?? name
            servers.withLock { $0.append((server, path, false)) }
        } catch {
            throw ListenError(path: name, cause: "\(error)")
        }
    }

    /// Accepts no more connections, and removes the socket files that are ours.
    func stopAccepting() async {
        let all = servers.withLock { servers in
            defer { servers = [] }
            return servers
        }
        for (channel, path, isOurs) in all {
            try? await channel.close().get()
            if isOurs { unlink(path) }
        }
    }

    /// Reads no more from any connection. What was read has been handed on when this returns, or is held
    /// (`Pipeline.takeHeld`).
    func stopReading() async {
        await onEachConnection { channel in try? channel.syncOptions?.setOption(.autoRead, value: false) }
    }

    func closeConnections() async {
        for channel in connections.withLock({ Array($0.values) }) { try? await channel.close().get() }
    }

    /// Calls `body` for each connection, on its event loop.
    @discardableResult
    func onEachConnection<Result: Sendable>(_ body: @escaping @Sendable (any Channel) -> Result) async -> [Result] {
        var results: [Result] = []
        for channel in connections.withLock({ Array($0.values) }) {
            if let result = try? await channel.eventLoop.submit({ body(channel) }).get() { results.append(result) }
        }
        return results
    }

    /// Serves a connection that an earlier process has accepted, if it may come in.
    ///
    /// - Parameters:
    ///   - number: the connection's own, which later ones are counted on from.
    ///   - configure: if it throws, or the connection may not come in, that is closed.
    func resume(descriptor: Int32, listener: String, number: Int, configure: @escaping Configure) async throws {
        if number > accepted.load(ordering: .relaxed) { accepted.store(number, ordering: .relaxed) }
        let bootstrap = ClientBootstrap(group: group)
            .channelOption(.allowRemoteHalfClosure, value: true)
            .channelOption(.maxMessagesPerRead, value: 1)
            .channelOption(.recvAllocator, value: Self.allocator)
            .channelInitializer { [self] channel in
                channel.eventLoop.makeCompletedFuture { try serve(channel, listener, number, configure) }
            }
        _ = try await bootstrap.withConnectedSocket(descriptor).get()
    }

    private static var allocator: AdaptiveRecvByteBufferAllocator {
        AdaptiveRecvByteBufferAllocator(minimum: 1024, initial: 4096, maximum: largestRead)
    }

    private func bootstrap(_ listener: String, _ configure: @escaping Configure) -> ServerBootstrap {
        ServerBootstrap(group: group)
            .serverChannelOption(.backlog, value: 1024)
            .serverChannelInitializer { [refusals] server in
                server.eventLoop.makeCompletedFuture {
                    try server.pipeline.syncOperations.addHandler(
                        AcceptWatch(listener: listener, refusals: refusals))
                }
            }
            .childChannelOption(.allowRemoteHalfClosure, value: true)
            // One read at a time, so that whoever sends much has no more of the loop, and of memory, than others.
            .childChannelOption(.maxMessagesPerRead, value: 1)
            .childChannelOption(.recvAllocator, value: Self.allocator)
            .childChannelInitializer { [self] channel in
                channel.eventLoop.makeCompletedFuture {
                    try serve(
                        channel, listener, accepted.wrappingAdd(1, ordering: .relaxed).newValue, configure)
                }
            }
    }

    /// - Throws: upon which the connection is closed.
    private func serve(
        _ channel: any Channel, _ listener: String, _ number: Int, _ configure: Configure
    ) throws {
        let peer = Peer(channel, listener: listener, number: number)
        try admit(peer)
        logger.debug("accepted a connection", metadata: peer.metadata)
        let id = ObjectIdentifier(channel)
        connections.withLock { $0[id] = channel }
        channel.closeFuture.whenComplete { _ in self.connections.withLock { $0[id] = nil } }
        do {
            try configure(channel, Visitor(peer: peer, listener: listener, number: number)) {
                self.served.withLock { $0 -= 1 }
            }
        } catch {
            served.withLock { $0 -= 1 }
            throw error
        }
    }

    /// - Throws: `TurnedAway`, upon which the connection is closed.
    private func admit(_ peer: Peer) throws {
        let door = door.withLock { $0 }
        guard door.access.admits(peer) else {
            refusals.refuse(.peer, peer, ["expected": "a user or group in feed.allow_users or feed.allow_groups"])
            throw TurnedAway()
        }
        let isServed = served.withLock { served in
            guard served < door.mostConnections else { return false }
            served += 1
            return true
        }
        guard isServed else {
            let (refusal, key) = door.tooMany
            refusals.refuse(refusal, peer, ["expected": "at most \(door.mostConnections) connections (\(key))"])
            throw TurnedAway()
        }
    }

    private func isAlive(_ path: String) async -> Bool {
        guard let channel = try? await ClientBootstrap(group: group).connect(unixDomainSocketPath: path).get() else {
            return false
        }
        try? await channel.close().get()
        return true
    }
}
