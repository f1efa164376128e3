import HTTPTypes
import Hummingbird
import NIOCore
import Presentation
import WebServer

/// The page's own files. Their paths name their digests, so that a browser keeps them until they change.
enum PageAssets {
    private struct Asset {
        var name: String
        var type: String
        var text: String

        var path: String { "assets/\(digest)/\(name)" }

        /// Enough of it to tell versions apart.
        private var digest: String {
            SHA256.digest(of: text.utf8).prefix(8).map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined()
        }
    }

    private static let style = Asset(
        name: "page.css", type: "text/css; charset=utf-8", text: PageStyle.text + LiveStyle.text)
    private static let script = Asset(
        name: "page.js", type: "text/javascript; charset=utf-8",
        text: [
            ChartScript.text, ServerScript.text, ListScript.text, StreamScript.text, HealthScript.text, MainScript.text,
        ]
        .joined())
    private static let icon = Asset(name: "icon.svg", type: "image/svg+xml", text: LiveHTML.icon)

    /// Nothing runs, and nothing is fetched, but what this server has sent.
    private static let policy = [
        "default-src 'none'", "script-src 'self'", "style-src 'self'", "img-src 'self'", "connect-src 'self'",
        "base-uri 'none'", "form-action 'none'", "frame-ancestors 'none'", "require-trusted-types-for 'script'",
        "trusted-types 'none'",
    ].joined(separator: "; ")

    static func add(to router: Router<WebContext>) {
        let page = ByteBuffer(string: LiveHTML.page(style: style.path, script: script.path, icon: icon.path))
        router.get("/") { _, _ in
            var response = Response(
                status: .ok, headers: [.contentType: "text/html; charset=utf-8", .cacheControl: "no-cache"],
                body: ResponseBody(byteBuffer: page))
            response.headers[.contentSecurityPolicy] = policy
            return response
        }
        for asset in [style, script, icon] {
            let bytes = ByteBuffer(string: asset.text)
            let type = asset.type
            router.get(RouterPath(asset.path)) { _, _ in
                Response(
                    status: .ok,
                    headers: [.contentType: type, .cacheControl: "public, max-age=31536000, immutable"],
                    body: ResponseBody(byteBuffer: bytes))
            }
        }
    }
}
