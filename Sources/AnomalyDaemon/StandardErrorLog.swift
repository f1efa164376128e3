import Foundation
public import Logging
import Systemd

/// Writes log messages to stderr, one line each: the message, then its metadata as `key=value`. In front stands the
/// time, or under the journal, which has its own clock, the priority as `<N>` (sd-daemon(3)).
public struct StandardErrorLog: LogHandler {
    private var threshold: LogThreshold
    public var logLevel: Logger.Level {
        get { threshold.level }
        set { threshold = LogThreshold(newValue) }
    }
    public var metadata: Logger.Metadata = [:]
    private let isJournal: Bool

    public init(level: Logger.Level) { self.init(LogThreshold(level)) }

    public init(_ threshold: LogThreshold) {
        self.threshold = threshold
        isJournal = Surroundings.isRunUnderJournal
    }

    public subscript(metadataKey key: String) -> Logger.Metadata.Value? {
        get { metadata[key] }
        set { metadata[key] = newValue }
    }

    public func log(event: LogEvent) {
        let lead = isJournal ? "<\(Self.priority(event.level))>" : "\(Self.time) \(event.level): "
        let line = lead + Self.text(event, metadata.merging(event.metadata ?? [:]) { $1 }) + "\n"
        var bytes = Array(line.utf8)
        bytes.withUnsafeMutableBytes { buffer in
            // One write, so that lines of different threads don't mix.
            _ = write(STDERR_FILENO, buffer.baseAddress, buffer.count)
        }
    }

    /// The message, and its metadata as `key=value`.
    static func text(_ event: LogEvent, _ metadata: Logger.Metadata) -> String {
        metadata.filter { $0.key != Logger.messageID }.sorted { $0.key < $1.key }.reduce("\(event.message)") {
            $0 + " \($1.key)=\(quoted("\($1.value)"))"
        }
    }

    private static func quoted(_ value: String) -> String {
        let isPlain = !value.isEmpty && value.utf8.allSatisfy { $0 > 32 && $0 != 34 && $0 != 61 && $0 != 127 }
        if isPlain { return value }
        let escaped = value.replacing("\\", with: "\\\\").replacing("\"", with: "\\\"").replacing("\n", with: "\\n")
        return "\"\(escaped)\""
    }

    private static var time: String {
        var now = time_t()
        Foundation.time(&now)
        var parts = tm()
        localtime_r(&now, &parts)
        func two(_ number: Int32) -> String { number < 10 ? "0\(number)" : "\(number)" }
        return "\(1900 + parts.tm_year)-\(two(parts.tm_mon + 1))-\(two(parts.tm_mday)) "
            + "\(two(parts.tm_hour)):\(two(parts.tm_min)):\(two(parts.tm_sec))"
    }

    /// syslog's severities.
    static func priority(_ level: Logger.Level) -> Int {
        switch level {
        case .trace, .debug: 7
        case .info: 6
        case .notice: 5
        case .warning: 4
        case .error: 3
        case .critical: 2
        }
    }
}
