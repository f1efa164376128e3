/// Metrics as text that Prometheus and others read.
public enum MetricText: Sendable {
    /// OpenMetrics 1.0.
    case openMetrics
    /// The older format of Prometheus, 0.0.4, which also the textfile collector of its node exporter reads.
    case prometheus

    /// The media type of it.
    public var mediaType: String {
        switch self {
        case .openMetrics: "application/openmetrics-text; version=1.0.0; charset=utf-8"
        case .prometheus: "text/plain; version=0.0.4; charset=utf-8"
        }
    }

    /// What a client wants that sends this `Accept:`.
    public init(accept: String) {
        var (own, plain) = (0.0, 0.0)
        for part in accept.split(separator: ",") {
            let words = part.split(separator: ";").map { $0.filter { $0 != " " }.lowercased() }
            let quality = words.dropFirst().first { $0.hasPrefix("q=") }.map { Double($0.dropFirst(2)) ?? 0 } ?? 1
            switch words.first {
            case "application/openmetrics-text":
                let version = words.dropFirst().first { $0.hasPrefix("version=") }
                if version == nil || version == "version=1.0.0" { own = max(own, quality) }
            case "text/plain", "text/*", "*/*": plain = max(plain, quality)
            default: break
            }
        }
        self = own > 0 && own >= plain ? .openMetrics : .prometheus
    }

    /// The text of all families, in their order.
    public func encode(_ families: [MetricFamily]) -> [UInt8] {
        var text: [UInt8] = []
        text.reserveCapacity(32_768)
        for family in families { append(family, to: &text) }
        if self == .openMetrics { text += "# EOF\n".utf8 }
        return text
    }

    private func append(_ family: MetricFamily, to text: inout [UInt8]) {
        // In the older format a family has the name of its samples, and there are no infos.
        let (name, kind) =
            switch (self, family.kind) {
            case (.prometheus, .counter): (family.name + "_total", "counter")
            case (.prometheus, .info): (family.name + "_info", "gauge")
            default: (family.name, family.kind.rawValue)
            }
        text += "# HELP \(name) \(Self.escaped(family.help))\n".utf8
        text += "# TYPE \(name) \(kind)\n".utf8
        if self == .openMetrics, !family.unit.isEmpty { text += "# UNIT \(name) \(family.unit)\n".utf8 }
        for sample in family.samples {
            text += family.name.utf8
            text += sample.suffix.utf8
            if !sample.labels.isEmpty {
                let labels = sample.labels.map { "\($0.name)=\"\(Self.escaped($0.value))\"" }
                text += "{\(labels.joined(separator: ","))}".utf8
            }
            text += " \(Self.number(sample.value))\n".utf8
        }
    }

    private static func escaped(_ text: String) -> String {
        var result = ""
        for character in text.unicodeScalars {
            switch character {
            case "\\": result += "\\\\"
            case "\"": result += "\\\""
            case "\n": result += "\\n"
            default: result.unicodeScalars.append(character)
            }
        }
        return result
    }

    /// Whole numbers without a point, as people like to read them.
    package static func number(_ value: Double) -> String {
        if let whole = Int64(exactly: value), abs(whole) < 1 << 53 { return "\(whole)" }
        if value.isNaN { return "NaN" }
        return value.isInfinite ? (value < 0 ? "-Inf" : "+Inf") : "\(value)"
    }
}
