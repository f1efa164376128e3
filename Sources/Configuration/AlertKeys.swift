extension ConfigurationKey {
    private static let second: Int64 = 1_000_000
    private static let week: Int64 = 604_800 * second

    static let alertsGroup = ConfigurationGroup(
        name: "alerts", heading: "Who is told of anomalies, and how often. Each [[sink]] section below adds one.",
        keys: [
            ConfigurationKey(
                "alerts.journal", daemon: \.alerts.journal, .boolean,
                "Whether the log tells of each anomaly that opens, gets worse, is acknowledged or is over.",
                choosing: "false if the journal shall be quiet; anomalyctl anomalies lists them in any case."),
            ConfigurationKey(
                "alerts.socket", daemon: \.alerts.socket, .optionalSocketPath,
                "Unix socket that tells whoever connects: first of what is open, then of all that happens, one JSON object a "
                    + "line. \"\" opens none.",
                choosing: "if you move it, tell the followers."),
            ConfigurationKey(
                "alerts.socket_mode", daemon: \.alerts.socketMode, .fileMode,
                "Permissions of the socket: who may follow needs to write.",
                choosing: "\"0666\" lets every local user follow."),
            ConfigurationKey(
                "alerts.max_followers", daemon: \.alerts.maxFollowers, .integer(1...10_000), unit: "connections",
                "Followers at once. One more is closed as soon as it is accepted, and so is one that does not read.",
                choosing: "leave it; for each up to 64 MiB may wait, and 8 MiB if it reads nothing."),
            ConfigurationKey(
                "alerts.group_by", daemon: \.alerts.groupBy, .grouping,
                "What makes one notification of several anomalies: \"all\" everything together, \"stream\" nothing, "
                    + "\"prefix\" the name up to its first dot (\"prefix:2\" the second), \"tag:host\" the value of that tag.",
                choosing:
                    "\"all\" sends fewest; \"prefix\" or a tag where different people look after different streams."),
            ConfigurationKey(
                "alerts.group_wait", daemon: \.alerts.groupWait, .duration(0...(3600 * second)),
                "Time from the first news of a group to its notification, which takes in all that comes meanwhile.",
                choosing: "as long as one fault takes to show in all streams that it hits."),
            ConfigurationKey(
                "alerts.group_interval", daemon: \.alerts.groupInterval, .duration(0...week),
                "Least time between two notifications of a group.",
                choosing: "as often as somebody can bear to be called for the same trouble."),
            ConfigurationKey(
                "alerts.repeat_interval", daemon: \.alerts.repeatInterval, .duration(0...(4 * week)),
                "Time after which a group is told again if something in it is still open and nobody has acknowledged it; 0: "
                    + "never.",
                choosing: "shorter than a shift, so that who comes next hears of it."),
            ConfigurationKey(
                "alerts.max_alerts", daemon: \.alerts.maxAlerts, .integer(1...1000), unit: "anomalies",
                "Anomalies that a notification names, the worst first; of the rest it says how many there are. What was "
                    + "named as open is always named when it is over.",
                choosing: "as many as somebody reads."),
            ConfigurationKey(
                "alerts.worsen_factor", daemon: \.alerts.worsenFactor, .number(1.1...1000),
                "How many times as far from the prediction as last told an anomaly must be to be told as worse. It is told "
                    + "as well when it becomes a warning, or critical.",
                choosing: "larger to hear less of what is known."),
            ConfigurationKey(
                "alerts.warning_score", daemon: \.alerts.warningScore, .number(0...1),
                "Score from which an anomaly is a warning; below, it is an info.",
                choosing: "0.4: one point in 10,000 is as strange; each 0.1 more is ten times as rare."),
            ConfigurationKey(
                "alerts.critical_score", daemon: \.alerts.criticalScore, .number(0...1),
                "Score from which an anomaly is critical.",
                choosing: "as rare as what shall wake somebody; what breaks a score.expected_range has 1."),
            ConfigurationKey(
                "alerts.queue", daemon: \.alerts.queue, .integer(10...1_000_000), unit: "anomalies",
                "While a sink can't be told: anomalies that are over before it heard of them wait up to this number, then the "
                    + "oldest go untold. What it knows as open waits for ever.",
                choosing: "leave it; each takes about 1 KiB of memory."),
            ConfigurationKey(
                "alerts.link", daemon: \.alerts.link, .link,
                "Address where people see an anomaly, for notifications; {id} and {stream} stand for its number and the name "
                    + "of its stream.",
                choosing: "your dashboard's, such as \"https://grafana.example/d/x?var-stream={stream}\"."),
        ])
}

