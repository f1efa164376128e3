/// A socket of `feed.listen`: `PATH`, or `FORMAT:PATH` where its lines have another format than `feed.format`.
public struct FeedListener: Sendable, Equatable {
    /// One of ``DaemonConfiguration/Feed/formats``; nil for that of the feed.
    public let format: String?
    public let path: String

    /// Nil if a colon stands before the first slash, and no format before the colon: somebody has meant one.
    public init?(_ text: String) {
        guard let colon = text.prefix(while: { $0 != "/" }).firstIndex(of: ":") else {
            (format, path) = (nil, text)
            return
        }
        let word = String(text[..<colon])
        guard DaemonConfiguration.Feed.formats.contains(word) else { return nil }
        (format, path) = (word, String(text[text.index(after: colon)...]))
    }
}

extension DaemonConfiguration.Feed {
    /// The sockets of ``listen``.
    public var listeners: [FeedListener] { listen.compactMap(FeedListener.init) }

    /// Whether lines of this format may come, from sockets that are listened on or from elsewhere.
    public func takes(_ format: String) -> Bool {
        self.format == format || listeners.contains { $0.format == format }
    }
}
