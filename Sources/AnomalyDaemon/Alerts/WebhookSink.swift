import AnomalyConfiguration
import AsyncHTTPClient
import Foundation
import NIOCore
import NIOHTTP1
import NIOPosix
import NIOSSL
import Synchronization

/// Tells a webhook, by HTTP.
final class WebhookSink: AlertSink {
    let kind = "webhook"
    private let settings: AlertSinkSettings
    private let link: String
    private let client: HTTPClient
    private let tasks = Mutex<[Int64: Task<Void, Never>]>([:])

    init(_ settings: AlertSinkSettings, link: String, group: any EventLoopGroup) {
        self.settings = settings
        self.link = link
        var configuration = HTTPClient.Configuration()
        configuration.redirectConfiguration = .disallow
        configuration.timeout = HTTPClient.Configuration.Timeout(
            connect: .microseconds(settings.timeout), read: .microseconds(settings.timeout))
        // Alerts are seldom; one connection less that a restart of the other side would break.
        configuration.connectionPool.idleTimeout = .seconds(5)
        configuration.httpVersion = .http1Only
        if !settings.caFile.isEmpty {
            var tls = TLSConfiguration.makeClientConfiguration()
            tls.trustRoots = .file(settings.caFile)
            configuration.tlsConfiguration = tls
        }
        client = HTTPClient(eventLoopGroupProvider: .shared(group), configuration: configuration)
    }

    func deliver(_ notification: AlertNotification, done: @escaping @Sendable (AlertOutcome) -> Void) {
        let number = notification.number
        tasks.withLock { tasks in
            tasks[number] = Task {
                let outcome = await post(notification)
                self.tasks.withLock { $0[number] = nil }
                done(outcome)
            }
        }
    }

    func abandon() {
        for task in tasks.withLock({ Array($0.values) }) { task.cancel() }
    }

    /// To be called at the end.
    func close() async { try? await client.shutdown() }

    private func post(_ notification: AlertNotification) async -> AlertOutcome {
        var request = HTTPClientRequest(url: settings.url)
        request.method = .POST
        request.headers.add(name: "Content-Type", value: "application/json")
        request.headers.add(name: "User-Agent", value: "anomalyd")
        do {
            if let token = try token { request.headers.add(name: "Authorization", value: "Bearer \(token)") }
            request.body = .bytes(ByteBuffer(bytes: WebhookMessage(notification, link: link).json))
            let response = try await client.execute(request, timeout: .microseconds(settings.timeout))
            // The connection can be used again once the body has been read; a long one is not worth it.
            let body = try? await response.body.collect(upTo: 4096)
            return outcome(response, body.map { String(buffer: $0) } ?? "")
        } catch {
            return .failed(cause: "\(address): \(Self.text(of: error))")
        }
    }

    private func outcome(_ response: HTTPClientResponse, _ body: String) -> AlertOutcome {
        let status = response.status
        if (200...299).contains(status.code) { return .told }
        let words = body.split(whereSeparator: \.isNewline).first.map { ": \($0.prefix(100))" } ?? ""
        // 4xx: the same again is answered the same, but for these two.
        let isRefused = (300...499).contains(status.code) && ![.tooManyRequests, .requestTimeout].contains(status)
        return .failed(
            cause: "\(address) answers \(status.code) \(status.reasonPhrase)\(words)",
            pause: response.headers.first(name: "Retry-After").flatMap(Self.pause) ?? 0, isRefused: isRefused)
    }

    /// RFC 9110, 10.2.3: seconds, or a date.
    private static func pause(_ text: String) -> Int64? {
        if let seconds = Int64(text), seconds >= 0 { return min(seconds, 86_400) * 1_000_000 }
        let formatter = DateFormatter()
        formatter.locale = Locale(identifier: "en_US_POSIX")
        formatter.timeZone = TimeZone(identifier: "GMT")
        formatter.dateFormat = "EEE, dd MMM yyyy HH:mm:ss zzz"
        return formatter.date(from: text).map { max(0, Int64($0.timeIntervalSinceNow * 1e6)) }
    }

    /// Nil if none is wanted.
    private var token: String? {
        get throws {
            let name = settings.bearerTokenFile
            if name.isEmpty { return nil }
            let folder = ProcessInfo.processInfo.environment["CREDENTIALS_DIRECTORY"] ?? ""
            let path = name.contains("/") ? name : "\(folder)/\(name)"
            guard let bytes = FileManager.default.contents(atPath: path) else {
                throw TokenMissing(path: path, isCredential: !name.contains("/"))
            }
            return String(decoding: bytes, as: UTF8.self).trimmingCharacters(in: .whitespacesAndNewlines)
        }
    }

    private struct TokenMissing: Error, CustomStringConvertible {
        let path: String
        let isCredential: Bool
        var description: String {
            "cannot read the token in \(path)"
                + (isCredential ? "; the unit needs LoadCredential=" : "; it must be readable for the daemon")
        }
    }

    /// Where it is, without what may be secret in it.
    private var address: String {
        guard let scheme = settings.url.range(of: "://") else { return "it" }
        let host = settings.url[scheme.upperBound...].prefix { !"/?#".contains($0) }
        return String(settings.url[..<scheme.upperBound] + (host.split(separator: "@").last ?? ""))
    }

    private static func text(of error: any Error) -> String {
        switch error {
        case let error as NIOConnectionError:
            error.connectionErrors.first.map { "\($0.error)" } ?? "cannot connect"
        case let error as HTTPClientError: error.shortDescription
        default: "\(error)"
        }
    }
}
