/// The formats that a feed can have. A new one needs its own decoder file, a case here and a line in `LineDecoders`.
public enum FeedFormat: String, Sendable, CaseIterable {
    /// Found for each line from its first bytes. CSV is never guessed: it needs a stream name.
    case auto
    /// `NAME VALUE[,VALUE…] [TIMESTAMP]`
    case plain
    /// Exactly `NAME VALUE TIMESTAMP`
    case graphite
    /// `timestamp,value[,value2…][,label]`, all rows belonging to one named stream
    case csv
}
