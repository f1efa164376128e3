import AnomalyConfiguration
import ControlProtocol

extension FuzzTarget {
    /// What a client of `/metrics` accepts, and a place to answer HTTP at.
    static let accept = FuzzTarget(name: "accept", longest: 1024) { bytes in
        let text = String(decoding: bytes, as: UTF8.self)
        if MetricText(accept: text) == .openMetrics {
            try expect(
                text.lowercased().contains("openmetrics-text"), "only who asks for OpenMetrics gets it, not \(text)")
        }
        guard let address = HTTPAddress(text) else { return }
        if case .tcp(let host, let port) = address {
            let again = HTTPAddress(host.contains(":") ? "[\(host)]:\(port)" : "\(host):\(port)")
            try expect(again == address, "a place is the same after it was written: \(address), \(again as Any)")
        }
    }
}
