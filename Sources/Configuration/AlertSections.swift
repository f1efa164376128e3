import AnomalyDetection

extension AlertSinkSettings: RepeatedSection {
    static let sectionName = "sink"

    static let help = """
        Others who are told of anomalies: each [[sink]] section names a program that is run with a notification as JSON on \
        its standard input, or a webhook that gets one in Alertmanager's format. What each was told is kept, so that none is \
        told twice, and none misses an end, after a restart or a time in which it could not be reached. systemctl reload \
        anomalyd takes these sections in. For example:
        """

    static let example = [
        "[[sink]]", "name = \"pager\"", "command = [\"/usr/local/lib/anomalyd/page\", \"--team\", \"web\"]",
        "streams = [\"web.*\"]", "min_severity = \"critical\"", "", "[[sink]]", "name = \"chat\"",
        "url = \"https://chat.example/hooks/alertmanager\"", "bearer_token_file = \"chat.token\"",
        "repeat_interval = \"1d\"",
    ]

    private static let second: Int64 = 1_000_000
    private static let week: Int64 = 604_800 * second

    static let keys: [SectionKey<AlertSinkSettings>] = [
        SectionKey(
            "name", \.name, .sinkName, "What the sink is called, and what it was told is kept under.",
            choosing: "who is told; a new name is a new sink, which is told of all that is open.", unless: ""),
        SectionKey(
            "command", \.command, .command,
            "A program to run for each notification. It gets it as one JSON object on stdin, and the main facts in variables "
                + "ANOMALYD_…; what it prints goes to the log. Exit status 0: told; any other: it is tried again.",
            choosing: "either this or url.", unless: []),
        SectionKey(
            "url", \.url, .webhook,
            "Where to POST each notification in the format of Alertmanager's webhook (version 4). Needs the network, which "
                + "the service has not: see the drop-in alerts-webhook.conf. An answer 2xx: told; any other: it is tried again.",
            choosing: "either this or command.", unless: ""),
        SectionKey(
            "bearer_token_file", \.bearerTokenFile, .optionalText,
            "With url: a file with the token for the header Authorization: Bearer. A name without / is that of a credential "
                + "(LoadCredential=chat.token:/etc/…).",
            choosing: "a credential, so that only root can read the file; it is read again each time.", unless: ""),
        SectionKey(
            "ca_file", \.caFile, .optionalText,
            "With url: a file of certificates (PEM) that the server's must be signed by, in place of the system's.",
            choosing: "for an authority of your own.", unless: ""),
        SectionKey(
            "timeout", \.timeout, .duration((second / 10)...(3600 * second)),
            "Longest time for a notification. A program that takes longer gets SIGTERM, and SIGKILL two seconds later, with "
                + "all that it has started.",
            choosing: "longer for what is slow by nature; others of the sink wait for it."),
        SectionKey(
            "max_running", \.maxRunning, .integer(1...32), unit: "runs",
            "Notifications on their way at once, of different groups.",
            choosing: "1 unless there are many groups and the sink is slow."),
        SectionKey(
            "streams", \.streams, .globs, "The streams that the sink is told of.",
            choosing: "what this sink's people look after."),
        SectionKey(
            "min_severity", \.minSeverity, .choice, "Anomalies that are less are not told.",
            choosing: "\"critical\" for what wakes somebody."),
        SectionKey(
            "resolved", \.resolved, .boolean, "Whether the sink is told that anomalies are over.",
            choosing: "leave it; false for what only counts alarms."),
        SectionKey(
            "group_by", \.groupBy, .grouping, "In place of alerts.group_by.", choosing: "as alerts.group_by."),
        SectionKey(
            "group_wait", \.groupWait, .duration(0...(3600 * second)), "In place of alerts.group_wait.",
            choosing: "as alerts.group_wait."),
        SectionKey(
            "group_interval", \.groupInterval, .duration(0...week), "In place of alerts.group_interval.",
            choosing: "as alerts.group_interval."),
        SectionKey(
            "repeat_interval", \.repeatInterval, .duration(0...(4 * week)), "In place of alerts.repeat_interval.",
            choosing: "as alerts.repeat_interval."),
        SectionKey(
            "max_alerts", \.maxAlerts, .integer(1...1000), unit: "anomalies", "In place of alerts.max_alerts.",
            choosing: "as alerts.max_alerts."),
    ]

