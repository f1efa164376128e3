import ControlProtocol

/// The register of metrics as a section of anomalyd(8).
enum ManualMetrics {
    static var lines: [String] {
        var lines = [".Bl -tag -width Ds"]
        for metric in Metric.allCases {
            let definition = metric.definition
            lines.append(".It Ic \(metric.sampleNames[0])")
            lines += ManualMarkup.prose("\(definition.help).")
            let labels = definition.labels.map { "\($0.name) (\($0.values))" }.joined(separator: ", ")
            let unit = definition.unit.isEmpty ? "" : " of \(definition.unit)"
            let kind = definition.kind == .info ? "An info" : "A \(definition.kind.rawValue)\(unit)"
            lines += ManualMarkup.prose("\(kind)\(labels.isEmpty ? "" : ", by \(labels)").")
        }
        return lines + [".El"]
    }
}
