import Glibc
import HTTPTypes
import Hummingbird
import HummingbirdCore
public import Logging
public import NIOCore
import NIOHTTPTypes
import NIOPosix
import Synchronization

/// Answers HTTP/1.1 requests that come by Unix and TCP sockets, from routes that others add.
///
/// Hummingbird's own server binds one address, with no say over a socket file's permissions, and serves no socket that
/// was passed; so the listening sockets are ours, and its channels, router and responses do the rest.
///
/// One connection too many is closed as soon as it is accepted.
public final class WebServer: Sendable {
    /// Largest body of a request, in bytes.
    public static let largestBody = 65_536
    /// Largest header of a request, all fields together, in bytes.
    static let largestHeader = 16_384

    /// Is told of each request that is answered, by its status, and of each connection or request that is refused, by
    /// whom and with what detail. Runs on event loops and tasks, so that it must not wait.
    public struct Observer: Sendable {
        public var answered: @Sendable (_ status: Int) -> Void
        public var refused: @Sendable (WebRefusal, _ peer: String, _ detail: String) -> Void

        public init(
            answered: @escaping @Sendable (_ status: Int) -> Void,
            refused: @escaping @Sendable (WebRefusal, _ peer: String, _ detail: String) -> Void
        ) {
            self.answered = answered
            self.refused = refused
        }
    }

    private typealias Connection = NIOAsyncChannel<HTTPRequestPart, HTTPResponsePart>
    private typealias Server = NIOAsyncChannel<Connection, Never>

    private let settings: WebSettings
    private let responder: WebResponder
    private let http: HTTP1Channel
    private let observer: Observer
    private let group: any EventLoopGroup
    private let logger: Logger
    private let servers = Mutex<[(server: Server, address: WebSettings.Address)]>([])
    private let connections = Mutex<[ObjectIdentifier: any Channel]>([:])

    public init(
        _ settings: WebSettings, routes: [any WebRoutes], observer: Observer, group: any EventLoopGroup, logger: Logger
    ) {
        self.settings = settings
        self.observer = observer
        self.group = group
        self.logger = logger
        let responder = WebResponder(
            routes: routes, gate: RequestGate(hosts: settings.hosts, token: settings.token), observer: observer)
        self.responder = responder
        let timeout = settings.timeout
        http = HTTP1Channel(
            responder: { request, writer, channel in
                let context = WebContext(source: ApplicationRequestContextSource(channel: channel, logger: logger))
                let response = await responder.respond(to: request, context: context)
                try await writer.write(response: response.head, body: response.body)
            },
            configuration: HTTP1Channel.Configuration(
                additionalChannelHandlers: [BodyGuard(), ReaderGuard(timeout: timeout)], idleTimeout: timeout,
                httpDecoderConfiguration: .init(
                    maxHeaderFieldSize: Self.largestHeader, maxHeaderListSize: Self.largestHeader,
                    maxHeaderFieldCount: 100)))
    }

    /// What is listened on, such as `http://127.0.0.1:9477` and `/run/http.sock`.
    public var addresses: [String] {
        servers.withLock { $0.map { Self.address($0.server.channel, $0.address) } }
    }

    /// Connections that are open.
    public var openConnections: Int { connections.withLock { $0.count } }

    /// Listens on every address; connections wait until ``run()`` serves them, which must be called then.
    ///
    /// - Throws: `WebServerError`; nothing is listened on then.
    public func bind() async throws {
        do {
            for address in settings.addresses {
                let server = try await bind(address)
                servers.withLock { $0.append((server, address)) }
                if case .unix(let path, let mode) = address, chmod(path, mode_t(mode)) != 0 {
                    throw WebServerError(
                        address: address, cause: "cannot set its mode: \(String(cString: strerror(errno)))")
                }
            }
        } catch {
            await stopAccepting()
            for (server, _) in servers.withLock({ $0 }) { try? await server.executeThenClose { _ in } }
            throw error
        }
    }

