/// The formats that a feed can have. A new one needs its own decoder file, a case here and a line in `LineDecoders`.
public enum FeedFormat: String, Sendable, CaseIterable {
    /// Found for each line from its shape (`LineShape`). CSV and StatsD are never guessed: the one needs a stream name,
    /// the other a clock.
    case auto
    /// `NAME VALUE[,VALUE…] [TIMESTAMP]`
    case plain
    /// Exactly `NAME VALUE TIMESTAMP`
    case graphite
    /// `timestamp,value[,value2…][,label]`, all rows belonging to one named stream
    case csv
    /// InfluxDB's line protocol: `measurement[,tag=value…] field=value[,field=value…] [TIMESTAMP]`
    case influx
    /// `{"stream": NAME, "time": TIMESTAMP, "value": VALUE}`, or telegraf's objects
    case json
    /// `name:value|type`, gathered into points at the end of each interval
    case statsd
    /// `PUTVAL identifier [interval=SECONDS] time:value[:value…]`
    case collectd
    /// `name{label="value"} value [TIMESTAMP]`, the time in milliseconds
    case prometheus
    /// The same, with the time in seconds and exemplars
    case openmetrics
}