extension ValueKind where Value == AlertGrouping {
    static let grouping = Self(
        expectation: AlertGrouping.expectation,
        decode: { value in
            guard case .string(let text) = value else { return nil }
            return AlertGrouping(text)
        },
        encode: { .string($0.text) })
}

extension ValueKind where Value == String {
    /// A Unix socket, or "" for none.
    static let optionalSocketPath = Self(
        expectation: socketPath.expectation + ", or \"\" for none",
        decode: { $0 == .string("") ? "" : socketPath.decode($0) }, encode: { .string($0) })

    /// An address with places for what it is about, or "" for none.
    static let link = Self(
        expectation: "an address that begins with http:// or https://, or \"\" for none",
        decode: { value in
            guard case .string(let text) = value, text.isEmpty || isAddress(text, ["http", "https"]) else { return nil }
            return text
        },
        encode: { .string($0) })

    /// Where a webhook is.
    static let webhook = Self(
        expectation:
            "an address that begins with https://, http://, or http+unix:// and the socket's path with %2F for /",
        decode: { value in
            guard case .string(let text) = value, isAddress(text, ["https", "http", "http+unix", "https+unix"]) else {
                return nil
            }
            return text
        },
        encode: { .string($0) })

    /// What a sink is called.
    static let sinkName = Self(
        expectation: "a name of letters, digits, \"-\", \"_\" and \".\" (1 to 64), other than "
            + "\"\(AlertSinkSettings.journal)\" and \"\(AlertSinkSettings.socket)\"",
        decode: { value in
            guard case .string(let text) = value, (1...64).contains(text.utf8.count),
                ![AlertSinkSettings.journal, AlertSinkSettings.socket].contains(text),
                text.unicodeScalars.allSatisfy({
                    $0.isASCII && ($0.properties.isAlphabetic || "0123456789-_.".unicodeScalars.contains($0))
                })
            else { return nil }
            return text
        },
        encode: { .string($0) })

    private static func isAddress(_ text: String, _ schemes: [String]) -> Bool {
        guard let scheme = schemes.first(where: { text.hasPrefix($0 + "://") }) else { return false }
        return text.utf8.count > scheme.utf8.count + 3 && text.utf8.allSatisfy { $0 > 32 && $0 < 127 }
    }
}

extension ValueKind where Value == [String] {
    /// A program and its arguments.
    static let command = Self(
        expectation: "an array of strings: the absolute path of a program, and its arguments",
        decode: { value in
            guard case .array(let values) = value else { return nil }
            let words = values.compactMap { value in
                if case .string(let word) = value, !word.utf8.contains(0) { word } else { nil as String? }
            }
            guard words.count == values.count, words.first?.hasPrefix("/") == true else { return nil }
            return words
        },
        encode: { .array($0.map { .string($0) }) })
}

extension ValueKind where Value == [Glob] {
    /// Any number of globs; one alone needs no brackets.
    static let globs = Self(
        expectation: "an array of globs for the names of streams, such as [\"web.*\"]",
        decode: { value in
            let values: [ConfigurationValue]
            if case .array(let several) = value { values = several } else { values = [value] }
            let globs = values.compactMap { value in
                if case .string(let text) = value, !text.isEmpty { try? Glob(text) } else { nil as Glob? }
            }
            return globs.count == values.count && !globs.isEmpty ? globs : nil
        },
        encode: { .array($0.map { .string($0.pattern) }) })
}

extension Glob {
    /// Matches every name.
    static let everything = {
        guard let glob = try? Glob("*") else { preconditionFailure("* is a glob") }
        return glob
    }()
}
