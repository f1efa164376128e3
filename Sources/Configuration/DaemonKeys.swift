extension ConfigurationKey {
    /// The keys that hold for the daemon as a whole, and in `[feed]` some that streams may have values of their own for.
    static let daemonGroups: [ConfigurationGroup] = [
        feedGroup.adding(lateKeys), controlGroup, httpGroup, databaseGroup, retentionGroup, processGroup, alertsGroup,
    ]

    private static let second: Int64 = 1_000_000
    private static let day: Int64 = 86_400 * second

    private static let feedGroup = ConfigurationGroup(
        name: "feed", heading: "Where points come in.",
        keys: [
            ConfigurationKey(
                "feed.listen", daemon: \.feed.listen, .socketPaths,
                "Unix stream sockets that take points from any number of clients; an empty array opens none. "
                    + "\"influx:/run/anomalyd/influx.sock\" is one whose lines have a format of their own.",
                choosing: "one is enough; more serve senders that cannot reach its folder, or speak what is not found "
                    + "by itself."),
            ConfigurationKey(
                "feed.format", daemon: \.feed.format, .choice(of: DaemonConfiguration.Feed.formats),
                "Format of the lines. \"auto\" finds it for each line from its shape: plain, Graphite, Influx, JSON, "
                    + "collectd's PUTVAL, and samples of OpenMetrics that have no time. A socket that systemd passes "
                    + "under the name of a format (FileDescriptorName=statsd) has that one.",
                choosing: "fix it if all senders speak the same format: a stray line is then an error, not a guess."),
            ConfigurationKey(
                "feed.time_unit", daemon: \.feed.timeUnit, .choice(of: DaemonConfiguration.Feed.timeUnits),
                "Unit of the times in Influx and JSON lines. \"own\" is nanoseconds in the former and seconds in the "
                    + "latter; all other formats say theirs.",
                choosing: "as the senders are told: precision= in Influx's clients, json_timestamp_units in telegraf."),
            ConfigurationKey(
                "feed.fields", daemon: \.feed.fields, .choice(of: DaemonConfiguration.Feed.fieldForms),
                "What becomes of the fields of an Influx line, or of telegraf's JSON: \"streams\" makes each a stream, "
                    + "measurement.field;tag=value; \"channels\" makes all of them one, measurement;tag=value, whose "
                    + "channels are the fields in the order of their names.",
                choosing: "\"channels\" only where all fields always come together, and belong together."),
            ConfigurationKey(
                "feed.statsd_interval", daemon: \.feed.statsdInterval, .duration(second...(3600 * second)),
                "Time over which samples of StatsD are gathered into a point.",
                choosing: "as the flush interval of the StatsD that it stands in for; a point a minute is cheaper than "
                    + "six, and learns six times as slowly."),
            ConfigurationKey(
                "feed.max_line", daemon: \.feed.maxLine, .integer(256...65_536), unit: "bytes",
                "Longest line, without its end. A longer one is counted as an error and skipped.",
                choosing: "leave it; lower it to stop senders sooner that have lost their line ends."),
            ConfigurationKey(
                "feed.max_connections", daemon: \.feed.maxConnections, .integer(1...1_000_000), unit: "connections",
                "Connections at once, all sockets together. One more is closed as soon as it is accepted. Fewer if the "
                    + "process may not open so many files (LimitNOFILE=).",
                choosing: "above the number of your senders; each costs 5 KiB, and up to 130 KiB when it sends much."),
            ConfigurationKey(
                "feed.max_streams_per_client", daemon: \.feed.maxStreamsPerClient, .integer(1...10_000_000),
                unit: "streams",
                "New streams that one connection may bring. Lines that would found more are rejected.",
                choosing: "more than the largest sender or relay has; it stops one that invents names."),
            ConfigurationKey(
                "feed.new_streams_per_second", daemon: \.feed.newStreamsPerSecond, .integer(1...1_000_000),
                unit: "streams/s",
                "New streams a second in the long run, all connections together. Lines that would found more are "
                    + "rejected.",
                choosing: "leave it; streams that come faster are seldom meant."),
            ConfigurationKey(
                "feed.new_streams_burst", daemon: \.feed.newStreamsBurst, .integer(1...10_000_000), unit: "streams",
                "New streams that may come at once, before feed.new_streams_per_second counts.",
                choosing: "as many as you have, so that all may begin at the first start."),
            ConfigurationKey(
                "feed.socket_mode", daemon: \.feed.socketMode, .fileMode,
                "Permissions of the sockets: who may connect needs to write.",
                choosing: "\"0660\" admits the owner and the group, \"0666\" every local user."),
            ConfigurationKey(
                "feed.allow_users", daemon: \.feed.allowUsers, .users,
                "Users that may send points, besides root and the daemon's own. Others' connections are closed. Empty, "
                    + "like feed.allow_groups: whoever may connect.",
                choosing: "to admit fewer than feed.socket_mode does; senders over TCP have no user."),
            ConfigurationKey(
                "feed.allow_groups", daemon: \.feed.allowGroups, .groups,
                "Groups whose members may send points, besides the users in feed.allow_users.",
                choosing: "as above; supplementary groups count, too."),
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
                choosing: "if you move it, tell anomalyctl with --socket."),
            ConfigurationKey(
                "control.socket_mode", daemon: \.control.socketMode, .fileMode,
                "Permissions of the socket: who may ask needs to write.",
                choosing: "\"0666\" lets every local user see the status; limit then who may change something."),
            ConfigurationKey(
                "control.allow_users", daemon: \.control.allowUsers, .users,
                "Users that may change something, such as a model, besides root and the daemon's own. Others may ask "
                    + "for the status only. Empty, like control.allow_groups: whoever may connect.",
                choosing: "operators, if more than they may connect."),
            ConfigurationKey(
                "control.allow_groups", daemon: \.control.allowGroups, .groups,
                "Groups whose members may change something, besides the users in control.allow_users.",
                choosing: "as above; supplementary groups count, too."),
            ConfigurationKey(
                "control.max_connections", daemon: \.control.maxConnections, .integer(1...1024), unit: "connections",
                "Connections at once. One more is closed as soon as it is accepted.",
                choosing: "leave it; anomalyctl needs one for each question, for milliseconds."),
            ConfigurationKey(
                "control.max_request", daemon: \.control.maxRequest, .integer(4096...8_388_608), unit: "bytes",
                "Longest request. Whoever may not change anything has 4096 bytes.",
                choosing: "leave it, unless no models are imported; a request that long is kept in memory."),
            ConfigurationKey(
                "control.timeout", daemon: \.control.timeout, .duration(second / 10...(3600 * second)),
                "Time in which a request must have come whole, and its answer be read. Then the connection is closed.",
                choosing: "leave it; longer for large models over a slow connection."),
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
                "A commit is made early when this many points wait for it, or, if that is more, 16 of each stream "
                    + "(524,288 in all at most).",
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
                "daemon.max_streams", daemon: \.daemon.maxStreams, .integer(1...10_000_000), unit: "streams",
                "Most streams. Lines that would found another one are rejected; those in the database stay.",
                choosing: "as your disk allows: a stream of the default model has 70 KiB in the database. What memory "
                    + "can't hold sleeps."),
            ConfigurationKey(
                "daemon.sleep_after", daemon: \.daemon.sleepAfter, .duration(second...(36_400 * day)),
                "A stream without points for so long sleeps: its state is in the database only, until its next point. No "
                    + "verdict depends on it.",
                choosing: "leave it; waking takes about a millisecond. Longer where nothing else wants the memory."),
            ConfigurationKey(
                "daemon.memory_limit", daemon: \.daemon.memoryLimit, .integer(0...(1 << 50)), unit: "bytes",
                "Memory for the process alone, programs and files apart. When it is reached, streams sleep sooner, those "
                    + "first that have had no point for longest. 0: three quarters of MemoryHigh= or MemoryMax= of its "
                    + "unit, if there are such limits.",
                choosing: "leave it, and set MemoryHigh= in a drop-in if others need the memory."),
            ConfigurationKey(
                "daemon.log_level", daemon: \.daemon.logLevel, .choice,
                "Least important messages that are logged.",
                choosing: "\"debug\" to find a fault, \"warning\" for a quiet journal."),
        ])
}
