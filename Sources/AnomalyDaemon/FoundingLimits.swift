package import AnomalyConfiguration

/// How many streams there may be, and how fast they may come: a client that invents names shall fill neither memory nor
/// disk.
package struct FoundingLimits: Sendable {
    /// Streams, those in the database included.
    package var streams: Int
    /// New ones from one connection.
    package var perClient: Int
    /// New ones from all connections together, in the long run and at once.
    package var perSecond: Int
    package var burst: Int

    package init(streams: Int, perClient: Int, perSecond: Int, burst: Int) {
        self.streams = streams
        self.perClient = perClient
        self.perSecond = perSecond
        self.burst = burst
    }

    package init(_ configuration: DaemonConfiguration) {
        self.init(
            streams: configuration.daemon.maxStreams, perClient: configuration.feed.maxStreamsPerClient,
            perSecond: configuration.feed.newStreamsPerSecond, burst: configuration.feed.newStreamsBurst)
    }

    /// None at all, as in tests of other things.
    package static let none = FoundingLimits(streams: .max, perClient: .max, perSecond: 1_000_000, burst: 10_000_000)
}