    /// Serves connections until ``stop(within:)``.
    public func run() async {
        let servers = servers.withLock { $0.map(\.server) }
        await withDiscardingTaskGroup { [http, logger] group in
            for server in servers {
                group.addTask {
                    await withDiscardingTaskGroup { connections in
                        // Ends when the socket is closed; AcceptGuard keeps errors from it.
                        try? await server.executeThenClose { inbound in
                            for try await connection in inbound {
                                connections.addTask { await http.handle(value: connection, logger: logger) }
                            }
                        }
                    }
                }
            }
        }
    }

    /// Accepts no more, lets answers that are being given come to their ends, and closes what is left after a while.
    ///
    /// A route that answers for ever should end by itself when the process is shut down (`cancelOnGracefulShutdown` of
    /// ServiceLifecycle).
    public func stop(within limit: Duration) async {
        await stopAccepting()
        for channel in connections.withLock({ Array($0.values) }) {
            channel.pipeline.fireUserInboundEventTriggered(ChannelShouldQuiesceEvent())
        }
        let end = ContinuousClock.now + limit
        while openConnections > 0, ContinuousClock.now < end {
            guard (try? await Task.sleep(for: .milliseconds(10))) != nil else { break }
        }
        for channel in connections.withLock({ Array($0.values) }) { try? await channel.close().get() }
    }

    private func stopAccepting() async {
        for (server, address) in servers.withLock({ $0 }) {
            try? await server.channel.close().get()
            if case .unix(let path, _) = address { unlink(path) }
        }
    }

    // MARK: Listening

    private func bind(_ address: WebSettings.Address) async throws -> Server {
        if case .unix(let path, _) = address, access(path, F_OK) == 0, await isAlive(path) {
            throw WebServerError(address: address, cause: "another process listens there")
        }
        let bootstrap = ServerBootstrap(group: group)
            .serverChannelOption(.backlog, value: 256)
            .serverChannelOption(.socketOption(.so_reuseaddr), value: 1)
            .serverChannelInitializer { [observer] server in
                server.eventLoop.makeCompletedFuture {
                    try server.pipeline.syncOperations.addHandler(
                        AcceptGuard { observer.refused(.resources, "\(address)", $0) })
                }
            }
            .childChannelOption(.allowRemoteHalfClosure, value: true)
        do {
            switch address {
            case .tcp(let host, let port):
                let place = try SocketAddress(ipAddress: host, port: port)
                return try await bootstrap.bind(to: place, childChannelInitializer: serve)
            case .unix(let path, _):
                return try await bootstrap.bind(
                    unixDomainSocketPath: path, cleanupExistingSocketFile: true, childChannelInitializer: serve)
            case .passed(let descriptor, _):
                return try await bootstrap.bind(descriptor, childChannelInitializer: serve)
            }
        } catch {
            throw WebServerError(address: address, cause: "\(error)")
        }
    }

    /// Takes a connection in, or closes it.
    private func serve(_ channel: any Channel) -> EventLoopFuture<Connection> {
        let id = ObjectIdentifier(channel)
        let isIn = connections.withLock { connections in
            guard connections.count < settings.mostConnections else { return false }
            connections[id] = channel
            return true
        }
        guard isIn else {
            let peer = channel.remoteAddress?.description ?? "unknown"
            observer.refused(.connections, peer, "expected at most \(settings.mostConnections) connections")
            return channel.close().flatMapThrowing { throw ChannelError.alreadyClosed }
        }
        channel.closeFuture.whenComplete { _ in self.connections.withLock { $0[id] = nil } }
        let set = http.setup(channel: channel, logger: logger)
        set.whenFailure { _ in channel.close(promise: nil) }
        return set
    }

    private func isAlive(_ path: String) async -> Bool {
        guard let channel = try? await ClientBootstrap(group: group).connect(unixDomainSocketPath: path).get() else {
            return false
        }
        try? await channel.close().get()
        return true
    }

    /// With the port that the kernel has chosen where none was named.
    private static func address(_ channel: any Channel, _ configured: WebSettings.Address) -> String {
        guard let place = channel.localAddress else { return "\(configured)" }
        if let path = place.pathname { return path }
        guard let host = place.ipAddress, let port = place.port else { return "\(configured)" }
        return "\(WebSettings.Address.tcp(host: host, port: port))"
    }
}
