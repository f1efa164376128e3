import AnomalyConfiguration
import Foundation
import Logging
import NIOCore
import Systemd
import WebServer

/// The way by which HTTP comes in: sockets that the service manager passed, and those of `http.listen`.
enum WebEntrance {
    /// Name of the passed sockets that speak HTTP (`FileDescriptorName=`).
    static let socketName = "http"

    /// Connections that may be open at once; none if nothing is listened on.
    static func mostConnections(_ http: DaemonConfiguration.HTTP, _ options: AnomalyDaemon.Options) -> Int {
        let settings = settings(http, options)
        return settings.addresses.isEmpty ? 0 : settings.mostConnections
    }

    /// - Parameter routes: what it answers; told whether there is a token, without which nothing can be changed.
    /// - Returns: nil if there is nowhere to listen.
    /// - Throws: `WebTokenError`, or what hinders the making of a socket's folder.
    static func open(
        _ http: DaemonConfiguration.HTTP, _ options: AnomalyDaemon.Options, refusals: RefusalLog,
        statistics: Statistics, group: any EventLoopGroup, logger: Logger,
        routes: (_ canChange: Bool) -> [any WebRoutes]
    ) throws -> WebServer? {
        var settings = settings(http, options)
        if settings.addresses.isEmpty { return nil }
        settings.hosts = Set(http.hosts)
        settings.token = try WebToken.read(file: http.tokenFile, credentials: options.credentials)
        for case .unix(let path, _) in settings.addresses { try options.createParent(of: path) }
        let observer = WebServer.Observer(answered: statistics.countAnswered) { refusal, peer, detail in
            refusals.refuse(Refusal(refusal), nil, ["peer": "\(peer)", "expected": "\(detail.trimmed)"])
        }
        return WebServer(
            settings, routes: routes(settings.token != nil), observer: observer, group: group, logger: logger)
    }

    private static func settings(
        _ http: DaemonConfiguration.HTTP, _ options: AnomalyDaemon.Options
    ) -> WebSettings {
        let passed = options.passedSockets.filter { socket in
            socket.name == socketName && (socket.kind == .unixStream || socket.kind == .tcp)
        }
        let own = http.addresses.compactMap { address -> WebSettings.Address? in
            switch address {
            case .tcp(let host, let port): return .tcp(host: host, port: port)
            case .unix(let path):
                return passed.contains { $0.isBound(to: path) } ? nil : .unix(path: path, mode: http.socketMode)
            }
        }
        return WebSettings(
            addresses: passed.map { .passed(descriptor: $0.descriptor, name: $0.path ?? $0.name) } + own)
    }
}

extension Refusal {
    init(_ refusal: WebRefusal) {
        self =
            switch refusal {
            case .connections: .webConnections
            case .resources: .resources
            case .host: .webHost
            case .token: .webToken
            }
    }
}

extension String {
    /// Without the line feed at its end.
    fileprivate var trimmed: String { hasSuffix("\n") ? String(dropLast()) : self }
}
