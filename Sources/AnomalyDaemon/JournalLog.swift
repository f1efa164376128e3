public import Logging
import Systemd

/// Writes log messages to the journal in its own protocol: the text as people see it, and each piece of metadata as a
/// field `ANOMALYD_…` to look for, with the `MESSAGE_ID` of the event. What the journal does not take goes to stderr.
public struct JournalLog: LogHandler {
    private var threshold: LogThreshold
    public var logLevel: Logger.Level {
        get { threshold.level }
        set { threshold = LogThreshold(newValue) }
    }
    public var metadata: Logger.Metadata = [:]
    private let fallback: StandardErrorLog

    public init(_ threshold: LogThreshold) {
        self.threshold = threshold
        fallback = StandardErrorLog(threshold)
    }

    public subscript(metadataKey key: String) -> Logger.Metadata.Value? {
        get { metadata[key] }
        set { metadata[key] = newValue }
    }

    public func log(event: LogEvent) {
        let all = metadata.merging(event.metadata ?? [:]) { $1 }
        var fields = [
            ("MESSAGE", StandardErrorLog.text(event, all)), ("PRIORITY", "\(StandardErrorLog.priority(event.level))"),
            ("SYSLOG_IDENTIFIER", "anomalyd"),
        ]
        for (key, value) in all {
            fields.append((key == Logger.messageID ? "MESSAGE_ID" : Self.field(key), "\(value)"))
        }
        if !Journal.send(fields) { fallback.log(event: event) }
    }

    /// The name of the field for a key: fields have capital letters, digits and underscores only.
    package static func field(_ key: String) -> String {
        "ANOMALYD_"
            + String(
                decoding: key.utf8.map { byte in
                    switch byte {
                    case UInt8(ascii: "a")...UInt8(ascii: "z"): byte - 32
                    case UInt8(ascii: "A")...UInt8(ascii: "Z"), UInt8(ascii: "0")...UInt8(ascii: "9"): byte
                    default: UInt8(ascii: "_")
                    }
                }, as: UTF8.self)
    }
}
