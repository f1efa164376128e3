import AnomalyConfiguration

/// How many clients some sockets serve at once, and whom.
struct Door: Sendable {
    let mostConnections: Int
    /// Who may connect at all.
    let access: AccessList
    /// What one too many is refused for, and the key that says how many.
    let tooMany: (refusal: Refusal, key: String)

    /// - Parameter most: connections that the process has descriptors for.
    static func feed(_ feed: DaemonConfiguration.Feed, most: Int) -> Door {
        Door(
            mostConnections: min(feed.maxConnections, most),
            access: AccessList(users: feed.allowUsers, groups: feed.allowGroups),
            tooMany: (.connections, "feed.max_connections"))
    }

    /// Whoever may connect may ask; whether the peer may change something is decided at each request.
    static func control(_ control: DaemonConfiguration.Control) -> Door {
        Door(
            mostConnections: control.maxConnections, access: AccessList(users: [], groups: []),
            tooMany: (.controlConnections, "control.max_connections"))
    }
}
