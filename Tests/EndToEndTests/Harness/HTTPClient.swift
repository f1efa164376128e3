import Foundation

/// A connection to the daemon's HTTP server, as bytes: so that a test can also send what no proper client would.
final class HTTPClient {
    /// What came back.
    struct Answer {
        var status: Int
        /// By names in lower case.
        var fields: [String: String]
        var body: String
    }

    private let descriptor: Int32

    /// - Parameter place: the path of a Unix socket, or `http://127.0.0.1:PORT`.
    init(_ place: String, timeout: Duration = patience) throws {
        descriptor = try place.hasPrefix("/") ? UnixSocket.connected(to: place) : Self.tcp(place)
        var time = timeValue(timeout)
        for option in [SO_RCVTIMEO, SO_SNDTIMEO] {
            setsockopt(descriptor, SOL_SOCKET, option, &time, socklen_t(MemoryLayout<timeval>.size))
        }
    }

    deinit { close(descriptor) }

    /// Asks once, on a connection of its own.
    static func get(
        _ path: String, at place: String, method: String = "GET", fields: [String] = ["Host: localhost"]
    ) throws -> Answer {
        let client = try HTTPClient(place)
        let lines = ["\(method) \(path) HTTP/1.1"] + fields + ["Connection: close", "", ""]
        try client.send(lines.joined(separator: "\r\n"))
        return try client.readAnswer()
    }

    func send(_ text: String) throws {
        let bytes = Array(text.utf8)
        guard Foundation.send(descriptor, bytes, bytes.count, Int32(MSG_NOSIGNAL)) == bytes.count else {
            throw systemError("send")
        }
    }

    /// Says that nothing more comes.
    func endSending() { shutdown(descriptor, Int32(SHUT_WR)) }

    /// All bytes up to the end of the connection.
    func readToEnd() throws -> String {
        var bytes: [UInt8] = []
        var piece = [UInt8](repeating: 0, count: 65_536)
        while true {
            let count = recv(descriptor, &piece, piece.count, 0)
            if count < 0, errno != ECONNRESET { throw systemError("recv") }
            if count <= 0 { break }
            bytes += piece.prefix(count)
        }
        return String(decoding: bytes, as: UTF8.self)
    }

    /// The answer, which ends with the connection.
    func readAnswer() throws -> Answer {
        let text = try readToEnd()
        guard let end = text.range(of: "\r\n\r\n") else { throw HarnessError("no answer: \(text)") }
        let lines = text[..<end.lowerBound].split(separator: "\r\n")
        guard let status = lines.first?.split(separator: " ").dropFirst().first.flatMap({ Int($0) }) else {
            throw HarnessError("no status: \(text)")
        }
        let fields = lines.dropFirst().map { line in
            let colon = line.firstIndex(of: ":") ?? line.endIndex
            return (line[..<colon].lowercased(), line[colon...].dropFirst().trimmingPrefix(" "))
        }
        return Answer(
            status: status, fields: Dictionary(fields.map { ($0.0, String($0.1)) }) { $1 },
            body: String(text[end.upperBound...]))
    }

    private static func tcp(_ place: String) throws -> Int32 {
        guard place.hasPrefix("http://127.0.0.1:"), let port = UInt16(place.dropFirst("http://127.0.0.1:".count)) else {
            throw HarnessError("expected http://127.0.0.1:PORT, got \(place)")
        }
        let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue), 0)
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = port.bigEndian
        address.sin_addr.s_addr = inet_addr("127.0.0.1")
        let connected = withUnsafePointer(to: &address) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                connect(descriptor, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
            }
        }
        guard connected == 0 else {
            defer { close(descriptor) }
            throw systemError("connect \(place)")
        }
        return descriptor
    }
}
