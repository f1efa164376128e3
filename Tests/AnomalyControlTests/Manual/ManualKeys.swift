import AnomalyConfiguration

/// The keys of the configuration as sections of anomalyd.toml(5).
enum ManualKeys {
    static var lines: [String] {
        let defaults = DaemonConfiguration(paths: .system)
        var lines: [String] = []
        for group in ConfigurationKey.groups {
            lines.append(".Ss [\(group.name)]")
            lines += ManualMarkup.prose(group.heading)
            lines.append(".Bl -tag -width Ds")
            for key in group.keys {
                lines.append(".It Ic \(key.path)")
                lines += ManualMarkup.prose(key.summary)
                let unit = key.unit.isEmpty ? "" : " (\(key.unit))"
                lines += ManualMarkup.prose(
                    "Takes \(key.expectation)\(unit); the default is \(key.text(in: defaults)).")
                lines += ManualMarkup.prose("To choose: \(key.choosing)")
                if key.isPerStream { lines += ManualMarkup.prose("Streams may have their own.") }
            }
            lines.append(".El")
        }
        return lines
    }
}
