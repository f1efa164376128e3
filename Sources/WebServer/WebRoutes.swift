import HTTPTypes
public import Hummingbird
public import NIOCore

/// Routes that add themselves to a server's router. For example:
///
/// ```swift
/// struct Greeting: WebRoutes {
///     func add(to router: Router<WebContext>) {
///         router.get("greeting") { _, _ in Response.text("hello\n") }
///     }
/// }
/// ```
///
/// A route for GET answers HEAD as well. What changes something is a route for POST, PUT, PATCH or DELETE: those are
/// answered to whoever has the server's token, and to nobody if it has none.
public protocol WebRoutes: Sendable {
    func add(to router: Router<WebContext>)
}

/// What comes with a request.
public struct WebContext: RequestContext {
    public var coreContext: CoreRequestContextStorage
    /// The connection.
    public let channel: any Channel

    public init(source: ApplicationRequestContextSource) {
        coreContext = .init(source: source)
        channel = source.channel
    }

    /// Bytes of a request's body, at most.
    public var maxUploadSize: Int { WebServer.largestBody }
}

extension Response {
    /// Plain text. It should end with a line feed, for whoever reads it in a terminal.
    public static func text(_ text: String, status: HTTPResponse.Status = .ok) -> Response {
        Response(
            status: status, headers: [.contentType: "text/plain; charset=utf-8"],
            body: ResponseBody(byteBuffer: ByteBuffer(string: text)))
    }
}
