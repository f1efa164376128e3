import FeedProtocol
import Foundation
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
final class Listeners: Sendable {
    private let group: any EventLoopGroup
    private let servers = Mutex<[(channel: any Channel, path: String, isOurs: Bool)]>([])
    private let connections = Mutex<[ObjectIdentifier: any Channel]>([:])
    private let accepted = Atomic<Int>(0)

    init(group: any EventLoopGroup) { self.group = group }

    /// Paths that are listened on.
    var paths: [String] { servers.withLock { $0.map(\.path) } }

    /// Binds a Unix socket and serves each connection with what `configure` installs.
    ///
    /// - Parameter configure: gets the new connection and its number, on its event loop.
    /// - Throws: `ListenError`, also if another process listens there. A socket file that nobody listens on is
    ///   replaced.
    func bind(
        path: String, mode: UInt32, configure: @escaping @Sendable (any Channel, Int) throws -> Void
    ) async throws {
        if FileManager.default.fileExists(atPath: path), await isAlive(path) {
            throw ListenError(path: path, cause: "another process listens there")
        }
        do {
            let server = try await bootstrap(configure).bind(
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
    func adopt(
        descriptor: Int32, name: String, configure: @escaping @Sendable (any Channel, Int) throws -> Void
    ) async throws {
        do {
            let server = try await bootstrap(configure).withBoundSocket(descriptor).get()
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

    /// Reads no more from any connection. What was read has been handed on when this returns.
    func stopReading() async {
        for channel in connections.withLock({ Array($0.values) }) {
            try? await channel.setOption(.autoRead, value: false).get()
        }
    }

    func closeConnections() async {
        for channel in connections.withLock({ Array($0.values) }) { try? await channel.close().get() }
    }

    private func bootstrap(_ configure: @escaping @Sendable (any Channel, Int) throws -> Void) -> ServerBootstrap {
        ServerBootstrap(group: group)
            .serverChannelOption(.backlog, value: 1024)
            .childChannelOption(.allowRemoteHalfClosure, value: true)
            // Larger reads mean larger batches for the shards.
            .childChannelOption(
                .recvAllocator,
                value: AdaptiveRecvByteBufferAllocator(
                    minimum: 1024, initial: 16_384, maximum: 262_144)
            )
            .childChannelInitializer { [self] channel in
                let id = ObjectIdentifier(channel)
                connections.withLock { $0[id] = channel }
                channel.closeFuture.whenComplete { _ in self.connections.withLock { $0[id] = nil } }
                return channel.eventLoop.makeCompletedFuture {
                    try configure(channel, accepted.wrappingAdd(1, ordering: .relaxed).newValue)
                }
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
