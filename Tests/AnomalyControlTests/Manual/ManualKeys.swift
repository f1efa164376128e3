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

    /// Sections that there may be any number of.
    static var sectionLines: [String] {
        var lines: [String] = []
        for section in SectionDescription.all {
            lines.append(".Ss [[\(section.name)]]")
            lines += ManualMarkup.prose(section.help)
            lines.append(".Bd -literal -offset indent")
            lines += section.example.map { $0.replacing("\\", with: "\\e") }
            lines += [".Ed", ".Bl -tag -width Ds"]
            for key in section.keys {
                lines.append(".It Ic \(key.name)")
                lines += ManualMarkup.prose(key.summary)
                let standard = key.standard.map { "; the default is \($0)" } ?? ""
                lines += ManualMarkup.prose("Takes \(key.takes)\(standard).")
                lines += ManualMarkup.prose("To choose: \(key.choosing)")
            }
            lines.append(".El")
        }
        return lines
    }
}
