import Glibc
import HTTPTypes
import Hummingbird
import Logging
import NIOCore

/// From a request to a response: the gate, the routes, and what every response has.
struct WebResponder: Sendable {
    private let routes: RouterResponder<WebContext>
    /// Has each path of `routes`, and answers GET with the methods that there are for it.
    private let methods: RouterResponder<WebContext>
    private let gate: RequestGate
    private let observer: WebServer.Observer

    init(routes: [any WebRoutes], gate: RequestGate, observer: WebServer.Observer) {
        let router = Router(context: WebContext.self, options: .autoGenerateHeadEndpoints)
        for each in routes { each.add(to: router) }
        self.routes = router.buildResponder()
        methods = Self.methods(of: router)
        self.gate = gate
        self.observer = observer
    }

    func respond(to request: Request, context: WebContext) async -> Response {
        let isLocal = context.channel.localAddress?.protocol == .unix
        var response: Response
        if let refused = gate.refuse(request.head, isLocal: isLocal) {
            if let refusal = refused.refusal {
                observer.refused(refusal, context.channel.remoteAddress?.description ?? "unknown", refused.text)
            }
            response = .text(refused.text, status: refused.status)
            response.headers.append(contentsOf: refused.headers)
        } else {
            response = await route(request, context)
        }
        if request.method == .head, response.body.contentLength != 0 { response = response.createHeadResponse() }
        Self.complete(&response)
        observer.answered(response.status.code)
        return response
    }

    private func route(_ request: Request, _ context: WebContext) async -> Response {
        do {
            let response = try await routes.respond(to: request, context: context)
            // Hummingbird's word for a path or a method that no route has; a route's own 404 keeps its text.
            guard response.status == .notFound, context.coreContext.endpointPath.value == "NotFound" else {
                return response
            }
            var get = request.head
            get.method = .get
            let known = try await methods.respond(to: Request(head: get, body: request.body), context: context)
            guard let allow = known.headers[.allow] else {
                return .text("There is nothing at this path.\n", status: .notFound)
            }
            if request.method == .options { return Response(status: .noContent, headers: [.allow: allow]) }
            var text = Response.text("This path takes \(allow).\n", status: .methodNotAllowed)
            text.headers[.allow] = allow
            return text
        } catch {
            context.logger.debug("a request failed", metadata: ["cause": "\(error)"])
            return .text("The request failed: \(error)\n", status: .internalServerError)
        }
    }

    private static func methods(of router: Router<WebContext>) -> RouterResponder<WebContext> {
        let methods = Router(context: WebContext.self)
        var known: [String: [String]] = [:]
        for route in router.routes { known["\(route.path)", default: []].append(route.method.rawValue) }
        for (path, allowed) in known {
            let allow = allowed.sorted().joined(separator: ", ")
            methods.get(RouterPath(path)) { _, _ in Response(status: .ok, headers: [.allow: allow]) }
        }
        return methods.buildResponder()
    }

    /// Adds what a route has not said otherwise. A page says itself where its scripts and styles come from.
    private static func complete(_ response: inout Response) {
        func set(_ name: HTTPField.Name?, _ value: String) {
            if let name, response.headers[name] == nil { response.headers[name] = value }
        }
        set(.date, date())
        set(.cacheControl, "no-store")
        set(.xContentTypeOptions, "nosniff")
        set(.contentSecurityPolicy, "default-src 'none'; frame-ancestors 'none'")
        set(HTTPField.Name("Referrer-Policy"), "no-referrer")
        set(HTTPField.Name("Cross-Origin-Resource-Policy"), "same-origin")
        set(HTTPField.Name("X-Frame-Options"), "DENY")
    }

    /// Such as "Mon, 30 Nov 2026 09:30:00 GMT".
    private static func date() -> String {
        var now = time(nil)
        var parts = tm()
        gmtime_r(&now, &parts)
        let days = ["Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"]
        let months = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"]
        func two(_ number: Int32) -> String { number < 10 ? "0\(number)" : "\(number)" }
        return
            "\(days[Int(parts.tm_wday)]), \(two(parts.tm_mday)) \(months[Int(parts.tm_mon)]) \(parts.tm_year + 1900) "
            + "\(two(parts.tm_hour)):\(two(parts.tm_min)):\(two(parts.tm_sec)) GMT"
    }
}
