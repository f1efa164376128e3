extension ConfigurationKey {
    /// How long what is stored is kept. Nothing is deleted unless somebody asks for it: whoever upgrades loses nothing.
    static let retentionGroup = ConfigurationGroup(
        name: "retention", heading: "How long what is stored is kept. Models are never deleted.",
        keys: [
            ConfigurationKey(
                "retention.raw", stream: \.retention.raw, .lifetime,
                "How long points are kept. They go by the thousand (a chunk of 1,024 of a stream), when the newest one of "
                    + "these is so old and no restart needs them any more; their roll-ups stay.",
                choosing: "as far back as you want to see single points, such as \"30d\"; a point takes some 10 bytes."),
            ConfigurationKey(
                "retention.rollup_5m", stream: \.retention.rollup5m, .lifetime,
                "How long points summed up over five minutes (count, smallest, mean and largest value, worst score) are "
                    + "kept.",
                choosing:
                    "longer than retention.raw, such as \"400d\"; 6 to 17 KiB a day for each channel of a stream. \"1h\" where "
                    + "points come once a minute or more seldom and nobody reads them by SQL: the points take as much."),
            ConfigurationKey(
                "retention.rollup_1h", stream: \.retention.rollup1h, .lifetime,
                "The same of points summed up over an hour.",
                choosing: "\"forever\": half a megabyte a year for each channel of a stream."),
            ConfigurationKey(
                "retention.anomalies", stream: \.retention.anomalies, .lifetime,
                "How long anomalies are kept after their ends, and events. What people said stays.",
                choosing: "\"forever\", unless streams have thousands."),
            ConfigurationKey(
                "retention.max_size", daemon: \.retention.maxSize, .size(16 << 20...1 << 50), unit: "bytes",
                "Most that the database and its write-ahead log may take of the disk. Before they do, the oldest points go, "
                    + "whatever retention.raw says, and when there are none left, the oldest roll-ups over five minutes, "
                    + "then those over an hour. Models, anomalies and the points that a restart needs stay.",
                choosing: "less than the disk has, with room for what else is there; \"20G\" is 20 GiB."),
        ])
}
