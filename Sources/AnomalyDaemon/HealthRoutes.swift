import Hummingbird
import WebServer

/// `GET /healthz`: 200 and "ok" while the daemon runs and stores what comes in, else 503 and the reason.
struct HealthRoutes: WebRoutes {
    let reporter: StatusReporter

    func add(to router: Router<WebContext>) {
        router.get("healthz") { _, _ -> Response in
            guard let trouble = reporter.trouble else { return .text("ok\n") }
            return .text(trouble + "\n", status: .serviceUnavailable)
        }
    }
}
