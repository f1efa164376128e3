extension ConfigurationKey {
    /// The keys that hold for the daemon as a whole.
    static let daemonGroups: [ConfigurationGroup] = [feedGroup, controlGroup, databaseGroup, processGroup]

    private static let second: Int64 = 1_000_000
    private static let day: Int64 = 86_400 * second

    private static let feedGroup = ConfigurationGroup(
        name: "feed", heading: "Where points come in.",
        keys: [
            ConfigurationKey(
                "feed.listen", daemon: \.feed.listen, .socketPaths,
                "Unix stream sockets that take points from any number of clients; an empty array opens none.",
                choosing: "one is enough; more serve senders that cannot reach its folder."),
            ConfigurationKey(
                "feed.format", daemon: \.feed.format, .choice(of: DaemonConfiguration.Feed.formats),
                "Format of the lines. \"auto\" finds it for each line from its first bytes.",
                choosing: "fix it if all senders speak the same format: a stray line is then an error, not a guess."),
            ConfigurationKey(
                "feed.max_line", daemon: \.feed.maxLine, .integer(256...65_536), unit: "bytes",
                "Longest line, without its end. A longer one is counted as an error and skipped.",
                choosing: "leave it; lower it to stop senders sooner that have lost their line ends."),
            ConfigurationKey(
                "feed.socket_mode", daemon: \.feed.socketMode, .fileMode,
                "Permissions of the sockets: who may connect needs to write.",
                choosing: "\"0660\" admits the owner and the group, \"0666\" every local user."),
            ConfigurationKey(
                "feed.max_future", daemon: \.feed.maxFuture, .duration(second...(36_400 * day)),
                "How far the time of a point may lie ahead of the clock. A line further ahead is rejected, because "
                    + "all points before it would then be late.",
                choosing: "as much as the senders' clocks may be wrong; more, if forecasts are fed."),
        ])

    private static let controlGroup = ConfigurationGroup(
        name: "control", heading: "Where anomalyctl asks.",
        keys: [
            ConfigurationKey(
                "control.socket", daemon: \.control.socket, .socketPath,
                "Unix socket that answers anomalyctl.",
                choosing: "if you move it, tell anomalyctl with --socket.")
        ])

    private static let databaseGroup = ConfigurationGroup(
        name: "database", heading: "The SQLite file with points, anomalies and learned models.",
        keys: [
            ConfigurationKey(
                "database.path", daemon: \.database.path, .path,
                "The file. SQLite puts two more beside it, with -wal and -shm at the end.",
                choosing: "a local disk: SQLite's locks do not work reliably on network file systems."),
            ConfigurationKey(
                "database.synchronous", daemon: \.database.synchronous, .choice,
                "\"full\" waits for the disk at every commit. \"normal\" does not: a power failure may take the last "
                    + "commits with it, even those that a !sync has confirmed, but not damage the file.",
                choosing: "\"normal\" on slow disks, if the last seconds before a power failure do not matter."),
            ConfigurationKey(
                "database.commit_interval", daemon: \.database.commitInterval, .duration(1000...(60 * second)),
                "Longest time that a point waits for its commit. A !sync does not wait for it.",
                choosing: "shorter shows points sooner to queries; longer writes less to the disk."),
            ConfigurationKey(
                "database.commit_points", daemon: \.database.commitPoints, .integer(1...1_000_000), unit: "points",
                "A commit is made early when this many points wait for it.",
                choosing: "leave it; fewer need less memory, more make a burst of points cheaper."),
            ConfigurationKey(
                "database.on_damage", daemon: \.database.onDamage, .choice,
                "What becomes of a database that is found damaged. \"set-aside\" renames it to "
                    + "anomaly.db.damaged-TIME and goes on with a new one and the models in memory; \"stop\" stops the "
                    + "daemon with exit status 6.",
                choosing: "\"stop\" if somebody shall look before anything else is written to the disk."),
        ])

    private static let processGroup = ConfigurationGroup(
        name: "daemon", heading: "The process.",
        keys: [
            ConfigurationKey(
                "daemon.shards", daemon: \.daemon.shards, .integer(0...1024), unit: "threads",
                "Threads that predict and learn. Each has its own share of the streams; 0 is one per core.",
                choosing: "fewer than cores leaves some to others; no result depends on it."),
            ConfigurationKey(
                "daemon.log_level", daemon: \.daemon.logLevel, .choice,
                "Least important messages that are logged.",
                choosing: "\"debug\" to find a fault, \"warning\" for a quiet journal."),
        ])
}
