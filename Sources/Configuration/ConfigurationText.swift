extension DaemonConfiguration {
    /// The file to start from: every key with its meaning, its range and how to choose it, commented out at its
    /// default. A line that begins with `#` and a key is a setting; `# ` begins prose or an example.
    public static func commentedDefaults(paths: DefaultPaths = .system) -> String {
        let defaults = DaemonConfiguration(paths: paths)
        var lines = prose(
            """
            anomalyd.toml: configuration of anomalyd, which learns what is usual in streams of numbers and tells \
            what is not.
            """)
        lines.append("#")
        lines += prose(
            """
            Read from \(paths.configurationFile), or from another file with --config FILE. Files in \
            \(paths.configurationFile).d whose names end in .toml win over this file, in the order of their names; an \
            instance (anomalyd@NAME) reads anomalyd@NAME.toml beside this file as well; the command line (--set \
            KEY=VALUE and other flags) wins over all. Every key is shown with its default: to change it, remove the \
            "#" in front of it. "anomalyd --check-config" names every mistake in these files, "anomalyd --cat-config" \
            prints what is in force, and where each value comes from.
            """)
        lines.append("#")
        lines += prose(
            """
            Durations are written "500ms", "1s", "5min", "1h 30min", "1d" or "1w", or as a number of seconds.
            """)
        for group in ConfigurationKey.groups {
            lines += ["", ""] + prose(group.heading) + ["[\(group.name)]"]
            for key in group.keys {
                lines.append("")
                lines += prose(key.summary) + prose("Choose: " + key.choosing) + prose("Takes: " + key.takes)
                lines.append("#\(key.name) = \(key.text(in: defaults))")
            }
        }
        for section in SectionDescription.all {
            lines += ["", ""] + prose(section.help) + ["#"] + section.example.map { $0.isEmpty ? "#" : "#     " + $0 }
            lines.append("#")
            lines += prose("Keys of [[\(section.name)]]:")
            for key in section.keys {
                let standard = key.standard.map { " Default: \($0)." } ?? ""
                lines += prose("\(key.name): \(key.summary) Takes \(key.takes).\(standard) Choose: \(key.choosing)")
            }
        }
        lines += ["", ""] + prose(streamHelp) + ["#"] + streamExample.map { $0.isEmpty ? "#" : "#     " + $0 }
        return lines.joined(separator: "\n") + "\n"
    }

    /// What is in force, as a file that means the same. Behind what is set stands where, and a value that differs from
    /// its default has that beside it. What comes from a credential is left out, and said to be.
    /// - Parameter paths: the defaults that differing values are compared with.
    public func effectiveFile(paths: DefaultPaths) -> String {
        let defaults = DaemonConfiguration(paths: paths)
        var lines = ["# What is in force: the defaults, then the configuration files, then the command line."]
        for group in ConfigurationKey.groups {
            lines += ["", "[\(group.name)]"]
            for key in group.keys {
                let origin = origins[key.path]
                if let origin, origin.isSecret {
                    lines.append("# \(key.name) is set by a credential and not shown: \(printed("\(origin)"))")
                    continue
                }
                let text = key.text(in: self)
                let standard = key.text(in: defaults)
                let remarks = [origin.map { printed("\($0)") }, text == standard ? nil : "default: \(standard)"]
                let remark = remarks.compactMap(\.self).joined(separator: "; ")
                lines.append("\(key.name) = \(text)" + (remark.isEmpty ? "" : "  # \(remark)"))
            }
        }
        for sink in sinks { lines += text(of: sink) }
        for window in mutes { lines += text(of: window) }
        for section in streams {
            if section.origin.isSecret {
                lines += ["", "# A [[stream]] section of a credential is not shown: \(printed("\(section.origin)"))"]
                continue
            }
            lines += ["", "[[stream]]  # \(printed("\(section.origin)"))"]
            lines.append("match = \(ConfigurationValue.quoted(section.match.pattern))")
            lines += section.keys.map { "\($0) = \(section.overrides[$0]?.toml ?? "")" }
        }
        return lines.joined(separator: "\n") + "\n"
    }

    private func text(of section: some RepeatedSection) -> [String] {
        let name = type(of: section).sectionName
        if section.origin.isSecret {
            return ["", "# A [[\(name)]] section of a credential is not shown: \(printed("\(section.origin)"))"]
        }
        return ["", "[[\(name)]]  # \(printed("\(section.origin)"))"] + section.lines
    }

    /// The keys as a Markdown table, for the README.
    public static func markdownTable(paths: DefaultPaths = .system) -> String {
        let defaults = DaemonConfiguration(paths: paths)
        var lines = ["| key | unit | default | takes | how to choose |", "|---|---|---|---|---|"]
        for key in ConfigurationKey.all {
            let cells = ["`\(key.path)`", key.unit, "`\(key.text(in: defaults))`", key.expectation, key.choosing]
            lines.append("| " + cells.map { $0.replacing("|", with: "\\|") }.joined(separator: " | ") + " |")
        }
        return lines.joined(separator: "\n") + "\n"
    }

    private static let streamHelp = """
        Streams that need something else: a [[stream]] section has its own values for any key of [model], [score] \
        and [storage], and for late, reorder_window and reorder_points of [feed], for the streams whose name matches its glob. In a glob, * stands for any characters (dots as \
        well), ? for one, [abc] or [a-z] for one of a set, [!a-z] for one outside of it, and \\ takes away a special \
        meaning. If several sections that match set the same key, the one whose glob has the most literal \
        characters wins; among equals the later one. For example:
        """

    private static let streamExample = [
        "[[stream]]", "match = \"web.*.latency\"", "model.hidden = 32", "score.false_alarm_probability = 1e-6", "",
        "[[stream]]", "match = \"web.*\"", "storage.checkpoint_interval = \"5min\"",
    ]

    /// Text as comment lines of at most 100 characters.
    private static func prose(_ text: String) -> [String] {
        var lines: [String] = []
        var line = "#"
        for word in text.split(whereSeparator: \.isWhitespace) {
            if line.count + 1 + word.count > 100 {
                lines.append(line)
                line = "#"
            }
            line += " " + word
        }
        return lines + [line]
    }
}

extension ConfigurationKey {
    /// What values are taken, with their unit: "an integer from 1 to 4096 (points)."
    fileprivate var takes: String {
        expectation + (unit.isEmpty ? "." : " (\(unit)).")
    }
}
