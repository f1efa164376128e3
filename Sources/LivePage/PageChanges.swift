import ControlProtocol
import HTTPTypes
import Hummingbird
import NIOCore
import WebServer

/// What the page is told, and what it says.
extension LivePage {
    /// Events for as long as the page listens: `event: commit` with a few figures.
    func eventStream() -> Response {
        guard let commits = events.listen() else {
            return Self.response("\(LiveEvents.most) pages listen already", .serviceUnavailable)
        }
        let status = daemon.status
        return Response(
            status: .ok, headers: [.contentType: "text/event-stream", .cacheControl: "no-store"],
            body: ResponseBody { writer in
                // How long a browser waits before it connects again.
                try await writer.write(ByteBuffer(string: "retry: 2000\n\n"))
                for await number in commits {
                    let figures = String(decoding: try ControlLine.encode(EventFigures(status())), as: UTF8.self)
                    try await writer.write(
                        ByteBuffer(string: "id: \(number)\nevent: commit\ndata: \(figures)\n"))
                }
                try await writer.finish(nil)
            })
    }

    /// Only a page of ours may say something for its reader, however it has come by the token.
    func say(_ request: Request, _ context: WebContext) async throws -> [UInt8] {
        guard let feedback = daemon.feedback else {
            throw PageError(.forbidden, "nothing can be said over HTTP, as there is no token (http.token_file)")
        }
        if let origin = request.headers[.origin], !Self.isOwn(origin, of: request) {
            throw PageError(.forbidden, "the request comes from another page, \(origin.prefix(200))")
        }
        guard request.headers[.contentType]?.split(separator: ";").first == "application/json" else {
            throw PageError(.unsupportedMediaType, "expected Content-Type: application/json")
        }
        _ = try PageParameters(request, known: [])
        var body = try await request.body.collect(upTo: WebServer.largestBody)
        let said = try PageFeedback(body.readBytes(length: body.readableBytes) ?? [])
        let now = daemon.now()
        let asked = try await pool.read { store, _ in try said.request(in: store, now: now) }
        let user = await context.user
        let peer = user.map { "uid \($0)" } ?? context.channel.remoteAddress?.description ?? "unknown"
        switch await feedback(asked, peer, user) {
        case .feedback(let reply): return try ControlLine.encode(FeedbackAnswer(points: reply.points))
        case .error(let error): throw PageError(Self.status(of: error.code), error.message)
        default: throw PageError(.internalServerError, "the daemon gave another answer than was asked for")
        }
    }

    /// A page's origin is the scheme and the address that it was asked for by; over a Unix socket, whoever forwards it
    /// has given it one.
    private static func isOwn(_ origin: String, of request: Request) -> Bool {
        guard let authority = request.head.authority else { return false }
        return ["http://", "https://"].contains { origin.lowercased() == $0 + authority.lowercased() }
    }

    private static func status(of code: ControlError.Code) -> HTTPResponse.Status {
        switch code {
        case .badRequest: .badRequest
        case .unknownStream: .notFound
        case .mismatch: .conflict
        case .notPermitted: .forbidden
        case .unavailable: .serviceUnavailable
        default: .internalServerError
        }
    }
}

/// What an event tells, so that a page need not ask after each.
private struct EventFigures: Encodable {
    var state: DaemonStatus.State
    var text: String?
    var streams: Int
    var points: Int64
    var pointsPerSecond: Double
    var anomalies: Int64
    var openAnomalies: Int
    var lastCommit: Int64?
    var notes: Int

    init(_ status: DaemonStatus) {
        state = status.state
        text = status.text
        streams = status.streams
        points = status.points
        pointsPerSecond = (status.pointsPerSecond * 10).rounded() / 10
        anomalies = status.anomalies
        openAnomalies = status.openAnomalies
        lastCommit = status.lastCommit
        notes = status.notes?.count ?? 0
    }
}