    var problem: (key: String, text: String)? {
        if name.isEmpty { return ("name", "is missing, expected a name") }
        if command.isEmpty == url.isEmpty {
            return (
                "command", command.isEmpty ? "expected command or url" : "expected either command or url, found both"
            )
        }
        if url.isEmpty, !bearerTokenFile.isEmpty { return ("bearer_token_file", "needs url") }
        if url.isEmpty, !caFile.isEmpty { return ("ca_file", "needs url") }
        return nil
    }
}

extension MuteWindow: RepeatedSection {
    static let sectionName = "mute"

    static let help = """
        Times that come again and again, in which nobody is told that anomalies begin, get worse or go on: each [[mute]] \
        section is one. What is still open at its end is told then; what is over by then is not; and who knows an anomaly as \
        open is told of its end at any time. systemctl reload anomalyd takes these sections in. For a single time, see \
        anomalyctl anomalies mute. For example:
        """

    static let example = [
        "[[mute]]", "streams = [\"backup.*\"]", "days = [\"Sat\", \"Sun\"]", "from = \"22:00\"", "to = \"06:00\"",
        "time_zone = \"Europe/Berlin\"",
    ]

    static let keys: [SectionKey<MuteWindow>] = [
        SectionKey("streams", \.streams, .globs, "The streams that are mute.", choosing: "as few as make the noise."),
        SectionKey(
            "days", \.days, .weekdays, "Days on which the time begins.",
            choosing: "for a night, the day of its evening."),
        SectionKey("from", \.from, .timeOfDay, "When it begins.", choosing: "a little before the noise does."),
        SectionKey(
            "to", \.to, .timeOfDay, "When it ends: on the next day if that is not after its beginning.",
            choosing: "when somebody wants to hear of what still lasts."),
        SectionKey(
            "time_zone", \.timeZone, .windowZone, "Time zone of days and times; \"local\" is that of the machine.",
            choosing: "that of the timetable behind the noise."),
    ]

    var problem: (key: String, text: String)? {
        from == to
            ? ("to", "is the same as from, expected another time, or from \"00:00\" to \"24:00\" for a day") : nil
    }
}

extension ValueKind where Value == String {
    /// Any text; "" for none.
    static let optionalText = Self(
        expectation: "a string",
        decode: { value in
            guard case .string(let text) = value, !text.utf8.contains(0) else { return nil }
            return text
        },
        encode: { .string($0) })
}

extension ValueKind where Value == Set<MuteWindow.Weekday> {
    static let weekdays = Self(
        expectation: "an array of \"Mon\", \"Tue\", \"Wed\", \"Thu\", \"Fri\", \"Sat\" and \"Sun\"",
        decode: { value in
            let values: [ConfigurationValue]
            if case .array(let several) = value { values = several } else { values = [value] }
            let days = values.compactMap { value in
                if case .string(let text) = value { MuteWindow.Weekday(rawValue: text) } else { nil }
            }
            return days.count == values.count && !days.isEmpty ? Set(days) : nil
        },
        encode: { days in
            .array(MuteWindow.Weekday.allCases.filter(days.contains).map { .string($0.rawValue) })
        })
}

extension ValueKind where Value == Int {
    /// Minutes since midnight.
    static let timeOfDay = Self(
        expectation: "a time from \"00:00\" to \"24:00\"",
        decode: { value in
            guard case .string(let text) = value else { return nil }
            let parts = text.split(separator: ":", omittingEmptySubsequences: false)
            guard parts.count == 2,
                parts.allSatisfy({ $0.utf8.count == 2 && $0.utf8.allSatisfy { (48...57).contains($0) } }),
                let hour = Int(parts[0]), let minute = Int(parts[1]), minute < 60, hour * 60 + minute <= 1440
            else { return nil }
            return hour * 60 + minute
        },
        encode: { minutes in
            func two(_ number: Int) -> String { (number < 10 ? "0" : "") + "\(number)" }
            return .string("\(two(minutes / 60)):\(two(minutes % 60))")
        })
}

extension ValueKind where Value == LocalTime {
    /// A time zone by its name, or that of the machine.
    static let windowZone = Self(
        expectation: "a time zone such as \"Europe/Berlin\", \"UTC\" or \"local\"",
        decode: { $0 == .string("local") ? ZoneTable.shared.local : timeZone.decode($0) },
        encode: { .string($0.name) })
}
