package import HTTPTypes
import NIOCore

/// Decides which requests reach a route at all.
package struct RequestGate: Sendable {
    private let hosts: Set<String>
    private let token: [UInt8]?

    package init(hosts: Set<String>, token: String?) {
        self.hosts = Set(hosts.map { $0.lowercased() })
        self.token = token.map { Array($0.utf8) }
    }

    /// Why a request is not answered, and what it is told instead.
    package struct Refused: Sendable {
        package let refusal: WebRefusal?
        package let status: HTTPResponse.Status
        package let text: String
        package var headers: HTTPFields = [:]
    }

    /// - Parameter isLocal: whether it came by a Unix socket, which no browser can be lured to.
    /// - Returns: nil if it may pass.
    package func refuse(_ head: HTTPRequest, isLocal: Bool) -> Refused? {
        guard isLocal || Self.host(of: head.authority ?? "").map(isOurs) ?? false else {
            return Refused(
                refusal: .host, status: .misdirectedRequest,
                text: "This server is not called \"\(Self.printable(head.authority ?? ""))\". Expected localhost, an "
                    + "IP address, or a name in http.hosts.\n")
        }
        if let length = head.headerFields[.contentLength].flatMap(Int.init), length > WebServer.largestBody {
            return Refused(
                refusal: nil, status: .contentTooLarge,
                text: "The body has \(length) bytes, expected at most \(WebServer.largestBody).\n",
                headers: [.connection: "close"])
        }
        return Self.isReadOnly(head.method) ? nil : refuseChange(head)
    }

    private func refuseChange(_ head: HTTPRequest) -> Refused? {
        guard let token else {
            return Refused(
                refusal: .token, status: .forbidden,
                text: "Nothing can be changed over HTTP, as there is no token (http.token_file).\n")
        }
        guard let given = head.headerFields[.authorization], Self.isBearer(given, token) else {
            return Refused(
                refusal: .token, status: .unauthorized,
                text: "Expected \"Authorization: Bearer TOKEN\" with the token in http.token_file.\n",
                headers: [.wwwAuthenticate: "Bearer"])
        }
        return nil
    }

    static func isReadOnly(_ method: HTTPRequest.Method) -> Bool {
        method == .get || method == .head || method == .options
    }

    /// Takes as long for a wrong token as for the right one, so that its bytes cannot be guessed one by one.
    private static func isBearer(_ field: String, _ token: [UInt8]) -> Bool {
        let bytes = Array(field.utf8)
        let scheme = Array("bearer ".utf8)
        guard bytes.count > scheme.count,
            String(decoding: bytes.prefix(scheme.count), as: UTF8.self).lowercased()
                == "bearer "
        else { return false }
        let given = bytes.dropFirst(scheme.count).drop { $0 == UInt8(ascii: " ") }
        var difference = UInt8(given.count == token.count ? 0 : 1)
        for (index, byte) in given.enumerated() { difference |= byte ^ token[index % token.count] }
        return difference == 0
    }

    /// A page of an attacker's whose name has come to point here (DNS rebinding) says that name; an address cannot be
    /// made to point elsewhere.
    private func isOurs(_ host: String) -> Bool {
        host == "localhost" || host.hasSuffix(".localhost") || hosts.contains(host)
            || (try? SocketAddress(ipAddress: host, port: 0)) != nil
    }

    /// In lower case, without port, brackets and the dot that may end a name; nil if there is none.
    private static func host(of authority: String) -> String? {
        var host = authority.lowercased()
        if host.hasPrefix("[") {
            guard let end = host.firstIndex(of: "]") else { return nil }
            host = String(host[host.index(after: host.startIndex)..<end])
        } else if let colon = host.firstIndex(of: ":") {
            host = String(host[..<colon])
        }
        if host.hasSuffix(".") { host.removeLast() }
        return host.isEmpty ? nil : host
    }

    private static func printable(_ text: String) -> String {
        String(
            decoding: text.utf8.prefix(100).map { (0x21...0x7E).contains($0) ? $0 : UInt8(ascii: "?") }, as: UTF8.self)
    }
}
