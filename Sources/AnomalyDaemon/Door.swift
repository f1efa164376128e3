import Configuration

/// How many clients some sockets serve at once, and whom.
struct Door: Sendable {
    let mostConnections: Int
    /// Who may connect at all.
    let access: AccessList
    /// How the two are called when they turn somebody away, and the keys that say so.
    let tooMany: (refusal: Refusal, key: String)
    let strangers: (refusal: Refusal, key: String)

    /// - Parameter most: connections that the process has descriptors for.
    static func feed(_ feed: DaemonConfiguration.Feed, most: Int) -> Door {
        Door(
            mostConnections: min(feed.maxConnections, most),
            access: AccessList(users: feed.allowUsers, groups: feed.allowGroups),
            tooMany: (.connections, "feed.max_connections"),
            strangers: (.peer, "feed.allow_users or feed.allow_groups"))
    }

    /// Whoever may connect may ask; whether the peer may change something is decided at each request.
    static func control(_ control: DaemonConfiguration.Control) -> Door {
        Door(
            mostConnections: control.maxConnections, access: AccessList(users: [], groups: []),
            tooMany: (.controlConnections, "control.max_connections"),
            strangers: (.controlPeer, "control.allow_users or control.allow_groups"))
    }
}
