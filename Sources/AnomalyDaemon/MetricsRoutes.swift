import ControlProtocol
import HTTPTypes
import Hummingbird
import WebServer

/// `GET /metrics`: what the daemon measures of itself, in OpenMetrics for whoever accepts that, else in the older format of
/// Prometheus.
struct MetricsRoutes: WebRoutes {
    let metrics: MetricsReporter

    func add(to router: Router<WebContext>) {
        router.get("metrics") { request, _ -> Response in
            let text = MetricText(accept: request.headers[values: .accept].joined(separator: ","))
            return Response(
                status: .ok, headers: [.contentType: text.mediaType, .vary: "Accept"],
                body: ResponseBody(byteBuffer: ByteBuffer(bytes: text.encode(metrics.families()))))
        }
    }
}
