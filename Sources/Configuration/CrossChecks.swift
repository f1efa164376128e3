import AnomalyDetection

/// A relation between keys that a stream's settings must keep.
struct StreamRule: Sendable {
    /// The key that is blamed, and the others that take part.
    let key: String
    let others: [String]
    /// What is wrong, or nil.
    let problem: @Sendable (StreamSettings) -> String?
    /// Makes settings keep the relation whatever they are.
    let settle: @Sendable (inout StreamSettings) -> Void

    static let all: [StreamRule] = [
        StreamRule(
            key: "model.k1", others: ["model.k2"],
            problem: { settings in
                let model = settings.detector.model
                guard model.k1 > model.k2 else { return nil }
                return "is \(model.k1), expected at most model.k2, which is \(model.k2)"
            },
            settle: { $0.detector.model.k1 = min($0.detector.model.k1, $0.detector.model.k2) }),
        StreamRule(
            key: "model.input_season", others: [ConfigurationKey.sharing],
            problem: { settings in
                let model = settings.detector.model
                guard model.inputSeason, model.sharing == .group else { return nil }
                return "is true, expected false where model.sharing is \"group\": earlier values are not kept there"
            },
            settle: { if $0.detector.model.sharing == .group { $0.detector.model.inputSeason = false } }),
    ]

    /// Whether one of these keys takes part.
    func concerns(_ keys: some Sequence<String>) -> Bool {
        keys.contains { $0 == key || others.contains($0) }
    }
}

/// A relation between keys of the daemon as a whole.
struct DaemonRule: Sendable {
    let key: String
    let others: [String]
    let problem: @Sendable (DaemonConfiguration) -> String?

    static let all: [DaemonRule] = [
        knows("feed.allow_users", \.feed.allowUsers, "user", in: "passwd"),
        knows("feed.allow_groups", \.feed.allowGroups, "group", in: "group"),
        knows("control.allow_users", \.control.allowUsers, "user", in: "passwd"),
        knows("control.allow_groups", \.control.allowGroups, "group", in: "group"),
        DaemonRule(key: "feed.listen", others: []) { configuration in
            let listen = configuration.feed.listeners.map(\.path)
            guard let twice = listen.indices.first(where: { listen[..<$0].contains(listen[$0]) }) else { return nil }
            return "names \(ConfigurationValue.quoted(listen[twice])) twice, expected different sockets"
        },
        DaemonRule(key: "feed.listen", others: ["control.socket"]) { configuration in
            guard configuration.feed.listeners.contains(where: { $0.path == configuration.control.socket }) else {
                return nil
            }
            return "contains \(ConfigurationValue.quoted(configuration.control.socket)), which is control.socket, "
                + "expected different sockets"
        },
        DaemonRule(key: "alerts.socket", others: ["feed.listen", "control.socket"]) { configuration in
            let others = configuration.feed.listeners.map(\.path) + [configuration.control.socket]
            guard others.contains(configuration.alerts.socket) else { return nil }
            return
                "is \(ConfigurationValue.quoted(configuration.alerts.socket)), which is another socket's path, expected "
                + "different sockets"
        },
        DaemonRule(key: "alerts.critical_score", others: ["alerts.warning_score"]) { configuration in
            let alerts = configuration.alerts
            guard alerts.criticalScore < alerts.warningScore else { return nil }
            return "is \(alerts.criticalScore), expected at least alerts.warning_score, which is \(alerts.warningScore)"
        },
        DaemonRule(key: "http.listen", others: ["http.allow_remote"]) { configuration in
            let http = configuration.http
            guard !http.allowRemote, let remote = http.listen.first(where: { HTTPAddress($0)?.isLoopback == false })
            else { return nil }
            return "contains \(ConfigurationValue.quoted(remote)), which other machines reach, expected 127.0.0.1, "
                + "[::1] or a Unix socket, or http.allow_remote = true"
        },
        DaemonRule(key: "http.listen", others: ["feed.listen", "control.socket"]) { configuration in
            let http = configuration.http
            let taken = configuration.feed.listeners.map(\.path) + [configuration.control.socket]
            let twice = http.listen.indices.first { index in
                if case .unix(let path)? = HTTPAddress(http.listen[index]), taken.contains(path) { return true }
                return http.listen[..<index].contains(http.listen[index]) && !http.listen[index].hasSuffix(":0")
            }
            return twice.map {
                "contains \(ConfigurationValue.quoted(http.listen[$0])) a second time, expected different sockets"
            }
        },
        DaemonRule(key: "database.path", others: ["feed.listen", "control.socket", "alerts.socket", "http.listen"]) {
            configuration in
            let sockets =
                configuration.feed.listeners.map(\.path) + [configuration.control.socket, configuration.alerts.socket]
                + configuration.http.addresses.compactMap { if case .unix(let path) = $0 { path } else { nil } }
            guard sockets.contains(configuration.database.path) else { return nil }
            return "is \(ConfigurationValue.quoted(configuration.database.path)), which is a socket, expected a file"
        },
    ]

    /// A name that nobody has admits nobody, which whoever wrote it must know before the first client does.
    private static func knows(
        _ key: String, _ accounts: any KeyPath<DaemonConfiguration, [Account]> & Sendable, _ kind: String,
        in database: String
    ) -> DaemonRule {
        DaemonRule(key: key, others: []) { configuration in
            guard let unknown = configuration[keyPath: accounts].first(where: { $0.id == nil })?.text else {
                return nil
            }
            return
                "names \(ConfigurationValue.quoted(unknown)), which is no \(kind) of this machine, expected one that "
                + "\"getent \(database)\" lists, or a number"
        }
    }
}
